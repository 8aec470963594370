"""`repoint`: `outlive.toml` leads to the new machine, so that from now on it is the one that is guarded."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path

from outlive.config.load import load
from outlive.errors import Failed, OutliveError
from outlive.recovery.steps.base import Done, Effect, Inputs, Look, Manners, NotYet, World

_TABLE = re.compile(r"^\s*\[")
_ADDRESS = re.compile(r"^\s*address\s*=")
_HOSTS = re.compile(r"^\s*\[\[\s*hosts\s*\]\]")


class Repoint(Manners):
    """Changes the one line `address` of the host's table and nothing else; the file as it was is kept beside it."""

    effect = Effect.CHANGES

    def plan(self, world: World, inputs: Inputs) -> str:
        return f"{world.settings.path.name}: the address of {world.host.name} becomes {world.target.address}"

    def look(self, world: World, inputs: Inputs) -> Look:
        now = load(world.settings.path).host(world.host.name)
        if now is None or now.address != world.target.address:
            return NotYet(f"it still says {now.address if now else 'nothing'}")
        return Done(f"{world.host.name} is at {now.address}", {"former_address": world.host.address})

    def do(self, world: World, inputs: Inputs, timeout_seconds: float) -> None:
        path = world.settings.path
        before, meant = load(path), world.target.address
        text = path.read_text(encoding="utf-8")
        changed = _changed(text, world.host.name, meant)
        kept = path.with_name(f"{path.name}.before-{inputs.run}")
        fresh = path.with_name(f"{path.name}.new-{inputs.run}")
        try:
            if not kept.exists():
                _write(kept, text, path)
            _write(fresh, changed, path)
            after = load(fresh)
            hosts = tuple(replace(one, address=meant) if one.name == world.host.name else one for one in before.hosts)
            if after.hosts != hosts or after.assets != before.assets:
                raise Failed("more than the address would change.")
            fresh.replace(path)
        except (OSError, OutliveError) as error:
            fresh.unlink(missing_ok=True)
            hint = f'Write address = "{meant}" for {world.host.name} yourself, then `outlive recover --resume`.'
            raise Failed(f"{path} cannot be changed: {error}", hint=hint) from error

    def undo(self, world: World, inputs: Inputs) -> None:
        path = world.settings.path
        if load(path).host(world.host.name) == replace(world.host, address=world.target.address):
            text = _changed(path.read_text(encoding="utf-8"), world.host.name, world.host.address)
            fresh = path.with_name(f"{path.name}.new-{inputs.run}")
            _write(fresh, text, path)
            fresh.replace(path)


def _changed(text: str, host: str, address: str) -> str:
    """With the `address` of that host's table set. Raises `Failed` when the table is not found."""
    lines = text.split("\n")
    name = re.compile(rf"""^\s*name\s*=\s*["']{re.escape(host)}["']\s*(#.*)?$""")
    for start in (number for number, line in enumerate(lines) if _HOSTS.match(line)):
        end = next((n for n in range(start + 1, len(lines)) if _TABLE.match(lines[n])), len(lines))
        found = [n for n in range(start, end) if _ADDRESS.match(lines[n])]
        if found and any(name.match(line) for line in lines[start:end]):
            lines[found[0]] = f'address = "{address}"'
            return "\n".join(lines)
    raise Failed(f"the [[hosts]] table of {host} has no line of its own for `address`.")


def _write(path: Path, text: str, like: Path) -> None:
    """Durable, with the mode of the file that it stands for."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    path.chmod(like.stat().st_mode & 0o777)

"""`repoint`: `outlive.toml` leads to the new machine, so that from now on it is the one that is guarded."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path

from outlive.config.load import load
from outlive.errors import Failed, OutliveError
from outlive.model.host import Host
from outlive.recovery.steps.base import Done, Effect, Inputs, Look, Manners, NotYet, World

_TABLE = re.compile(r"^\s*\[")
_ADDRESS = re.compile(r"^\s*address\s*=")
_SERVER_ID = re.compile(r"^\s*server_id\s*=")
_HOSTS = re.compile(r"^\s*\[\[\s*hosts\s*\]\]")


class Repoint(Manners):
    """Changes the lines `address` and, where the run made the machine, `server_id` of the host's table and nothing else; the
    file as it was is kept beside it."""

    effect = Effect.CHANGES
    rehearsed = False

    def plan(self, world: World, inputs: Inputs) -> str:
        return f"{world.settings.path.name}: the address of {world.host.name} becomes that of {world.told(inputs)}"

    def changes(self, world: World, inputs: Inputs) -> list[str]:
        before, after = world.host.address, world.told(inputs)
        found = [f"- address = {before}", f"+ address = {after}"] if before != after else ["as it is: the same address"]
        if world.new is None and world.host.server_id:
            found += [f"- server_id = {world.host.server_id}", f"+ server_id = that of {world.told(inputs)}"]
        return found

    def look(self, world: World, inputs: Inputs) -> Look:
        now = load(world.settings.path).host(world.host.name)
        if now is None or now != _meant(world, inputs, now):
            return NotYet(f"it still says {now.address if now else 'nothing'}")
        return Done(f"{world.host.name} is at {now.address}", {"former_address": world.host.address})

    def do(self, world: World, inputs: Inputs, timeout_seconds: float) -> None:
        path = world.settings.path
        before, text = load(path), path.read_text(encoding="utf-8")
        hosts = tuple(_meant(world, inputs, one) if one.name == world.host.name else one for one in before.hosts)
        changed = _changed(text, next(one for one in hosts if one.name == world.host.name))
        kept = path.with_name(f"{path.name}.before-{inputs.run}")
        fresh = path.with_name(f"{path.name}.new-{inputs.run}")
        try:
            if not kept.exists():
                _write(kept, text, path)
            _write(fresh, changed, path)
            after = load(fresh)
            if after.hosts != hosts or after.assets != before.assets:
                raise Failed("more than the machine would change.")
            fresh.replace(path)
        except (OSError, OutliveError) as error:
            fresh.unlink(missing_ok=True)
            meant = world.target.address
            hint = f'Write address = "{meant}" for {world.host.name} yourself, then `outlive recover --resume`.'
            raise Failed(f"{path} cannot be changed: {error}", hint=hint) from error

    def undo(self, world: World, inputs: Inputs) -> None:
        path = world.settings.path
        if load(path).host(world.host.name) == _meant(world, inputs, world.host):
            text = _changed(path.read_text(encoding="utf-8"), world.host)
            fresh = path.with_name(f"{path.name}.new-{inputs.run}")
            _write(fresh, text, path)
            fresh.replace(path)


def _meant(world: World, inputs: Inputs, host: Host) -> Host:
    """That host on the new machine. A `server_id` that is not written down is not made up."""
    made = inputs.fact("server_id") if inputs.fact("made_address") else None
    known = str(made) if made and host.server_id else host.server_id
    return replace(host, address=world.target.address, server_id=known)


def _changed(text: str, host: Host) -> str:
    """With the address and the server's id of that host in its table. Raises `Failed` when the table is not found."""
    lines = text.split("\n")
    name = re.compile(rf"""^\s*name\s*=\s*["']{re.escape(host.name)}["']\s*(#.*)?$""")
    for start in (number for number, line in enumerate(lines) if _HOSTS.match(line)):
        end = next((n for n in range(start + 1, len(lines)) if _TABLE.match(lines[n])), len(lines))
        found = [n for n in range(start, end) if _ADDRESS.match(lines[n])]
        if found and any(name.match(line) for line in lines[start:end]):
            lines[found[0]] = f'address = "{host.address}"'
            for number in (n for n in range(start, end) if host.server_id and _SERVER_ID.match(lines[n])):
                lines[number] = f'server_id = "{host.server_id}"'
            return "\n".join(lines)
    raise Failed(f"the [[hosts]] table of {host.name} has no line of its own for `address`.")


def _write(path: Path, text: str, like: Path) -> None:
    """Durable, with the mode of the file that it stands for."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    path.chmod(like.stat().st_mode & 0o777)

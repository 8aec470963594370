"""What an adopted configuration wants that a vault cannot hold: secrets, files of the lost keeper, programs. PURE."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any

from outlive.config.schema import Settings
from outlive.model.asset import Hook, SecretRef


@dataclass(frozen=True, slots=True)
class Need:
    """One thing. `kind` is "variable", "file" or "program"; `what` its name, absolute path, or command line; `wanted_by` the
    place in the configuration."""

    kind: str
    what: str
    wanted_by: str


def needs(settings: Settings) -> list[Need]:
    """Variables and files in no order that means anything; programs are those that the configuration would have run:
    whoever may write to the vault may have written them there, so a person should read them first."""
    found = [*_walk(settings, settings.base, "")]
    return sorted(set(found), key=lambda one: (one.kind, one.what, one.wanted_by))


def _walk(value: Any, base: Path, where: str) -> Iterator[Need]:
    if isinstance(value, SecretRef):
        yield from _secret(value, base, where)
    elif isinstance(value, Hook):
        for line in (value.before, value.after):
            if line:
                yield Need("program", f"{line} (on the host)", where)
    elif isinstance(value, tuple):
        for item in value:
            yield from _walk(item, base, f"{where}[{getattr(item, 'name', '')}]" if hasattr(item, "name") else where)
    elif is_dataclass(value):
        for field in fields(value):
            inner = getattr(value, field.name)
            name = f"{where}.{field.name}" if where else field.name
            if field.name in _FILES and inner is not None:
                yield Need("file", str(base / inner), name)
            else:
                yield from _walk(inner, base, name)


def _secret(ref: SecretRef, base: Path, where: str) -> Iterator[Need]:
    if ref.env is not None:
        yield Need("variable", ref.env, where)
    if ref.file is not None:
        yield Need("file", str(base / Path(ref.file).expanduser()), where)
    if ref.command:
        yield Need("program", " ".join(ref.command), where)


# Names of fields that hold a path here; what has a path on a host (`path`, `socket`) has another name.
_FILES = frozenset(["drill_identity", "ssh_config", "identity_file", "tofu_state", "ca_file"])

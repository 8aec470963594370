"""The settings as the page shows them: read only, and of secrets only where they are. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from outlive.config.schema import Settings
from outlive.model.asset import SecretRef

Section = tuple[str, list[tuple[str, str]]]
_OWN = ("path", "base")


def settings_words(settings: Settings) -> list[Section]:
    """A section a table of `outlive.toml`, in its order; what is empty is left out."""
    found: list[Section] = [("outlive.toml", [("path", str(settings.path))])]
    for each in fields(settings):
        value = getattr(settings, each.name)
        if each.name in _OWN or value is None:
            continue
        if isinstance(value, tuple):
            found += [
                (f"{each.name}: {getattr(one, 'name', number)}", list(_words(one))) for number, one in enumerate(value)
            ]
        else:
            found.append((each.name, list(_words(value))))
    return [(title, lines) for title, lines in found if lines]


def _words(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, SecretRef):
        yield name, _where(value)
    elif is_dataclass(value):
        for each in fields(value):
            yield from _words(getattr(value, each.name), f"{name}.{each.name}" if name else each.name)
    elif isinstance(value, tuple | list) and any(is_dataclass(one) for one in value):
        for number, one in enumerate(value, 1):
            yield from _words(one, f"{name} {number}")
    elif value is not None and value != () and value != {}:
        yield name, ", ".join(map(str, value)) if isinstance(value, tuple | list) else str(value)


def _where(secret: SecretRef) -> str:
    if secret.env is not None:
        return f"in the environment: {secret.env}"
    return f"in a file: {secret.file}" if secret.file is not None else "told by a command"

"""Runbooks as people write them: TOML, one `[[steps]]` table a step. Pure; docs/how-to/write-a-runbook.md tells it."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from outlive.errors import ConfigError
from outlive.model.asset import Asset

_OWN = {
    "name": str,
    "kind": str,
    "each": str,
    "timeout_seconds": (int, float),
    "attempts": int,
    "pause_seconds": (int, float),
    "approval": bool,
    "rehearse": bool,
}
ASSET_KINDS = ("postgres", "postgres_dump", "docker_volume", "path", "config", "images", "temporal")
_EACH = "{asset}"
ORDERS = "create-machine"


class RunbookWrong(ConfigError):
    """The runbook cannot be used."""

    hint = "Compare it with docs/how-to/write-a-runbook.md; nothing was begun."


@dataclass(frozen=True, slots=True)
class Entry:
    """One `[[steps]]` table. None where the kind of step decides. `each`: it stands for one step for each asset of that
    kind; `asset` is which, once it is one of them. `rehearse`: also done in a rehearsal."""

    name: str
    kind: str
    args: dict[str, Any] = field(default_factory=dict)
    each: str = ""
    timeout_seconds: float | None = None
    attempts: int | None = None
    pause_seconds: float | None = None
    approval: bool | None = None
    rehearse: bool = True


@dataclass(frozen=True, slots=True)
class Recipe:
    """A runbook as it is written. `to`: it brings a host to another machine, so that one must be named. `asset`: it is for
    one asset that a person names."""

    name: str
    title: str
    to: bool
    asset: bool
    entries: tuple[Entry, ...]

    @property
    def brings_back(self) -> bool:
        """Whether it is about data at all; one that only orders a machine, or leads a name elsewhere, is not."""
        return self.to or self.asset or any(entry.each for entry in self.entries)


def read(text: str, kinds: Collection[str]) -> Recipe:
    """`kinds` are the kinds of step that there are. Raises `RunbookWrong`, which names the line or the step."""
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RunbookWrong(f"it is no TOML: {error}.") from error
    known = {"name": str, "title": str, "to": bool, "asset": bool, "steps": list}
    _check("the runbook", found, known, needed=("name", "title", "steps"))
    entries = tuple(_entry(number, one, kinds) for number, one in enumerate(found["steps"], 1))
    names = [one.name for one in entries]
    if twice := {name for name in names if names.count(name) > 1}:
        raise RunbookWrong(f"two steps are called {min(twice)!r}.")
    recipe = Recipe(found["name"], found["title"], found.get("to", False), found.get("asset", False), entries)
    if recipe.brings_back and any(one.kind == ORDERS for one in entries):
        # The later steps do not know the machine that was ordered: they would work on the host itself.
        raise RunbookWrong(f"a step {ORDERS} stands in a runbook of its own, without `to`, `asset` and `each`.")
    return recipe


def expanded(recipe: Recipe, assets: Sequence[Asset], *, rehearsal: bool = False) -> tuple[Entry, ...]:
    """The steps that are done for these assets, in order: one for each asset where the runbook says `each`."""
    found: list[Entry] = []
    for entry in recipe.entries:
        if rehearsal and not entry.rehearse:
            continue
        if not entry.each:
            found.append(entry)
            continue
        for asset in assets:
            if asset.kind == entry.each:
                name = entry.name.replace(_EACH, asset.name)
                found.append(replace(entry, name=name, args={**entry.args, "asset": asset.name}))
    return tuple(found)


def left_out(recipe: Recipe, assets: Sequence[Asset]) -> list[Asset]:
    """The assets that no step of the runbook brings back: then it must not be begun for them."""
    covered = {entry.each for entry in recipe.entries}
    return [asset for asset in assets if asset.kind not in covered]


def _entry(number: int, found: Any, kinds: Collection[str]) -> Entry:
    where = f"step {number}"
    if not isinstance(found, dict):
        raise RunbookWrong(f"{where} is no table.")
    own = {key: value for key, value in found.items() if key in _OWN}
    _check(where, own, _OWN, needed=("name", "kind"))
    where = f"step {number} ({own['name']!r})"
    if own["kind"] not in kinds:
        raise RunbookWrong(f"{where}: there is no kind of step {own['kind']!r}. There are: {', '.join(sorted(kinds))}.")
    each = own.get("each", "")
    if each and each not in ASSET_KINDS:
        raise RunbookWrong(f"{where}: each = {each!r} is no kind of asset. There are: {', '.join(ASSET_KINDS)}.")
    if bool(each) != (_EACH in own["name"]):
        raise RunbookWrong(f"{where}: a step with `each`, and no other, has {_EACH} in its name.")
    for key in ("timeout_seconds", "attempts"):
        if own.get(key, 1) <= 0:
            raise RunbookWrong(f"{where}: {key} must be more than 0.")
    return Entry(**own, args={key: value for key, value in found.items() if key not in _OWN})


def _check(where: str, found: dict[str, Any], known: dict[str, Any], needed: Sequence[str]) -> None:
    for key in needed:
        if key not in found:
            raise RunbookWrong(f"{where} has no {key!r}.")
    for key, value in found.items():
        if key not in known:
            raise RunbookWrong(f"{where}: nobody knows {key!r}.")
        is_wrong_bool = isinstance(value, bool) and known[key] is not bool
        if not isinstance(value, known[key]) or is_wrong_bool or value == "":
            raise RunbookWrong(f"{where}: {key} = {value!r} is of the wrong kind, or empty.")

"""Runbooks as people write them: TOML, one `[[steps]]` table a step. Pure; docs/how-to/write-a-runbook.md tells it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

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
ORDERS = ("create-machine", "tofu-machine", "tofu-replace")  # the kinds of step that make the machine to recover to
_ORDERS = ", ".join(ORDERS)
FILL_IN = "?"  # stands in a shipped runbook for what only its user knows


class RunbookWrong(ConfigError):
    """The runbook cannot be used."""

    hint = "Compare it with docs/how-to/write-a-runbook.md; nothing was begun."


class Kind(Protocol):
    """What a runbook must know of a kind of step: whether it works on the machine that is recovered to, whether it puts
    data there, and whether a rehearsal does it unless it says otherwise."""

    works_there: bool
    restores: bool
    rehearsed: bool


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
    one asset that a person names. `restores`: it puts data on a machine."""

    name: str
    title: str
    to: bool
    asset: bool
    entries: tuple[Entry, ...]
    restores: bool = False

    @property
    def order(self) -> Entry | None:
        """The step that orders the machine to recover to."""
        return next((entry for entry in self.entries if entry.kind in ORDERS), None)

    @property
    def brings_back(self) -> bool:
        """Whether it is about data at all; one that only orders a machine, or leads a name elsewhere, is not."""
        return self.to or self.asset or any(entry.each for entry in self.entries)


def read(text: str, kinds: Mapping[str, Kind]) -> Recipe:
    """`kinds` are the kinds of step that there are, by name. Raises `RunbookWrong`, which names the line or the step."""
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
    restores = any(kinds[one.kind].restores for one in entries)
    recipe = Recipe(found["name"], found["title"], found.get("to", False), found.get("asset", False), entries, restores)
    _insist_on_a_machine(recipe, kinds)
    return recipe


def _insist_on_a_machine(recipe: Recipe, kinds: Mapping[str, Kind]) -> None:
    """A step that puts data somewhere must have a machine to put it on, and that is the host itself only where a person
    names one asset of it. So steps never fall back to the lost host when the machine that was ordered is not there."""
    orders = [one for one in recipe.entries if one.kind in ORDERS]
    if len(orders) > 1:
        raise RunbookWrong(f"{len(orders)} steps order a machine ({_ORDERS}); a run recovers to one.")
    if orders and (recipe.to or recipe.asset):
        raise RunbookWrong(f"a step {orders[0].kind} makes the machine: leave `to` and `asset` out.")
    if recipe.restores and not (orders or recipe.to or recipe.asset):
        raise RunbookWrong(
            "it restores, and names no machine to restore to but the host itself: it wants `to = true`, "
            f"`asset = true`, or a step that orders one ({_ORDERS})."
        )
    before = recipe.entries[: recipe.entries.index(orders[0])] if orders else ()
    for one in before:
        if kinds[one.kind].works_there and one.args.get("on") != "old":
            raise RunbookWrong(f"the step {one.name!r} works on the machine that {orders[0].name!r} orders after it.")


def expanded(
    recipe: Recipe, assets: Sequence[Asset], *, rehearsal: bool = False, ordering: bool = True
) -> tuple[Entry, ...]:
    """The steps that are done for these assets, in order: one for each asset where the runbook says `each`. Without
    `ordering` the machine is there already. A rehearsal does nothing on the old machine, which serves."""
    found: list[Entry] = []
    for entry in recipe.entries:
        unseen = entry.rehearse and entry.args.get("on") != "old"
        if (rehearsal and not unseen) or (entry.kind in ORDERS and not ordering):
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


def _entry(number: int, found: Any, kinds: Mapping[str, Kind]) -> Entry:
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
    args = {key: value for key, value in found.items() if key not in _OWN}
    if open_ := [key for key, value in args.items() if value in (FILL_IN, [FILL_IN])]:
        raise RunbookWrong(f"{where}: {open_[0]} is still {FILL_IN!r}: nobody but you knows it.")
    return Entry(**{"rehearse": kinds[own["kind"]].rehearsed} | own, args=args)


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

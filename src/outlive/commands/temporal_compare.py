"""How an export of Temporal's and a server differ. What a schedule holds of people's own data (inputs, memos, search
attributes) is compared, and never shown. PURE."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from outlive.commands.temporal import Export, Namespace, Schedule

SHOWN = 120  # letters of a value
WAITS = "waits, paused by a restore; it ran when it was exported"
EXTRA = "is not in the export"
_COMPARED = ("schedule", "memo", "searchAttributes")
_SERVERS_OWN = ("badBinaries", "customSearchAttributeAliases")  # which column an attribute got, not what it is
_PEOPLES = ("payloads", "fields", "indexedFields")


@dataclass(frozen=True, slots=True)
class Difference:
    """`schedule` is empty where it is the namespace that differs; `what` says how, in words that hold nobody's data.
    `is_held`: it is as we have left it, and waits for a person."""

    namespace: str
    schedule: str
    what: str
    is_held: bool = False

    def __str__(self) -> str:
        return f"{'/'.join(filter(None, (self.namespace, self.schedule)))}: {self.what}"


@dataclass(frozen=True, slots=True)
class Comparison:
    """An export against a server. `namespaces` are missing, `namespaces_differing` there with another retention,
    description, owner or data. Of schedules, `missing` are not there; `held` are there, paused by a restore of ours;
    `differing` are there and otherwise; `others` are there and not in the export. Each with its namespace."""

    namespaces: tuple[Namespace, ...]
    attributes: Mapping[str, Mapping[str, str]]
    missing: tuple[tuple[str, Schedule], ...]
    held: tuple[tuple[str, Schedule], ...]
    differing: tuple[tuple[str, Schedule], ...]
    others: tuple[tuple[str, str], ...]
    differences: tuple[Difference, ...]
    same: int
    namespaces_differing: tuple[Namespace, ...] = ()


def compare(wanted: Export, found: Export) -> Comparison:
    """What was exported against what is there."""
    there = {one.name: one for one in found.namespaces}
    attributes: dict[str, dict[str, str]] = {}
    missing, held, differing, told, changed = [], [], [], [], []
    same = 0
    for namespace in wanted.namespaces:
        other = there.get(namespace.name) or Namespace(namespace.name, {}, {}, ())
        if namespace.name not in there:
            count = len(namespace.schedules)
            told.append(Difference(namespace.name, "", f"the namespace is missing, and with it {count} schedules"))
        else:
            told += [Difference(namespace.name, "", one) for one in _differ(_facts(namespace), _facts(other))]
            changed += [namespace] if any(_differ(_changeable(namespace), _changeable(other))) else []
        lacking = {
            name: type_ for name, type_ in namespace.search_attributes.items() if name not in other.search_attributes
        }
        attributes |= {namespace.name: lacking} if lacking else {}
        known = {one.id: one for one in other.schedules}
        for schedule in namespace.schedules:
            now = known.get(schedule.id)
            if now is None:
                missing.append((namespace.name, schedule))
                told.append(Difference(namespace.name, schedule.id, "is missing"))
                continue
            said = list(_differ(_part(schedule), _part(now)))
            if waits := now.is_held and not schedule.is_paused:
                said = [one for one in said if not one.startswith(("state.paused ", "state.notes "))]
                told.append(Difference(namespace.name, schedule.id, WAITS, is_held=True))
            told += [Difference(namespace.name, schedule.id, one) for one in said]
            if said:
                differing.append((namespace.name, schedule))
            elif waits:
                held.append((namespace.name, schedule))
            else:
                same += 1
    extra = tuple(_others(wanted, found))
    told += [Difference(name, id, EXTRA) for name, id in extra]
    absent = tuple(one for one in wanted.namespaces if one.name not in there)
    schedules = (tuple(missing), tuple(held), tuple(differing), extra)
    return Comparison(absent, attributes, *schedules, tuple(told), same, tuple(changed))


def alike(one: Schedule, other: Schedule) -> bool:
    """They say the same, whether they are paused or not, and whatever their notes."""
    sides = (_part(one), _part(other))
    for side in sides:
        side["state"] = {
            key: value for key, value in (side.get("state") or {}).items() if key not in ("paused", "notes")
        }
    return not any(_differ(*sides))


def born_after(wanted: Comparison, moment: datetime) -> tuple[tuple[str, Schedule], ...]:
    """Of what is missing the schedules that were made after the moment: a database of then never knew them, so that nobody
    can have deleted them from it."""
    return tuple((name, one) for name, one in wanted.missing if one.created_at is not None and one.created_at > moment)


def _others(wanted: Export, found: Export) -> Iterator[tuple[str, str]]:
    known = {one.name: {each.id for each in one.schedules} for one in wanted.namespaces}
    for namespace in found.namespaces:
        if namespace.name not in known:
            yield namespace.name, ""
        for schedule in namespace.schedules:
            if schedule.id not in known.get(namespace.name, ()):
                yield namespace.name, schedule.id


def _facts(namespace: Namespace) -> dict[str, Any]:
    """What people decide of a namespace."""
    info, config = namespace.described.get("namespaceInfo") or {}, namespace.described.get("config") or {}
    return {
        **{name: info[name] for name in ("description", "ownerEmail", "data") if name in info},
        **{name: value for name, value in config.items() if name not in _SERVERS_OWN},
        "search attribute": dict(namespace.search_attributes),
    }


def _changeable(namespace: Namespace) -> dict[str, Any]:
    """What the API changes of one that is there."""
    wanted = ("description", "ownerEmail", "data", "workflowExecutionRetentionTtl")
    return {name: value for name, value in _facts(namespace).items() if name in wanted}


def _part(schedule: Schedule) -> dict[str, Any]:
    found = {name: schedule.described.get(name) or {} for name in _COMPARED}
    return {**found.pop("schedule"), **found}


def _differ(wanted: Any, found: Any, path: str = "") -> Iterator[str]:
    """Every place at which they differ, a line each; of what one side lacks altogether, one line for all of it."""
    if isinstance(wanted, Mapping) and isinstance(found, Mapping):
        for key in sorted({*wanted, *found}):
            yield from _differ(wanted.get(key), found.get(key), f"{path}.{key}" if path else key)
    elif isinstance(wanted, list) and isinstance(found, list):
        for index in range(max(len(wanted), len(found))):
            before, now = ([*side[index : index + 1], None][0] for side in (wanted, found))
            yield from _differ(before, now, f"{path}.{index}")
    elif wanted != found:
        now, before = _word(found, path), _word(wanted, path)
        yield f"{path} is another" if now == before else f"{path} is {now}, and was {before}"


def _word(value: Any, path: str) -> str:
    if value is None:
        return "not set"
    text = json.dumps(value, ensure_ascii=False)
    if any(word in path.split(".") or f'"{word}"' in text for word in _PEOPLES):
        return "set"
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."

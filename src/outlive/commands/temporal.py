"""A Temporal server's namespaces and schedules as they are exported, and how two such exports differ.

`temporal.json` is Temporal's own API in proto3 JSON (`temporal.api.workflowservice.v1`), nothing of ours but the frame:

    {"format": "outlive-temporal/1", "server_version": "1.32.0", "cluster_id": "...",
     "namespaces": [{"name": "shop",
                     "described": {...},                              DescribeNamespaceResponse
                     "search_attributes": {"Customer": "INDEXED_VALUE_TYPE_KEYWORD"},
                     "schedules": [{"id": "nightly", "described": {...}}]}]}   DescribeScheduleResponse

What a schedule holds of people's own data (inputs, memos, search attributes) is compared, and never shown.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

FORMAT = "outlive-temporal/1"
SYSTEM = "temporal-system"  # the server's own namespace
SHOWN = 120  # letters of a value
HELD = "outlive restored it paused; it ran before. "  # begins the notes of a schedule that waits for a person
WAITS = "waits, paused by a restore; it ran when it was exported"
_COMPARED = ("schedule", "memo", "searchAttributes")
_SERVERS_OWN = ("badBinaries", "customSearchAttributeAliases")  # which column an attribute got, not what it is
_PEOPLES = ("payloads", "fields", "indexedFields")


@dataclass(frozen=True, slots=True)
class Schedule:
    """`described` is what the server says of it, as JSON."""

    id: str
    described: Mapping[str, Any]

    @property
    def is_paused(self) -> bool:
        return bool(self._state.get("paused"))

    @property
    def is_held(self) -> bool:
        """It waits since a restore of ours, and nobody has touched it."""
        return self.is_paused and str(self._state.get("notes", "")).startswith(HELD)

    @property
    def _state(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = (self.described.get("schedule") or {}).get("state") or {}
        return found


@dataclass(frozen=True, slots=True)
class Namespace:
    """With all its schedules; `search_attributes` are those that people have added, with their types."""

    name: str
    described: Mapping[str, Any]
    search_attributes: Mapping[str, str]
    schedules: tuple[Schedule, ...]


@dataclass(frozen=True, slots=True)
class Export:
    """What a server said. `cluster_id` is made with its database and stays as long as that does."""

    server_version: str
    cluster_id: str
    namespaces: tuple[Namespace, ...]

    @property
    def count(self) -> int:
        """Of schedules."""
        return sum(len(one.schedules) for one in self.namespaces)


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
    """An export against a server. Of schedules, `missing` are not there; `held` are there, paused by a restore of ours;
    `differing` are there and otherwise; `others` are there and not in the export. Each with its namespace."""

    namespaces: tuple[Namespace, ...]
    attributes: Mapping[str, Mapping[str, str]]
    missing: tuple[tuple[str, Schedule], ...]
    held: tuple[tuple[str, Schedule], ...]
    differing: tuple[tuple[str, Schedule], ...]
    others: tuple[tuple[str, str], ...]
    differences: tuple[Difference, ...]
    same: int


def dump(export: Export) -> bytes:
    return json.dumps({"format": FORMAT, **asdict(export)}, indent=1, ensure_ascii=False).encode() + b"\n"


def read(data: bytes) -> Export:
    """Raises ValueError, which says what is wrong."""
    found = json.loads(data)
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise ValueError(f"it is no {FORMAT}")
    try:
        namespaces = tuple(
            Namespace(
                str(one["name"]),
                dict(one["described"]),
                dict(one["search_attributes"]),
                tuple(Schedule(str(each["id"]), dict(each["described"])) for each in one["schedules"]),
            )
            for one in found["namespaces"]
        )
        return Export(str(found["server_version"]), str(found["cluster_id"]), namespaces)
    except (KeyError, TypeError) as error:
        raise ValueError(f"it lacks what an export has: {error}") from error


def compare(wanted: Export, found: Export) -> Comparison:
    """What was exported against what is there."""
    there = {one.name: one for one in found.namespaces}
    attributes: dict[str, dict[str, str]] = {}
    missing, held, differing, told = [], [], [], []
    same = 0
    for namespace in wanted.namespaces:
        other = there.get(namespace.name) or Namespace(namespace.name, {}, {}, ())
        if namespace.name not in there:
            count = len(namespace.schedules)
            told.append(Difference(namespace.name, "", f"the namespace is missing, and with it {count} schedules"))
        else:
            told += [Difference(namespace.name, "", one) for one in _differ(_facts(namespace), _facts(other))]
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
    told += [Difference(name, id, "is not in the export") for name, id in extra]
    absent = tuple(one for one in wanted.namespaces if one.name not in there)
    return Comparison(absent, attributes, tuple(missing), tuple(held), tuple(differing), extra, tuple(told), same)


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

"""A Temporal server's namespaces and schedules as they are exported.

`temporal.json` is Temporal's own API in proto3 JSON (`temporal.api.workflowservice.v1`), nothing of ours but the frame:

    {"format": "outlive-temporal/1", "server_version": "1.32.0", "cluster_id": "...",
     "namespaces": [{"name": "shop",
                     "described": {...},                              DescribeNamespaceResponse
                     "search_attributes": {"Customer": "INDEXED_VALUE_TYPE_KEYWORD"},
                     "schedules": [{"id": "nightly", "described": {...}}]}]}   DescribeScheduleResponse
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

FORMAT = "outlive-temporal/1"
SYSTEM = "temporal-system"  # the server's own namespace
HELD = "outlive restored it paused; it ran before. "  # begins the notes of a schedule that waits for a person


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
    def created_at(self) -> datetime | None:
        """When the server made it; None where it does not say."""
        return _moment((self.described.get("info") or {}).get("createTime"))

    def begun_since(self, moment: datetime) -> frozenset[tuple[str, str]]:
        """Workflow and run ids of what it has begun since then, of the last ten or so that the server remembers."""
        told = ((self.described.get("info") or {}).get("recentActions")) or ()
        results = [
            one.get("startWorkflowResult") or {} for one in told if (_moment(one.get("actualTime")) or moment) > moment
        ]
        return frozenset((str(one["workflowId"]), str(one["runId"])) for one in results if one.get("runId"))

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


def _moment(text: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (TypeError, ValueError):
        return None

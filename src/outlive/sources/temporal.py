"""The namespaces and schedules of a Temporal server, through its API. One stream, `temporal.json` (commands/temporal.py
tells its form); the inventory has the names and how many schedules each namespace has."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from outlive.clock import Clock
from outlive.commands.temporal import Export, dump
from outlive.sources.base import Capture, Lineage, Outcome, RawStream
from outlive.transport.temporal import Way
from outlive.transport.temporal_door import Door

TEMPORAL = "temporal.json"


class TemporalSource:
    """Copies what people have set up in Temporal, not what runs there: that is in its database."""

    def __init__(self, way: Way, clock: Clock) -> None:
        self._way = way
        self._clock = clock

    def identify(self) -> Lineage:
        with self._way.open() as door:
            return _lineage(*door.cluster())

    @contextmanager
    def capture(self) -> Iterator[Capture]:
        with self._way.open() as door:
            yield TemporalCapture(door, self._clock)


class TemporalCapture:
    """One export being taken."""

    def __init__(self, door: Door, clock: Clock) -> None:
        self._door = door
        self._clock = clock
        self._began: datetime | None = None
        self._export: Export | None = None
        self.lineage = _lineage(*door.cluster())

    def streams(self) -> Iterator[RawStream]:
        self._began = self._clock.now()
        self._export = self._door.export()
        yield RawStream(TEMPORAL, [dump(self._export)])

    def finish(self) -> Outcome:
        assert self._began and self._export, "streams are read before finish"
        export = self._export
        facts = {"temporal_version": export.server_version}
        counts = {"namespaces": len(export.namespaces), "schedules": export.count}
        return Outcome(self._began, {**facts, **counts}, {**facts, **_inventory(export)}, tuple(self._warnings()))

    def _warnings(self) -> Iterator[str]:
        if unread := len(set(self._door.read.unread)):
            yield (
                f"{unread} namespaces or schedules have fields that this temporalio does not know and that are not in the "
                "copy: the server is newer. Upgrade temporalio here."
            )
        if vanished := len(self._door.read.vanished):
            yield f"{vanished} schedules were listed and could not be described: deleted meanwhile, or the list lags."
        if untold := len(self._door.read.untold):
            yield f"The search attributes of {untold} namespaces are not in the copy: the server does not tell this key."
        if self._export and not self._export.count:
            yield "It has no schedule."


def _lineage(version: str, cluster_id: str) -> Lineage:
    """The id that the server makes with its database: a new database is another Temporal."""
    return Lineage(f"temporal-{cluster_id[:16]}", {"cluster_id": cluster_id})


def _inventory(export: Export) -> dict[str, Any]:
    return {
        "namespaces": [
            {
                "name": one.name,
                "search_attributes": sorted(one.search_attributes),
                "schedules": [each.id for each in one.schedules],
                "paused": sum(each.is_paused for each in one.schedules),
            }
            for one in export.namespaces
        ]
    }

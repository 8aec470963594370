"""How full a machine is: memory, swap, disks, inodes, open files; and how often its kernel had to kill for memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from outlive.clock import Clock
from outlive.commands import capacity
from outlive.commands.capacity import Capacity, Filesystem
from outlive.logs.tally import rounded
from outlive.model.observation import Channel, Observation
from outlive.transport.inside import UNANSWERED, Inside, why_unanswered
from outlive.witnesses.base import Pad

FACT = "host.memory"
_STEP_BYTES = 16 << 20


class CapacityWitness:
    """Of one place. Sizes are told in steps, so that a machine that idles stays one row of memory."""

    def __init__(self, subject: str, inside: Inside, clock: Clock, timeout_seconds: float = 10.0) -> None:
        self._pad = Pad("capacity", Channel.INSIDE, subject, clock)
        self._inside = inside
        self._timeout = timeout_seconds

    @property
    def what(self) -> str:
        return f"what is left at {self._pad.subject}"

    def blind(self, why: str) -> list[Observation]:
        return [self._pad.no_data(FACT, "timeout", why)]

    async def look(self) -> list[Observation]:
        try:
            done = await self._inside.run(capacity.look(), self._timeout)
            return list(self._told(capacity.read_look(done.text)))
        except UNANSWERED as error:
            return [self._pad.no_data(FACT, *why_unanswered(error))]

    def _told(self, found: Capacity) -> Iterator[Observation]:
        if found.memory_bytes and found.available_bytes is not None:
            yield self._pad.note(FACT, _memory(found))
        for one in found.filesystems:
            yield self._pad.note("host.disk", _disk(one))
        if found.oom_kills is not None:
            yield self._pad.note("host.oom_kills", found.oom_kills)
        if found.open_files is not None and found.most_files:
            yield self._pad.note("host.open_files", {"open": rounded(found.open_files), "most": found.most_files})


def _memory(found: Capacity) -> dict[str, Any]:
    told = {
        "total_bytes": found.memory_bytes,
        "available_bytes": _stepped(found.available_bytes or 0),
        "swap_bytes": found.swap_bytes,
        "free_swap_bytes": None if found.free_swap_bytes is None else _stepped(found.free_swap_bytes),
        "pressure_percent": None if found.memory_pressure is None else round(found.memory_pressure),
    }
    return {name: value for name, value in told.items() if value is not None}


def _disk(one: Filesystem) -> dict[str, Any]:
    told: dict[str, Any] = {"mount": one.mount, "total_bytes": one.total_bytes, "free_bytes": _stepped(one.free_bytes)}
    if one.inodes and one.free_inodes is not None:
        told["free_inodes_percent"] = round(100 * one.free_inodes / one.inodes)
    return told


def _stepped(size_bytes: int) -> int:
    return size_bytes // _STEP_BYTES * _STEP_BYTES if size_bytes >= 4 * _STEP_BYTES else size_bytes // 4096 * 4096

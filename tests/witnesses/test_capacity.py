"""The witness of what is left, on this very machine, held against what Python says of it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence

import pytest

from outlive.clock import SystemClock
from outlive.transport.base import Completed
from outlive.transport.inside import InsideHere
from outlive.transport.net import NoAnswer
from outlive.witnesses.capacity import CapacityWitness

CLOCK = SystemClock()


def test_it_is_what_the_system_says() -> None:
    seen = asyncio.run(CapacityWitness("here", InsideHere(), CLOCK).look())
    (memory,) = [one.value for one in seen if one.fact == "host.memory"]
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert memory["total_bytes"] == pytest.approx(pages, rel=0.01)
    assert 0 < memory["available_bytes"] <= memory["total_bytes"]
    for one in (found.value for found in seen if found.fact == "host.disk"):
        there = os.statvfs(one["mount"])
        assert one["total_bytes"] == pytest.approx(there.f_blocks * there.f_frsize, rel=0.01)
        assert one["free_bytes"] == pytest.approx(there.f_bavail * there.f_frsize, rel=0.2, abs=1 << 28)


class Away:
    async def run(self, argv: Sequence[str], timeout_seconds: float) -> Completed:
        raise NoAnswer("refused", "nobody there")


def test_silence_is_no_data() -> None:
    (one,) = asyncio.run(CapacityWitness("web-1", Away(), CLOCK).look())
    assert (one.fact, one.error) == ("host.memory", "refused")

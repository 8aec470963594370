"""The machine that a bench runs on."""

from __future__ import annotations

import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path


def use_two_processors() -> None:
    """Children inherit it: servers and all contenders share the same two."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2])


def machine() -> str:
    """For the head of a table: when, on what, and how busy that was with other things."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    load = " ".join(f"{one:.1f}" for one in os.getloadavg())
    return (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC; 2 of {os.cpu_count()} processors ({model}), {memory >> 30} GiB, "
        f"Linux {platform.release()}; load averages at the end: {load}"
    )


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)

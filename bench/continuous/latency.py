"""From a commit's acknowledgement to the moment at which it is safe from production's death, under load."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.continuous.commits import Commit, delays, percentile
from bench.continuous.guards import Guard
from bench.continuous.load import Load, Writer, position, rows
from bench.continuous.watch import Watch, cpu_seconds
from outlive.lab.ground.process import wait_until
from tests.world.postgres import PostgresServer

SETTLE_SECONDS = 3.0
HELD_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Delay:
    """One guard under one load. `cpu_share` of one core, and `rss_bytes`, of its own processes; None when it has none."""

    guard: str
    p50_seconds: float
    p99_seconds: float
    cpu_share: float | None
    rss_bytes: int | None


@dataclass(frozen=True, slots=True)
class Measured:
    """`rate` asked for; what was reached, and how much log came of it."""

    rate: int
    reached: float
    log_bytes_a_second: float
    delays: tuple[Delay, ...]


def measure_delays(server: PostgresServer, guards: Sequence[Guard], rate: int, seconds: float, log: Path) -> Measured:
    """All guards follow the same commits at the same time. Commits count from when the load has settled; each is waited
    for, however long it takes."""
    with Watch(guards) as watch:
        with Load(server, rate, log), Writer(server) as writer:
            time.sleep(SETTLE_SECONDS)
            began, first, begin, before = time.time(), _committed(server), position(server), cpu_seconds(guards)
            time.sleep(seconds)
            after, end, last, took = cpu_seconds(guards), position(server), _committed(server), time.time() - began
        commits = [one for one in writer.commits if one.at >= began and one.position]
        wait_until(lambda: watch.all_hold(commits[-1].position), "all guards", HELD_SECONDS, every=0.1)
    found = tuple(_delay(guard, commits, watch, (after[guard.name] - before[guard.name]) / took) for guard in guards)
    return Measured(rate, (last - first) / took, (end - begin) / took, found)


def _delay(guard: Guard, commits: Sequence[Commit], watch: Watch, cpu_share: float) -> Delay:
    waits = delays(commits, watch.held[guard.name])
    own = bool(guard.pids())
    return Delay(
        guard.name,
        percentile(waits, 0.5),
        percentile(waits, 0.99),
        cpu_share if own else None,
        watch.peak[guard.name] if own else None,
    )


def _committed(server: PostgresServer) -> int:
    """How many transactions pgbench has committed."""
    return rows(server)[1]

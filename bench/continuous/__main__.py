"""`make bench-continuous`, or `python -m bench.continuous [--small] [--seconds N] [--json]`.

Outlive's keeper (with the default `ship_every`, and with half a second), Barman's receive-wal and pgBackRest's
archive_command follow the same server at the same time, so that all see the same commits, the same deaths, and the same
other work on this machine. bench/README.md says how to read it.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from bench.continuous import tables
from bench.continuous.death import Deaths, Outcome
from bench.continuous.guards import Archive, Barman, Guard
from bench.continuous.keep import Keep
from bench.continuous.latency import Measured, measure_delays
from bench.continuous.load import prepare
from bench.continuous.recovery import Comeback, come_back, wait_for_log, write_log
from bench.database import QUESTION, Database, fill, new_server
from bench.here import machine, say, use_two_processors
from tests.world import ledger, packages
from tests.world.need import Missing
from tests.world.postgres import PostgresServer

PROGRAMS = {"pgbackrest": "pgbackrest", "barman": "barman"}
Maker = Callable[[Path, PostgresServer], Guard]


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured. `rates` are transactions a second, each for `seconds`; of `deaths` each comes after a random
    time within `life_seconds`; the last part has so large a database and so much log, and so many rounds."""

    keepers: tuple[float, ...]
    scale: int
    rates: tuple[int, ...]
    seconds: float
    deaths: int
    death_rate: int
    life_seconds: tuple[float, float]
    megabytes: int
    log_megabytes: int
    rounds: int
    archive_timeout_seconds: int


FULL = Plan(
    keepers=(2.0, 0.5),
    scale=20,
    rates=(200, 500, 2000),
    seconds=300,
    deaths=10,
    death_rate=500,
    life_seconds=(5, 20),
    megabytes=2000,
    log_megabytes=1000,
    rounds=3,
    archive_timeout_seconds=60,
)
SMALL = Plan(
    keepers=(0.5,),
    scale=1,
    rates=(100,),
    seconds=3,
    deaths=1,
    death_rate=100,
    life_seconds=(1, 2),
    megabytes=20,
    log_megabytes=20,
    rounds=1,
    archive_timeout_seconds=2,
)


def hold(plan: Plan) -> tuple[dict[str, object], bool]:
    """Everything, one after the other; prints each table to stderr when it is there. Returns the numbers, and whether
    nobody lost more than had been shown."""
    use_two_processors()
    say(packages.install(PROGRAMS))
    with _place() as folder:
        measured, died = _followed(plan, folder / "followed")
    with _place() as folder:
        back = _recovered(plan, folder / "recovered")
    say(f"\n{machine()}\n")
    broken = [one for outcomes in died for one in outcomes if not one.promise_kept]
    for one in broken:
        say(f"BROKEN: {one.guard} lost {one.seconds:.2f} s and had shown {one.shown_seconds:.2f} s")
    return {"machine": machine(), **tables.document(measured, died, back)}, not broken


def _followed(plan: Plan, folder: Path) -> tuple[list[Measured], list[list[Outcome]]]:
    """Commits and deaths, on one small production."""
    folder.mkdir()
    with new_server() as server, ExitStack() as stack:
        prepare(server, plan.scale)
        guards = _started(_makers(plan), folder, server, stack)
        measured = []
        for rate in plan.rates:
            say(f"{rate} transactions a second for {plan.seconds:g} s")
            measured.append(measure_delays(server, guards, rate, plan.seconds, folder / "pgbench.log"))
        say(f"\n{tables.delays(measured)}\n")
        deaths = Deaths(server, guards, plan.death_rate, folder)
        chance = random.Random(20260207)
        died = []
        for number in range(plan.deaths):
            if number:
                deaths.come_back()
            say(f"death {number + 1} of {plan.deaths}")
            died.append(deaths.one(chance.uniform(*plan.life_seconds)))
        say(f"\n{tables.deaths(died)}\n")
        return measured, died


def _recovered(plan: Plan, folder: Path) -> list[Comeback]:
    """A large database with a long log: the keeper with its default beside pgBackRest."""
    folder.mkdir()
    with new_server() as server, ExitStack() as stack:
        say(f"filling a database of {plan.megabytes} MB")
        fill(server, plan.megabytes)
        ours, *_, theirs = _makers(plan)
        guards = _started([ours, theirs], folder, server, stack)
        say(f"writing {plan.log_megabytes} MB of log")
        written = write_log(server, plan.log_megabytes, folder)
        wait_for_log(server, guards)
        database = Database(server, plan.megabytes * 1_000_000, server.sql(QUESTION))
        found = come_back(database, guards, plan.rounds, folder)
        say(f"\n{plan.megabytes} MB of tables, {written / 1e6:.0f} MB of log\n\n{tables.comebacks(found)}")
        return found


def _makers(plan: Plan) -> list[partial[Guard]]:
    """Of whom is compared."""
    ours = [partial(Keep, ship_every=every) for every in plan.keepers]
    return [*ours, partial(Barman), partial(Archive, archive_timeout=plan.archive_timeout_seconds)]


def _started(makers: Sequence[partial[Guard]], folder: Path, server: PostgresServer, stack: ExitStack) -> list[Guard]:
    """All at once: their first copies take a while."""
    guards = [make(folder / f"guard-{number}", server) for number, make in enumerate(makers)]
    for guard in guards:
        stack.callback(guard.close)
    with ThreadPoolExecutor(len(guards)) as pool:
        for started in [pool.submit(guard.start) for guard in guards]:
            started.result()
    return guards


@contextmanager
def _place() -> Iterator[Path]:
    folder = ledger.new_directory("bench")
    try:
        yield folder
    finally:
        ledger.discard(folder)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="bench.continuous", description="What is lost between two copies.")
    parser.add_argument("--small", action="store_true", help="seconds instead of an hour: does everything work?")
    parser.add_argument("--seconds", type=float, help="of each load, instead of five minutes")
    parser.add_argument("--json", action="store_true", help="the numbers on stdout")
    chosen = parser.parse_args(arguments)
    plan = SMALL if chosen.small else FULL
    if chosen.seconds:
        plan = replace(plan, seconds=chosen.seconds)
    try:
        numbers, kept = hold(plan)
    except Missing as lack:
        say(f"cannot be measured here: {lack}")
        return 3
    if chosen.json:
        print(json.dumps(numbers, indent=1))
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())

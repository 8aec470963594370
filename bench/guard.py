"""Backup and restore beside peers, in one run: `make bench-guard`, or `python -m bench.guard [--small] [--json]`.

Everything runs on the same two processors, one after another in turn, with the page cache warm. Every restored cluster
is started once and asked for its rows, so that nobody wins by doing nothing. bench/README.md says how to read it.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench import contenders
from bench.contenders import Contender
from bench.database import Database, fill, new_server
from bench.here import machine, say, use_two_processors
from bench.measure import Command, Cost, measure
from bench.report import Row, document, table
from bench.restored import RestoredServer
from tests.world import ledger, packages
from tests.world.need import Missing
from tests.world.postgres import PostgresServer

PROGRAMS = {"pgbackrest": "pgbackrest", "restic": "restic", "age": "age", "zstd": "zstd"}


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured. Warm-up rounds are run like the others and thrown away."""

    megabytes: int
    rounds: int
    warm_up: int


FULL = Plan(megabytes=2000, rounds=3, warm_up=1)
SMALL = Plan(megabytes=40, rounds=1, warm_up=0)


@dataclass(slots=True)
class Contest:
    """The rounds, and what they cost."""

    database: Database
    folder: Path
    contenders: Sequence[Contender]
    backups: dict[str, list[Cost]] = field(default_factory=lambda: defaultdict(list))
    restores: dict[str, list[Cost]] = field(default_factory=lambda: defaultdict(list))

    def round(self, keep: bool) -> None:
        """A backup and a restore by each, all backups first."""
        for one in self.contenders:
            cost = self._backup(one)
            if keep:
                self.backups[one.name].append(cost)
        for one in self.contenders:
            cost = self._restore(one)
            if keep:
                self.restores[one.name].append(cost)

    def rows(self) -> tuple[list[Row], list[Row]]:
        backups = [Row(one.name, one.durable, self.backups[one.name], one.stored_bytes()) for one in self.contenders]
        restores = [Row(one.name, one.durable, self.restores[one.name], None) for one in self.contenders]
        return backups, restores

    def _backup(self, one: Contender) -> Cost:
        one.clear()
        one.before(True)
        cost = self._measure(one.name, "backup", one.backup())
        one.before(False)
        return cost

    def _restore(self, one: Contender) -> Cost:
        home = self.folder / "restored"
        contenders.empty(home)
        home.chmod(0o777)
        cost = self._measure(one.name, "restore", one.restore(home / "data"))
        self._prove(one, home / "data")
        shutil.rmtree(home)
        return cost

    def _measure(self, name: str, what: str, command: Command) -> Cost:
        assert self.database.server.process
        log = self.folder / "command.log"
        cost = measure(command, log, folder=self.folder, server_pid=self.database.server.process.pid)
        say(f"  {what:8} {name:24} {cost.seconds:7.2f} s")
        return cost

    def _prove(self, one: Contender, data: Path) -> None:
        """The restored cluster starts and holds every row, or the contest ends here."""
        with RestoredServer(self.database.server.major, data) as server:
            answer = server.sql(self.database.question)
        if answer != self.database.answer:
            raise RuntimeError(f"{one.name} brought back other rows: {answer}, not {self.database.answer}")


def hold(plan: Plan) -> dict[str, object]:
    """Builds, measures, prints the tables to stderr; returns the numbers."""
    use_two_processors()
    say(packages.install(PROGRAMS))
    folder = ledger.new_directory("bench")
    try:
        with new_server() as server:
            say(f"filling a database of {plan.megabytes} MB")
            database = fill(server, plan.megabytes)
            contest = Contest(database, folder, [_made(kind, folder, database) for kind in contenders.ALL])
            for number in range(plan.warm_up + plan.rounds):
                say(f"round {number + 1} of {plan.warm_up + plan.rounds}, load {os.getloadavg()[0]:.1f}")
                contest.round(keep=number >= plan.warm_up)
            backups, restores = contest.rows()
            return _told(database, backups, restores)
    finally:
        ledger.discard(folder)


def _told(database: Database, backups: list[Row], restores: list[Row]) -> dict[str, object]:
    say(f"\n{machine()}\n{database.bytes / 1e6:.0f} MB of Postgres {database.server.major}; {contenders.versions()}")
    say(f"\n{table('backup', backups)}\n\n{table('restore', restores)}\n")
    return {"database_bytes": database.bytes, "backup": document(backups), "restore": document(restores)}


def _made(kind: Callable[[Path, PostgresServer], Contender], folder: Path, database: Database) -> Contender:
    own = folder / getattr(kind, "__name__", "contender").lower()
    own.mkdir()
    return kind(own, database.server)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="bench.guard", description="Backup and restore beside peers.")
    parser.add_argument("--small", action="store_true", help="40 MB, one round: does everything work?")
    parser.add_argument("--json", action="store_true", help="the numbers on stdout")
    chosen = parser.parse_args(arguments)
    try:
        numbers = hold(SMALL if chosen.small else FULL)
    except Missing as lack:
        say(f"cannot be measured here: {lack}")
        return 3
    if chosen.json:
        print(json.dumps(numbers, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())

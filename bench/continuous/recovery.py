"""A large database and a long log after its base copy, brought back to the end of the log and started."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.continuous.guards import Guard
from bench.continuous.load import position
from bench.continuous.watch import Watch
from bench.database import TABLES, Database
from bench.measure import measure
from bench.restored import RestoredServer
from outlive.lab.ground.process import run, wait_until
from tests.world.postgres import PostgresServer

BATCH_SECONDS = 2
HELD_SECONDS = 1800
_SCRIPT = """\
\\set n random(1, {tables})
\\set id random(1, {rows})
UPDATE orders_:n SET cents = cents + 1 WHERE id = :id;
"""


@dataclass(slots=True)
class Comeback:
    """One guard's rounds: `restore` is the seconds of its command, `ready` those until the server it left answered."""

    guard: str
    restore: list[float] = field(default_factory=list)
    ready: list[float] = field(default_factory=list)

    @property
    def total(self) -> list[float]:
        return [one + two for one, two in zip(self.restore, self.ready, strict=True)]


def write_log(server: PostgresServer, megabytes: int, folder: Path) -> int:
    """Updates rows here and there until so much log is written; returns how many bytes it was."""
    begun = position(server)
    script = folder / "update.sql"
    rows = int(server.sql("SELECT max(id) FROM orders_1"))
    script.write_text(_SCRIPT.format(tables=TABLES, rows=rows))
    script.chmod(0o644)
    where = ["-h", str(server.socket_dir), "-p", str(server.port), "-U", server.superuser, "postgres"]
    words = [server.bin("pgbench"), "-n", "-c", "4", "-j", "1", "-T", str(BATCH_SECONDS), "-f", script, *where]
    while position(server) - begun < megabytes * 1_000_000:
        run(words, unprivileged=True)
    return position(server) - begun


def wait_for_log(server: PostgresServer, guards: Sequence[Guard]) -> None:
    """Until each holds all that was written."""
    reached = position(server)
    server.sql("SELECT pg_switch_wal()")
    with Watch(guards) as watch:
        wait_until(lambda: watch.all_hold(reached), "all guards to hold the log", HELD_SECONDS, every=0.1)


def come_back(database: Database, guards: Sequence[Guard], rounds: int, folder: Path) -> list[Comeback]:
    """Each in turn, so many times; every row is compared. Raises RuntimeError when one differs."""
    found = {guard.name: Comeback(guard.name) for guard in guards}
    for _ in range(rounds):
        for guard in guards:
            _round(database, guard, found[guard.name], folder)
    return list(found.values())


def _round(database: Database, guard: Guard, found: Comeback, folder: Path) -> None:
    assert database.server.process
    home = folder / "restored"
    home.mkdir()
    home.chmod(0o777)
    command = guard.restore(home / "data")
    cost = measure(command, folder / "restore.log", folder=folder, server_pid=database.server.process.pid)
    began = time.monotonic()
    with RestoredServer(database.server.major, home / "data", guard.recovery()) as server:
        found.ready.append(time.monotonic() - began)
        answer = server.sql(database.question)
    if answer != database.answer:
        raise RuntimeError(f"{guard.name} brought back other rows: {answer}, not {database.answer}")
    found.restore.append(cost.seconds)
    shutil.rmtree(home)

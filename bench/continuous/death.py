"""Production is killed at a random moment under load. What had been acknowledged, and does not come back?"""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bench.continuous.commits import lost
from bench.continuous.guards import Guard
from bench.continuous.keep import Keep
from bench.continuous.load import Load, Writer, position, rows
from bench.continuous.watch import Watch
from bench.measure import run_to_end
from bench.restored import RestoredServer
from outlive.lab.ground.process import wait_until
from tests.world.postgres import PostgresServer

GRACE_SECONDS = 4.0  # whoever had received something may put it away
COMES_BACK_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Outcome:
    """One death and one guard. `rows` of the writer and of pgbench, `seconds` by the writer's acknowledgements.
    `shown_seconds`: the loss that the keeper told at that moment; None where nobody tells one. `promise_kept`: no more
    was lost than that, nor anything that `status` said afterwards to be safe."""

    guard: str
    rows: int
    seconds: float
    shown_seconds: float | None = None
    promise_kept: bool = True


@dataclass(frozen=True, slots=True)
class Deaths:
    """Where, who, and how heavy the load is."""

    server: PostgresServer
    guards: Sequence[Guard]
    rate: int
    folder: Path

    def one(self, after_seconds: float) -> list[Outcome]:
        """Kills production after so long, restores from every guard, and starts production again: what it
        then has is what it had."""
        with Load(self.server, self.rate, self.folder / "pgbench.log"), Writer(self.server) as writer:
            time.sleep(after_seconds)
            told = {one.name: one.until() for one in self.guards if isinstance(one, Keep)}
            died_at = time.time()
            self.server.kill()
        time.sleep(GRACE_SECONDS)
        restored = {guard.name: self._restored(guard) for guard in self.guards}
        promised = {one.name: one.status_until().timestamp() for one in self.guards if isinstance(one, Keep)}
        self.server.start()
        had = rows(self.server)[1]
        outcomes = []
        for guard in self.guards:
            written, committed = restored[guard.name]
            gone = lost(writer.commits, written, died_at)
            found = Outcome(guard.name, gone.rows + max(0, had - committed), gone.seconds)
            if guard.name in told:
                shown = died_at - told[guard.name].timestamp()
                kept = gone.seconds <= shown and lost(writer.commits, written, promised[guard.name]).seconds <= 0
                found = replace(found, shown_seconds=shown, promise_kept=kept)
            outcomes.append(found)
        return outcomes

    def come_back(self) -> None:
        """Until every guard follows the log of the production that was started again."""
        for guard in self.guards:
            guard.resume()
        reached = position(self.server)
        self.server.sql("SELECT pg_switch_wal()")
        with Watch(self.guards) as watch:
            wait_until(lambda: watch.all_hold(reached), "all guards to follow again", COMES_BACK_SECONDS, every=0.1)

    def _restored(self, guard: Guard) -> tuple[frozenset[int], int]:
        """What a server has that was made from the guard's copies alone."""
        home = self.folder / "restored"
        home.mkdir()
        home.chmod(0o777)
        run_to_end(guard.restore(home / "data"), self.folder / "restore.log")
        with RestoredServer(self.server.major, home / "data", guard.recovery()) as server:
            found = rows(server)
        shutil.rmtree(home)
        return found

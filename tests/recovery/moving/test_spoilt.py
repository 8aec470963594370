"""The steps between two databases, spoilt at what they say to either of them or to the machine (killed, or refused as by a
full disk), on their way forward and back; then gone on with, or taken back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from outlive.state.recovering import Recovering
from outlive.state.store import Store
from outlive.state.tables import recovery_journal
from tests.engine.databases import sqlite_url
from tests.recovery.moving.between import BETWEEN, HAS_UNDO, Between
from tests.recovery.moving.shop import anew
from tests.recovery.trials.outside import Fault, statements
from tests.recovery.trials.stage import AFTER, Run, Stage
from tests.world.postgres import PostgresServer

pytestmark = [pytest.mark.postgres, pytest.mark.slow]
MOST = 3  # moments of one act: the first, the last, and what lies evenly between
FAULTS = (Fault.KILLED_AFTER, Fault.FULL)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(sqlite_url(tmp_path))
    yield made
    made.close()


def moments(count: int) -> list[int]:
    return sorted({1 + round(one * (count - 1) / (MOST - 1)) for one in range(MOST)})


class Trial:
    """Each run is of one name, because publication, subscription and slot are called by it, and has a journal of its own."""

    def __init__(self, kind: str, store: Store, between: Between, folder: Path) -> None:
        self.kind, self._store, self._between, self._folder = kind, store, between, folder
        self.tried = 0

    def run(self) -> Run:
        anew(self._between.source, self._between.target)
        with self._store.begin() as connection:
            connection.execute(sa.delete(recovery_journal))
        self.tried += 1
        self.stage: Stage = self._between.stage(self.kind, self._folder / str(self.tried))
        return Run(Recovering(self._store), self.stage)

    def count(self, act: str) -> int:
        run = self.run()
        if act == "undo":
            run.to_its_end("recover")
        with statements(self.stage.outside):
            assert run.once(act)
        (self.stage.undone if act == "undo" else self.stage.done)()
        return len(self.stage.outside.said)

    def spoilt(self, act: str, at: int, fault: Fault, after: str) -> None:
        run = self.run()
        if act == "undo":
            run.to_its_end("recover")
        with statements(self.stage.outside):
            run.once(act, at, fault)
        where = f"{self.kind}: {fault} at {at} of {act}: {self.stage.outside.said[-1:]}; then {after}"
        try:
            if after == "resume":
                run.resumed()
                self.stage.done()
            run.taken_back()
            self.stage.undone()
        except AssertionError as error:
            raise AssertionError(f"{where}: {error}") from error


@pytest.mark.parametrize("kind", BETWEEN)
def test_whatever_is_spoilt_it_is_resumed_or_taken_back(
    kind: str, store: Store, servers: tuple[PostgresServer, PostgresServer], tmp_path: Path
) -> None:
    trial = Trial(kind, store, Between(*servers), tmp_path / kind)
    for act in ("recover", *["undo"] * (kind in HAS_UNDO)):
        for number, at in enumerate(moments(trial.count(act))):
            trial.spoilt(act, at, FAULTS[number % 2], AFTER[number // 2 % 2])
    assert trial.tried > 3

"""Any second back from a copy that builds on others, and the log after it."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path

import pytest

from outlive.backup.drill.drill import DrillPlan
from outlive.backup.drill.drill_moment import drill_to
from outlive.backup.drill.log_proof import record
from outlive.backup.restore.cluster import Cluster
from outlive.backup.restore.recover_to import restore_to
from outlive.backup.restore.restore import RestorePlan
from outlive.backup.streams.prior import find_prior
from outlive.backup.streams.seal import SealPolicy
from outlive.backup.take import take
from outlive.clock import SystemClock
from outlive.sources.postgres import PostgresSource
from outlive.transport.postgres import DsnWay
from outlive.vault.memory import MemoryVault
from tests.backup.made import KEY
from tests.backup.postgres_copies import program_folder, programs
from tests.backup.streamed import ASSET, RECIPIENTS, copies, now, shipping
from tests.world.postgres import PostgresServer

pytestmark = [pytest.mark.postgres, pytest.mark.slow]
CLOCK = SystemClock()


@dataclass
class Streamed:
    """A vault with two copies, the second on the first, and log; `between` is after row 20 and before row 21."""

    vault: MemoryVault
    place: Path
    between: datetime


def base(server: PostgresServer, vault: MemoryVault, state: Path) -> None:
    keys = [str(one) for one in RECIPIENTS]
    prior_of = partial(find_prior, vault, "db", recipients=keys, identities=lambda: [KEY])
    asset = replace(ASSET, incremental="always")
    source = PostgresSource(asset, DsnWay(server.dsn()), CLOCK, remote=False, prior_of=prior_of)
    take(asset, source, vault, SealPolicy(RECIPIENTS), state=state, clock=CLOCK)


@pytest.fixture
def streamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Streamed]:
    monkeypatch.setenv("OUTLIVE_POSTGRES_DIR", str(program_folder(17)))
    place, vault = Path(tempfile.mkdtemp(prefix="ow-m-")), MemoryVault()
    place.chmod(0o755)
    try:
        with PostgresServer(17, tablespaces=True, options={"summarize_wal": "on"}) as server:
            server.sql("create table t (i int) tablespace side")
            with shipping(server, vault) as log:
                base(server, vault, tmp_path)
                server.sql("insert into t select generate_series(1, 10)")
                base(server, vault, tmp_path)
                server.sql("insert into t select generate_series(11, 20)")
                time.sleep(0.1)  # moments are told apart by the server's clock
                between = now()
                time.sleep(0.1)
                server.sql("insert into t select generate_series(21, 30)")
                log.await_until(now())
        yield Streamed(vault, place, between)
    finally:
        shutil.rmtree(place)


def test_a_second_between_two_copies_of_what_changed(streamed: Streamed) -> None:
    there = copies(streamed.vault)
    assert there[1].manifest.parent == there[0].id
    plan = RestorePlan(streamed.vault, [KEY], streamed.place / "drills", CLOCK)
    done = restore_to(there, streamed.between, str(streamed.place / "a"), plan)
    assert done.window.base.copy == there[1].id
    with Cluster(streamed.place / "a", programs(17), "postgres") as cluster:
        with cluster.door().connect("postgres") as connection:
            assert connection.execute("select count(*), max(i) from t").fetchone() == (20, 20)


def test_its_drill_is_green_and_red_when_the_full_copy_has_rotted(streamed: Streamed) -> None:
    there = copies(streamed.vault)
    plan = DrillPlan(streamed.vault, [KEY], streamed.place / "drills", CLOCK)
    drilled = drill_to(there, streamed.between, plan)
    assert drilled.ok, drilled.looked.checks
    stream = there[0].manifest.stream("base.tar")
    assert stream
    streamed.vault.delete(f"copies/db/{there[0].id}/{stream.parts[0].file}")
    drilled = drill_to(there, streamed.between, plan)
    assert not drilled.ok and drilled.base_is_bad and drilled.looked.blamed == there[0].id
    record(streamed.vault, "db", drilled, CLOCK.now())
    assert [copy.is_damaged for copy in copies(streamed.vault)] == [True, True]

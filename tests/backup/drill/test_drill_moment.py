"""The drill of a moment: in production's image too; and whose proof its outcome is."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from outlive.backup.copies import catalog
from outlive.backup.drill import recover_checks
from outlive.backup.drill.drill_moment import DrilledTo, drill_to
from outlive.backup.drill.drill_plan import DrillPlan, Looked
from outlive.backup.drill.log_proof import last_log_proof, record
from outlive.backup.log.ship import ShipPolicy
from outlive.backup.log.windows import Base, Reached, Window
from outlive.backup.restore.recover_to import restore_to
from outlive.backup.restore.restore import RestorePlan
from outlive.backup.streams.seal import SealPolicy
from outlive.backup.take import take
from outlive.clock import SystemClock
from outlive.model.copy import Check, Proof
from outlive.sources.postgres import PostgresSource
from outlive.transport.local import LocalShell
from outlive.transport.postgres import ContainerWay
from outlive.vault.memory import MemoryVault
from tests.backup.made import KEY
from tests.backup.postgres_copies import drill_containers
from tests.backup.streamed import ASSET, RECIPIENTS, Shipping, copies, now
from tests.keeper.vaults import put_copy
from tests.world.postgres_container import PostgresContainer

NOON = datetime(2026, 2, 7, 12, tzinfo=UTC)
WINDOW = Window(Base("a", 1, 0, 1, NOON, 16 << 20), NOON, NOON, 1, 1, ())


@pytest.fixture
def short() -> Iterator[Path]:
    """A folder with a short path, which other users may enter: servers are started below it."""
    with tempfile.TemporaryDirectory(prefix="od-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


# --- in production's image ---------------------------------------------------------------------------------------


@pytest.mark.docker
@pytest.mark.postgres
@pytest.mark.slow
def test_log_is_replayed_in_production_s_image(
    postgres_container: Callable[..., PostgresContainer], short: Path, tmp_path: Path
) -> None:
    """Alpine: busybox runs the restore_command. The server is reached through `docker exec`."""
    container, vault, clock = postgres_container(alpine=True), MemoryVault(), SystemClock()
    way = ContainerWay(LocalShell(), container.name, 5432, "postgres", None)
    container.sql("create table written(n bigint primary key)")
    shipper = Shipping(way, vault, ShipPolicy(RECIPIENTS, every_seconds=0.3)).start()
    shipper.await_until(now(), 60)
    source = PostgresSource(ASSET, way, clock, remote=False)
    take(ASSET, source, vault, SealPolicy(RECIPIENTS), state=tmp_path, clock=clock)
    container.sql("insert into written values (1); select pg_switch_wal(); insert into written values (2)")
    shipper.await_until(now(), 60)
    at = now()
    container.sql("insert into written values (3)")
    shipper.await_until(now(), 60)
    shipper.end()

    drilled = drill_to(copies(vault), at, DrillPlan(vault, [KEY], short, clock))
    assert drilled.ok, drilled.looked.checks
    assert drilled.looked.programs == "image outlive-test/alpine-like:latest"
    rows = next(check for check in drilled.looked.checks if check.name == "databases")
    assert "2 rows were read" in rows.detail
    assert list(short.iterdir()) == []

    done = restore_to(copies(vault), None, str(short / "back"), RestorePlan(vault, [KEY], short / "x", clock))
    assert done.programs == "image outlive-test/alpine-like:latest"
    assert (short / "back" / "PG_VERSION").read_text().strip() == "17"
    assert not (short / "back" / "recovery.signal").exists() and not (short / "back" / "postmaster.pid").exists()
    assert drill_containers(container.engine, short) == []


# --- whose proof it is -------------------------------------------------------------------------------------------


def drilled_to(*checks: Check, reached: Reached | None = None) -> DrilledTo:
    return DrilledTo(WINDOW, Looked(list(checks), 4.0), reached)


@pytest.fixture
def vault() -> MemoryVault:
    vault = MemoryVault()
    put_copy(vault, "db", "a", started_at=NOON)
    return vault


def proofs(vault: MemoryVault) -> list[bool]:
    (copy,) = catalog.copies(vault, "db")
    return [proof.ok for proof in copy.proofs]


def test_green_proves_the_copy_and_the_log(vault: MemoryVault) -> None:
    record(vault, "db", drilled_to(Check("replay", True), Check("moment", None)), NOON)
    assert proofs(vault) == [True]
    log = last_log_proof(vault, "db")
    assert log is not None and (log.ok, log.level, log.rto_seconds, log.at) == (True, Proof.RESTORED, 4.0, NOON)


def test_red_log_leaves_the_copy_as_it_was(vault: MemoryVault) -> None:
    record(vault, "db", drilled_to(Check("pg_verifybackup", True), Check("replay", False, "cut")), NOON)
    assert proofs(vault) == []
    log = last_log_proof(vault, "db")
    assert log is not None and not log.ok
    record(vault, "db", drilled_to(Check("replay", True)), NOON + timedelta(hours=1))
    log = last_log_proof(vault, "db")
    assert log is not None and log.ok, "the newest counts"


def test_a_base_copy_that_is_bad_is_its_own_fault(vault: MemoryVault) -> None:
    record(vault, "db", drilled_to(Check("pg_verifybackup", False, "a file is missing")), NOON)
    assert proofs(vault) == [False] and last_log_proof(vault, "db") is None


def test_a_note_that_cannot_be_read_stands_for_nothing(vault: MemoryVault) -> None:
    record(vault, "db", drilled_to(Check("replay", True)), NOON)
    vault.put("proofs/db/log/20270101T000000000000Z-restored.json", b"rotten")
    log = last_log_proof(vault, "db")
    assert log is not None and log.at == NOON


# --- what is looked at -------------------------------------------------------------------------------------------


def inventory(*names: str, unreadable: str = "") -> dict[str, Any]:
    table = {"schema": "public", "name": "t", "rows": 5, **({"unreadable": unreadable} if unreadable else {})}
    found = [{"name": name, "tables": [table]} for name in names]
    return {"databases": found}


def told(*names: str) -> dict[str, Any]:
    return {"before": inventory(*names), "after": inventory(*names)}


def test_a_database_that_both_neighbours_have_must_be_there() -> None:
    check = recover_checks.databases(told("app", "shop"), inventory("app"), told("app", "shop"))
    assert check.ok is False and "shop" in check.detail


def test_one_that_was_dropped_meanwhile_may_be_missing() -> None:
    assert recover_checks.databases(told("app", "shop"), inventory("app"), told("app")).ok is None
    assert recover_checks.databases(told("app", "shop"), inventory("app"), None).ok is None
    whole = recover_checks.databases(told("app", "shop"), inventory("app", "shop"), None)
    assert (whole.ok, whole.detail) == (True, "2 of 2, 10 rows were read")


def test_a_table_that_cannot_be_read_is_red() -> None:
    assert recover_checks.unreadable(inventory("app")).ok is True
    bad = recover_checks.unreadable(inventory("app", unreadable="invalid page"))
    assert bad.ok is False and "app.public.t: invalid page" in bad.detail


def test_clocks_that_disagree_are_told_and_are_no_proof() -> None:
    assert recover_checks.moment(Reached(1, None), "noon").ok is True
    assert recover_checks.moment(Reached(1, None, "an hour off"), "noon").ok is None

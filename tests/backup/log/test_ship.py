"""Shipping from real servers: nothing acknowledged before `until` is missing, and nothing is stored twice for long."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from outlive.backup.log import ship
from outlive.backup.log.wal_names import read_stretch
from outlive.backup.restore.recover_to import windows
from outlive.commands.postgres import lsn
from outlive.lab.ground.process import give_to_nobody, run, wait_until
from outlive.sources.wal import StreamBroke, WalGone
from outlive.vault.local import LocalVault
from outlive.vault.memory import MemoryVault
from tests.backup.streamed import (
    KEEP,
    Writer,
    assert_same_log,
    brought_back,
    copies,
    newest_window,
    now,
    rows,
    shipping,
    take_base,
    wal_keys,
)
from tests.world.postgres import PostgresServer

pytestmark = pytest.mark.postgres
New = Callable[..., PostgresServer]
MIB = 1 << 20


@pytest.mark.slow
@pytest.mark.parametrize("major", [14, 15, 16, 17, 18])
def test_every_commit_acknowledged_before_until_is_in_the_vault(new_postgres: New, tmp_path: Path, major: int) -> None:
    server = new_postgres(major)
    vault = LocalVault.create(tmp_path / "v")
    with shipping(server, vault) as shipped:
        with Writer(server) as writer:
            take_base(server, vault, tmp_path)
            writer.await_rows(400)
            wait_until(lambda: shipped.until is not None and shipped.until > writer.acknowledged[300][1], "some log")
            server.kill()
        promised = shipped.until
        shipped.stop.set()
        shipped.thread.join(60)
        shipped.errors.clear()
    assert promised is not None
    with brought_back(vault, server) as (cluster, _):
        missing = writer.before(promised) - rows(cluster)
        assert not missing, f"{len(missing)} acknowledged rows are not in the vault"
        assert len(writer.before(promised)) > 300
    window = newest_window(vault)
    with brought_back(vault, server, at=window.until) as (cluster, _):
        assert not writer.before(window.until) - rows(cluster), "the names alone promise the same"


@pytest.mark.slow
def test_what_a_dying_server_had_sent_is_not_lost_with_it(new_postgres: New, tmp_path: Path) -> None:
    """Long before the next piece is due."""
    server = new_postgres(17)
    vault = LocalVault.create(tmp_path / "v")
    take_base(server, vault, tmp_path)
    with shipping(server, vault, every=600) as shipped:
        with Writer(server) as writer:
            writer.await_rows(100)
        sent = "select bool_and(sent_lsn >= pg_current_wal_flush_lsn()) from pg_stat_replication"
        wait_until(lambda: server.sql(sent) == "t", "the server to send what it has")
        assert shipped.position < lsn(server.sql("select pg_current_wal_flush_lsn()")), "nothing is due yet"
        server.kill()
        assert isinstance(shipped.await_error(), StreamBroke)
        shipped.errors.clear()
    acknowledged = {number for number, _ in writer.acknowledged}
    with brought_back(vault, server) as (cluster, _):
        assert len(acknowledged) >= 100 and not acknowledged - rows(cluster)


def test_what_is_stored_is_the_servers_own_log(new_postgres: New) -> None:
    server, vault = new_postgres(17, options=KEEP), MemoryVault()
    with shipping(server, vault) as shipped:
        for number in range(5):
            server.sql(f"create table t{number} as select repeat('x', 300) from generate_series(1, 20000)")
            time.sleep(0.3)
        end = lsn(server.sql("select pg_current_wal_flush_lsn()"))
        shipped.await_until(now())
        assert shipped.position >= end
    assert assert_same_log(vault, server) >= end


def test_a_complete_segment_takes_its_pieces_place(new_postgres: New) -> None:
    server, vault = new_postgres(17, options=KEEP), MemoryVault()
    with shipping(server, vault, every=0.1) as shipped:
        for number in range(12):
            server.sql(f"create table t{number} as select repeat('x', 300) from generate_series(1, 12000)")
            time.sleep(0.15)
        shipped.await_until(now())
        wait_until(lambda: not leftovers(vault, shipped.position), "pieces of complete segments to go")
    assert_same_log(vault, server)
    wholes = [key for key in wal_keys(vault) if key.count(".") == 3]
    assert len(wholes) >= 2


def leftovers(vault: MemoryVault, position: int) -> list[str]:
    """Pieces and old marks of segments that are complete."""
    found = [read_stretch(info.key, 16 * MIB) for info in vault.walk("wal/")]
    return [one.key for one in found if one and not one.whole and one.start < position - position % (16 * MIB)]


def test_an_idle_server_is_noted_to_be_idle(new_postgres: New, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ship, "MARK_SECONDS", 1.0)
    server, vault = new_postgres(17), MemoryVault()
    with shipping(server, vault, every=0.1) as shipped:
        take_base(server, vault, tmp_path)
        shipped.await_until(now())
        first = wait_for_mark(vault)
        wait_until(lambda: wait_for_mark(vault) != first, "the mark to be renewed")
        idle_until = now()
        wait_until(lambda: newest_window(vault).until >= idle_until, "the window to go on")
        assert newest_window(vault).stretches
        assert len(marks(vault)) <= 2, "one, or two for the moment of the change"
        puts = len(wal_keys(vault))
        time.sleep(1.5)
        assert len(wal_keys(vault)) <= puts + 2, "an idle server costs next to nothing"


def marks(vault: MemoryVault) -> list[str]:
    found = [read_stretch(info.key, 16 * MIB) for info in vault.walk("wal/")]
    return [one.key for one in found if one and one.start == one.end]


def wait_for_mark(vault: MemoryVault) -> str:
    wait_until(lambda: bool(marks(vault)), "a mark")
    return marks(vault)[-1]


def test_switches_of_segments_and_records_larger_than_a_piece(new_postgres: New, tmp_path: Path) -> None:
    server, vault = new_postgres(17, options=KEEP), MemoryVault()
    with shipping(server, vault) as shipped:
        server.sql("create table written(n bigint)")
        take_base(server, vault, tmp_path)
        for number in range(4):
            server.sql(f"insert into written values ({number}); select pg_switch_wal()")
            time.sleep(0.2)
        server.sql("select pg_logical_emit_message(true, 'large', repeat('x', 21 * 1048576))")
        server.sql("insert into written values (4)")
        shipped.await_until(now())
    assert_same_log(vault, server)
    with brought_back(vault, server) as (cluster, _):
        assert rows(cluster) == {0, 1, 2, 3, 4}


@pytest.mark.slow
@pytest.mark.parametrize("mebibytes", [1, 64])
def test_segments_of_other_sizes(new_postgres: New, tmp_path: Path, mebibytes: int) -> None:
    server, vault = new_postgres(17, options=KEEP | {"min_wal_size": "512MB", "max_wal_size": "1GB"}), MemoryVault()
    server.stop()
    run([server.bin("pg_resetwal"), "-D", server.data, f"--wal-segsize={mebibytes}"], unprivileged=True)
    server.start()
    with shipping(server, vault) as shipped:
        server.sql("create table written(n bigint)")
        take_base(server, vault, tmp_path)
        for number in range(4):
            server.sql(f"create table t{number} as select repeat('x', 900) from generate_series(1, 10000)")
            server.sql(f"insert into written values ({number})")
            shipped.await_until(now())
    with shipping(server, vault) as shipped:  # and once more, from the middle of a segment
        server.sql("create table t as select repeat('x', 900) from generate_series(1, 12000)")
        server.sql("insert into written values (4)")
        shipped.await_until(now())
    assert_same_log(vault, server)
    assert max(info.bytes for info in vault.walk("wal/")) < 17 * MIB
    with brought_back(vault, server) as (cluster, _):
        assert rows(cluster) == {0, 1, 2, 3, 4}


def test_going_on_where_it_stopped(new_postgres: New) -> None:
    server, vault = new_postgres(17, options=KEEP), MemoryVault()
    ends = []
    for number in range(6):
        with shipping(server, vault, every=0.1) as shipped:
            server.sql(f"create table t{number} as select repeat('x', 300) from generate_series(1, 12000)")
            shipped.await_until(now())
        ends.append(assert_same_log(vault, server))
    assert ends == sorted(ends) and ends[-1] - ends[0] > 16 * MIB
    assert not leftovers(vault, ends[-1]), "pieces of an earlier run go too when their segment is complete"


def test_nothing_that_came_is_left_behind_when_it_is_stopped(new_postgres: New) -> None:
    server, vault = new_postgres(17, options=KEEP), MemoryVault()
    with shipping(server, vault, every=20) as shipped:
        server.sql("create table t as select repeat('x', 300) from generate_series(1, 1000)")
        end = lsn(server.sql("select pg_current_wal_flush_lsn()"))
        time.sleep(1)
        assert shipped.position < end
    assert assert_same_log(vault, server) >= end


def test_a_slot_that_a_person_dropped_costs_nothing_while_the_server_has_the_log(new_postgres: New) -> None:
    server, vault = new_postgres(17, options=KEEP), MemoryVault()
    with shipping(server, vault) as shipped:
        shipped.await_until(now())
    server.sql("select pg_drop_replication_slot('outlive_db')")
    server.sql("create table t as select repeat('x', 300) from generate_series(1, 50000); checkpoint")
    with shipping(server, vault) as shipped:
        shipped.await_until(now())
    assert_same_log(vault, server)


def test_another_cluster_behind_the_address_gets_a_folder_of_its_own(new_postgres: New) -> None:
    one, other, vault = new_postgres(17), new_postgres(17), MemoryVault()
    for server in (one, other):
        with shipping(server, vault) as shipped:
            shipped.await_until(now())
    lineages = [f"pg-{server.system_identifier}" for server in (one, other)]
    assert sorted(vault.folders("wal/db/")) == sorted(lineages)


@pytest.mark.slow
def test_a_server_that_was_put_back_by_a_snapshot(new_postgres: New, tmp_path: Path) -> None:
    """Without a new timeline it writes other log at the same positions: that must not mix with what the vault has."""
    server, vault = new_postgres(17, options=KEEP), LocalVault.create(tmp_path / "v")
    with shipping(server, vault) as shipped:
        server.sql("create table written(n bigint); insert into written values (1)")
        take_base(server, vault, tmp_path)
        shipped.await_until(now())
    server.stop()
    snapshot = tmp_path / "snapshot"
    shutil.copytree(server.data, snapshot, symlinks=True)
    server.start()
    with shipping(server, vault) as shipped:
        for number in range(2, 6):
            server.sql(f"insert into written values ({number}); select pg_switch_wal()")
        moment = now()
        shipped.await_until(moment)
    server.stop()
    shutil.rmtree(server.data)
    shutil.copytree(snapshot, server.data, symlinks=True)
    give_to_nobody(server.data)
    server.data.chmod(0o700)
    server.start()
    with pytest.raises(WalGone, match="it was put back"), shipping(server, vault):
        time.sleep(0.5)
    with shipping(server, vault, over_gap=True) as shipped:
        take_base(server, vault, tmp_path)
        server.sql("insert into written values (100); select pg_switch_wal()")
        shipped.await_until(now())
    with shipping(server, vault) as shipped:  # and again: it knows its branch
        server.sql("insert into written values (101)")
        shipped.await_until(now())
    first, second = windows(vault, copies(vault))
    with brought_back(vault, server, at=None, window=second) as (cluster, _):
        assert rows(cluster) == {1, 100, 101}
    with brought_back(vault, server, at=None, window=first) as (cluster, _):
        assert rows(cluster) == {1, 2, 3, 4, 5}, "what was before the snapshot came back can still be reached"


def test_the_servers_clock_is_compared_with_ours(new_postgres: New) -> None:
    server, vault = new_postgres(17), MemoryVault()
    with shipping(server, vault) as shipped:
        shipped.await_until(now())
        skew = shipped.told[-1].skew_seconds
    assert skew is not None and abs(skew) < 5

"""The keeper of one stream: away and back, broken and behind the gap, another server behind the address."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outlive.backup.log import ship
from outlive.backup.log.ship import ShipPolicy
from outlive.backup.restore.recover_to import windows
from outlive.clock import Clock, SystemClock
from outlive.errors import VaultUnreachable
from outlive.keeper import streams
from outlive.keeper.streams import StreamHealth, StreamKeeper, StreamPlan, StreamState, slot_advice, slot_name
from outlive.lab.ground.process import wait_until
from outlive.sources import wal_question
from outlive.sources.wal import SlotState
from outlive.testing.faulty_vault import Fault, FaultyVault
from outlive.transport.postgres import DsnWay, Way
from outlive.vault.base import Vault
from outlive.vault.memory import MemoryVault
from tests.backup.failover import caught_up, make_standby, promote
from tests.backup.streamed import (
    KEEP,
    RECIPIENTS,
    SLOT,
    ask,
    assert_same_log,
    brought_back,
    copies,
    now,
    rows,
    take_base,
)
from tests.world.postgres import PostgresServer

New = Callable[..., PostgresServer]
SMALL = {"max_wal_size": "32MB", "min_wal_size": "32MB"}
MIB = 1 << 20


@dataclass
class Kept:
    """A stream keeper, what it told and which gaps it reported."""

    way: Way
    vault: Vault
    clock: Clock = field(default_factory=SystemClock)
    told: list[StreamState] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        policy = ShipPolicy(RECIPIENTS, every_seconds=0.3)
        plan = StreamPlan("db", self.way, SLOT, self.vault, policy, self.clock)
        self.keeper = StreamKeeper(plan, self.told.append, lambda asset, why: self.gaps.append(why))

    @property
    def state(self) -> StreamState:
        return self.keeper.state

    def await_health(self, health: StreamHealth, seconds: float = 40) -> None:
        wait_until(lambda: self.state.health is health, f"the stream to be {health}: {self.state}", seconds)

    def await_all(self, seconds: float = 40) -> None:
        """Until everything before now is in the vault."""
        moment = self.clock.now()
        wait_until(
            lambda: self.state.until is not None and self.state.until >= moment, f"the log: {self.state}", seconds
        )


@contextmanager
def kept(server: PostgresServer, vault: Vault, **settings: Any) -> Iterator[Kept]:
    one = Kept(DsnWay(server.dsn()), vault, **settings)
    one.keeper.start()
    try:
        yield one
    finally:
        one.keeper.stop()


# --- pure --------------------------------------------------------------------------------------------------------


@given(
    st.from_regex(r"[a-z0-9][a-z0-9._-]{0,99}", fullmatch=True),
    st.from_regex(r"[a-z0-9][a-z0-9._-]{0,99}", fullmatch=True),
)
def test_slot_names_are_what_postgres_takes_and_differ(one: str, other: str) -> None:
    assert len(slot_name(one)) <= 63 and set(slot_name(one)) <= set("abcdefghijklmnopqrstuvwxyz0123456789_")
    assert (slot_name(one) == slot_name(other)) == (one == other)


def test_slot_names_are_readable() -> None:
    assert slot_name("shop-db") == "outlive_shop_db"


def test_advice() -> None:
    unlimited = SlotState(0, False, None, None)
    assert slot_advice(None, None) == ""
    assert slot_advice(unlimited, None) == "ALTER SYSTEM SET max_slot_wal_keep_size = '4GB'; SELECT pg_reload_conf();"
    assert slot_advice(unlimited, 3 << 30) == "", "a limit was set since"
    limited = SlotState(0, False, 8 << 30, 8 << 30)
    assert slot_advice(limited, 7 << 30) == ""
    assert "'16384MB'" in slot_advice(limited, 1 << 30), "it is about to be given up: more room"


# --- away and back -----------------------------------------------------------------------------------------------


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "BACKOFF_SECONDS", (0.2, 0.4))


@pytest.mark.postgres
def test_a_server_that_is_restarted_and_one_that_is_away(new_postgres: New, hurried: None) -> None:
    server, vault = new_postgres(17, options=KEEP), MemoryVault()
    with kept(server, vault) as one:
        server.sql("create table t(x int)")
        one.await_all()
        since = one.state.since
        server.stop()
        wait_until(
            lambda: one.state.health is StreamHealth.AWAY and "refused" in one.state.why, "it to be told as away"
        )
        assert one.state.since > since
        server.start()
        one.await_health(StreamHealth.STREAMING)
        server.kill()
        one.await_health(StreamHealth.AWAY)
        server.start()
        server.sql("insert into t values (1)")
        one.await_all()
        assert one.state.why == ""
    assert not one.gaps
    assert_same_log(vault, server)


@pytest.mark.postgres
def test_a_sender_that_is_ended_is_taken_up_again(new_postgres: New, hurried: None) -> None:
    server, vault = new_postgres(17, options=KEEP), MemoryVault()
    with kept(server, vault) as one:
        for number in range(4):
            server.sql(f"create table t{number} as select repeat('x', 500) from generate_series(1, 9000)")
            server.sql("select pg_terminate_backend(pid) from pg_stat_replication")
            one.await_all()
    assert StreamHealth.AWAY in {state.health for state in one.told} and not one.gaps
    assert_same_log(vault, server)


@pytest.mark.postgres
def test_a_vault_that_is_away_is_told_as_away(
    new_postgres: New, hurried: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ship, "RETRY_SECONDS", (0.2,))
    server, vault = new_postgres(17), FaultyVault(MemoryVault())
    with kept(server, vault) as one:
        one.await_all()
        vault.faults.append(Fault("put", VaultUnreachable("unplugged"), times=None))
        server.sql("create table t(x int)")
        one.await_health(StreamHealth.AWAY)
        assert "unplugged" in one.state.why and (one.state.bytes_at_risk or 0) > 0
        vault.faults.clear()
        one.await_health(StreamHealth.STREAMING)
        one.await_all()
        vault.faults.append(Fault("walk", VaultUnreachable("unplugged"), times=3))
        server.sql("select pg_terminate_backend(pid) from pg_stat_replication")
        one.await_health(StreamHealth.AWAY)
        one.await_health(StreamHealth.STREAMING)


@pytest.mark.postgres
def test_a_fault_of_ours_does_not_end_the_stream_silently(new_postgres: New, hurried: None) -> None:
    server, vault = new_postgres(17), FaultyVault(MemoryVault(), Fault("put", ZeroDivisionError("a bug"), skip=2))
    with kept(server, vault) as one:
        for number in range(3):
            server.sql(f"create table t{number}(x int)")
            time.sleep(0.5)
        wait_until(lambda: any("ZeroDivisionError: a bug" in state.why for state in one.told), "it to be told")
        server.sql("create table t(x int)")
        one.await_all()
        one.await_health(StreamHealth.STREAMING)


@pytest.mark.postgres
@pytest.mark.parametrize("busy", [False, True], ids=["idle", "busy"])
@pytest.mark.parametrize("who", ["sender", "all"])
def test_a_dead_stream_is_noticed(
    new_postgres: New, hurried: None, monkeypatch: pytest.MonkeyPatch, busy: bool, who: str
) -> None:
    assert ship.SILENT_SECONDS < 55 and wal_question.PATIENCE_SECONDS < 55, "within a minute, as it is promised"
    monkeypatch.setattr(ship, "SILENT_SECONDS", 3.0)
    monkeypatch.setattr(wal_question, "PATIENCE_SECONDS", 3.0)
    server, vault = new_postgres(17, options=KEEP), MemoryVault()
    with kept(server, vault) as one:
        server.sql("create table t(x int)")
        one.await_all()
        pid = int(server.sql("select pid from pg_stat_replication"))
        stopped = [pid] if who == "sender" else processes(server)
        try:
            for process in stopped:
                os.kill(process, signal.SIGSTOP)
            if busy and who == "sender":
                server.sql("insert into t select generate_series(1, 10000)")
            one.await_health(StreamHealth.AWAY, 10)
        finally:
            for process in stopped:
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGCONT)
        one.await_health(StreamHealth.STREAMING)
        one.await_all()
    assert not one.gaps
    assert_same_log(vault, server)


def processes(server: PostgresServer) -> list[int]:
    assert server.process
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()
    return [server.process.pid, *map(int, children)]


@pytest.mark.postgres
def test_two_keepers_of_one_asset(new_postgres: New, hurried: None) -> None:
    server, vault = new_postgres(17), MemoryVault()
    with kept(server, vault) as first:
        first.await_all()
        with kept(server, MemoryVault()) as second:
            wait_until(lambda: "Somebody else is reading" in second.state.why, f"the second to be told: {second.state}")
            assert second.state.health is StreamHealth.AWAY
            first.await_all()
        assert first.state.health is StreamHealth.STREAMING
    assert not first.gaps


# --- gaps --------------------------------------------------------------------------------------------------------


@pytest.mark.postgres
@pytest.mark.parametrize("major", [14, 17])
def test_a_lost_slot_breaks_the_window_and_a_new_base_copy_begins_one(
    new_postgres: New, hurried: None, tmp_path: Path, major: int
) -> None:
    server, vault = new_postgres(major, options=SMALL | {"max_slot_wal_keep_size": "1MB"}), MemoryVault()
    relax(server)
    with kept(server, vault) as one:
        server.sql("create table written(n bigint); insert into written values (1)")
        take_base(server, vault, tmp_path)
        one.await_all()
        assert one.state.advice == "" or "max_slot_wal_keep_size" in one.state.advice
        before = now()
    squeeze(server)
    for _ in range(6):
        server.sql("insert into written values (2); select pg_switch_wal()")
    server.sql("checkpoint")
    relax(server)
    with kept(server, vault) as one:
        wait_until(lambda: bool(one.gaps), f"the gap to be told: {one.state}")
        health = [state.health for state in one.told]
        assert StreamHealth.BROKEN in health and health.index(StreamHealth.BROKEN) < health.index(
            StreamHealth.STREAMING
        )
        server.sql("insert into written values (3)")
        one.await_all()
        (window,) = windows(vault, copies(vault))
        assert window.until <= before and window.gap.startswith("log is missing from ")
    assert len(one.gaps) == 1
    with kept(server, vault) as one:  # the keeper died before it had a base copy taken
        wait_until(lambda: bool(one.gaps), f"the gap to be told again: {one.state}")
        assert one.gaps[0].startswith("log is missing from ")
        take_base(server, vault, tmp_path)  # what the keeper does when it is told of a gap
        server.sql("insert into written values (4)")
        one.await_all()
    with kept(server, vault) as one:
        one.await_all()
    assert not one.gaps, "it is mended"
    old, new = windows(vault, copies(vault))
    assert old.gap and not new.gap
    with brought_back(vault, server, window=old) as (cluster, _):
        assert rows(cluster) == {1}
    with brought_back(vault, server, window=new) as (cluster, _):
        assert rows(cluster) == {1, 2, 3, 4}


def squeeze(server: PostgresServer) -> None:
    """From now on a checkpoint removes all log that it may."""
    keep_log(server, "0")


def relax(server: PostgresServer) -> None:
    """A base copy needs some log itself, which a checkpoint on a busy machine must not take from under it."""
    keep_log(server, "256MB")


def keep_log(server: PostgresServer, size: str) -> None:
    server.sql(f"alter system set wal_keep_size = '{size}'")
    server.sql("select pg_reload_conf()")
    wait_until(lambda: server.sql("show wal_keep_size") == size, "the setting to count")


@pytest.mark.postgres
def test_a_slot_that_a_person_dropped_while_nobody_read(new_postgres: New, hurried: None) -> None:
    server, vault = new_postgres(17, options=SMALL), MemoryVault()
    with kept(server, vault) as one:
        one.await_all()
    server.sql(f"select pg_drop_replication_slot('{SLOT}')")
    for _ in range(6):
        server.sql("create table if not exists t(x int); insert into t values (1); select pg_switch_wal(); checkpoint")
    with kept(server, vault) as one:
        wait_until(lambda: bool(one.gaps), f"the gap to be told: {one.state}")
        assert "has already been removed" in one.gaps[0]
        one.await_all()
        assert one.state.health is StreamHealth.STREAMING


@pytest.mark.postgres
def test_another_cluster_behind_the_address_wants_a_base_copy(new_postgres: New, hurried: None) -> None:
    """initdb or pg_upgrade: the stream is well, but joins no copy."""
    one, other, vault = new_postgres(17), new_postgres(17), MemoryVault()
    with kept(one, vault) as stream:
        stream.await_all()
    assert not stream.gaps, "the very first time is no news"
    with kept(other, vault) as stream:
        stream.await_all()
        assert stream.gaps == [f"another cluster answers (pg-{other.system_identifier})."]
    with kept(other, vault) as stream:
        stream.await_all()
    assert not stream.gaps


# --- failover ----------------------------------------------------------------------------------------------------


@pytest.mark.postgres
@pytest.mark.slow
@pytest.mark.parametrize("major", [14, 16, 18])
def test_a_promoted_standby_behind_the_same_address(
    new_postgres: New, hurried: None, tmp_path: Path, major: int
) -> None:
    primary, vault = new_postgres(major, options=KEEP), MemoryVault()
    standby = make_standby(primary, new_postgres(major, options=KEEP))
    with kept(primary, vault) as one:
        primary.sql(
            "create table written(n bigint, at timestamptz default clock_timestamp()); insert into written values (1)"
        )
        take_base(primary, vault, tmp_path)
        primary.sql("insert into written values (2)")
        caught_up(primary, standby)
        one.await_all()
        before = now()
        time.sleep(0.3)
    primary.stop()
    promote(standby)
    standby.sql("insert into written values (3)")
    with kept(standby, vault) as one:
        standby.sql("insert into written values (4)")
        one.await_all()
        assert not one.gaps
    (window,) = windows(vault, copies(vault))
    assert (window.timeline, window.gap) == (2, "")
    with brought_back(vault, standby) as (cluster, _):
        assert rows(cluster) == {1, 2, 3, 4}
        assert ask(cluster, "select timeline_id from pg_control_checkpoint()")[0][0] in (2, 3)
    with brought_back(vault, standby, at=before) as (cluster, _):
        assert rows(cluster) == {1, 2}
    with kept(standby, vault) as one:  # and it goes on there
        standby.sql("insert into written values (5); select pg_switch_wal()")
        one.await_all()
        take_base(standby, vault, tmp_path)
        standby.sql("insert into written values (6)")
        one.await_all()
    assert [one.timeline for one in windows(vault, copies(vault))] == [2, 2]
    with brought_back(vault, standby) as (cluster, _):
        assert rows(cluster) == {1, 2, 3, 4, 5, 6}


@pytest.mark.postgres
@pytest.mark.slow
def test_what_only_the_lost_primary_had_can_still_be_reached(new_postgres: New, hurried: None, tmp_path: Path) -> None:
    """The standby was behind: rows 3 and 4 were acknowledged by the old primary, and the new one never saw them."""
    primary, vault = new_postgres(17, options=KEEP), MemoryVault()
    standby = make_standby(primary, new_postgres(17, options=KEEP))
    with kept(primary, vault) as one:
        primary.sql("create table written(n bigint); insert into written values (1)")
        take_base(primary, vault, tmp_path)
        primary.sql("insert into written values (2)")
        caught_up(primary, standby)
        one.await_all()
        standby.stop()
        primary.sql("insert into written values (3); select pg_switch_wal(); insert into written values (4)")
        one.await_all()
        acknowledged = now()
    primary.stop()
    standby.start()
    promote(standby)
    with kept(standby, vault) as one:
        standby.sql("insert into written values (5)")
        one.await_all()
        assert not one.gaps
    old, new = windows(vault, copies(vault))
    assert (old.timeline, new.timeline) == (1, 2)
    with brought_back(vault, standby, window=new) as (cluster, _):
        assert rows(cluster) == {1, 2, 5}
    with brought_back(vault, standby, window=old, at=None) as (cluster, _):
        assert rows(cluster) == {1, 2, 3, 4}
    assert old.until <= acknowledged


@pytest.mark.postgres
@pytest.mark.slow
def test_a_standby_that_is_promoted_while_it_is_read_from(new_postgres: New, hurried: None, tmp_path: Path) -> None:
    primary, vault = new_postgres(17, options=KEEP), MemoryVault()
    standby = make_standby(primary, new_postgres(17, options=KEEP))
    with kept(standby, vault) as one:
        primary.sql("create table written(n bigint); insert into written values (1)")
        caught_up(primary, standby)
        take_base(standby, vault, tmp_path)
        primary.sql("insert into written values (2)")
        caught_up(primary, standby)
        one.await_all()
        primary.stop()
        promote(standby)
        standby.sql("insert into written values (3)")
        one.await_all()
    assert not one.gaps
    with brought_back(vault, standby) as (cluster, _):
        assert rows(cluster) == {1, 2, 3}

"""The stream as real servers speak it: slots, positions, histories, questions, refusals."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import psycopg
import pytest

from outlive.commands import wal
from outlive.commands.postgres import lsn
from outlive.errors import DatabaseUnreachable, NotPermitted, OutliveError
from outlive.lab.ground.process import wait_until
from outlive.sources import wal as module
from outlive.sources.wal import StreamBroke, WalGone, WalStream, drop_slot, open_stream
from outlive.sources.wal_question import Question
from outlive.sources.wal_words import SlotInUse, setting_bytes
from outlive.transport.postgres import DsnWay
from tests.world.postgres import PostgresServer

pytestmark = pytest.mark.postgres
SLOT = "outlive_test"


@contextmanager
def stream_of(server: PostgresServer, slot: str = SLOT) -> Iterator[WalStream]:
    with open_stream(DsnWay(server.dsn()), slot) as stream:
        yield stream


def floor(position: int) -> int:
    return position - position % (16 << 20)


def drain(stream: WalStream) -> None:
    """Reads for ten seconds, or until it breaks."""
    for _ in range(50):
        stream.receive(0.2)


def flushed(server: PostgresServer) -> int:
    return lsn(server.sql("select pg_current_wal_flush_lsn()"))


def read_to(stream: WalStream, position: int) -> bytes:
    """What comes, up to that position, each message where the last one ended."""
    data, expected, until = b"", None, time.monotonic() + 20
    while expected is None or expected < position:
        assert time.monotonic() < until, f"only up to {wal.show(expected or 0)}"
        for event in stream.receive(0.2):
            if isinstance(event, wal.Data):
                assert expected in (None, event.start)
                data += event.data
                expected = event.start + len(event.data)
    return data


def test_what_is_streamed_is_what_the_server_wrote(postgres_any: PostgresServer) -> None:
    server = postgres_any
    with stream_of(server) as stream:
        slot = stream.ensure_slot()
        assert slot.restart is not None and not slot.lost
        begin = floor(slot.restart)
        stream.start(begin, 1)
        server.sql(
            "create table if not exists s(x text); insert into s select repeat('x', 500) from generate_series(1, 9000)"
        )
        end = flushed(server)
        data = read_to(stream, end)
        assert wal.check_pages(data, begin, 1, int(server.system_identifier)) is None
        first = server.data / "pg_wal" / wal.segment_name(1, begin, 16 << 20)
        length = min(len(data), end - begin, 16 << 20)
        assert first.read_bytes()[:length] == data[:length]
    drop_slot(DsnWay(server.dsn()), SLOT)


def test_the_server_keeps_what_is_not_durable(new_postgres: Callable[..., PostgresServer]) -> None:
    server = new_postgres(17)
    with stream_of(server) as stream:
        begin = floor(stream.ensure_slot().restart or 0)
        stream.start(begin, 1)
        server.sql("create table t as select generate_series(1, 1000)")
        end = flushed(server)
        read_to(stream, end)
        stream.report(written=end, durable=begin + 1000, now=datetime.now(UTC), want_reply=True)
        wait_until(lambda: (state := stream.slot_state()) is not None and state.restart == begin + 1000, "the report")
        row = server.sql("select sent_lsn, flush_lsn, replay_lsn from pg_stat_replication").split("|")
        assert [lsn(value) for value in row[1:]] == [begin + 1000, begin + 1000]


def test_a_keepalive_tells_what_was_sent_and_the_question_what_was_flushed(
    new_postgres: Callable[..., PostgresServer],
) -> None:
    """Why there is a second connection: with a full pipe the keepalive is behind what the server has acknowledged."""
    server = new_postgres(17)
    with stream_of(server) as stream:
        stream.start(floor(stream.ensure_slot().restart or 0), 1)
        with stream.question() as question:
            server.sql("create table t as select repeat('x', 900) from generate_series(1, 60000)")
            end = flushed(server)
            asked_at = datetime.now(UTC)
            question.ask(asked_at)
            answer = None
            until = time.monotonic() + 10
            while answer is None and time.monotonic() < until:
                answer = question.answer()
            assert answer is not None and answer.asked_at == asked_at
            assert answer.position >= end, "although hardly anything of it has been read from the stream"
            assert abs(answer.skew_seconds) < 5
            assert (
                server.sql(
                    "select sent_lsn < flush_lsn or sent_lsn < pg_current_wal_flush_lsn() from pg_stat_replication"
                )
                == "t"
            )


def test_one_question_at_a_time(new_postgres: Callable[..., PostgresServer]) -> None:
    server = new_postgres(17)
    with stream_of(server) as stream:
        stream.start(floor(stream.ensure_slot().restart or 0), 1)
        with stream.question() as question:
            assert question.answer() is None
            first = datetime.now(UTC)
            question.ask(first)
            question.ask(datetime.now(UTC))
            wait_until(lambda: (got := question.answer()) is not None and got.asked_at == first, "the answer")
            assert question.answer() is None


def test_two_servers_behind_one_address_are_told_apart(new_postgres: Callable[..., PostgresServer]) -> None:
    """A load balancer would make the moments of one server those of another's log."""
    one, other = new_postgres(17), new_postgres(17)
    with stream_of(one) as stream, stream_of(other) as second:
        stream.ensure_slot()
        second.start(floor(second.ensure_slot().restart or 0), 1)
        stream.start(floor((stream.slot_state() or second.ensure_slot()).restart or 0), 1)
        with psycopg.connect(other.dsn(), autocommit=True) as connection:
            question = Question(connection.pgconn, SLOT, 1)
            question.ask(datetime.now(UTC))
            with pytest.raises(StreamBroke, match="two different servers"):
                wait_until(lambda: question.answer() is not None, "an answer", 5)


def test_the_second_reader_of_a_slot_is_told_so(new_postgres: Callable[..., PostgresServer]) -> None:
    server = new_postgres(17)
    with stream_of(server) as first, stream_of(server) as second:
        begin = floor(first.ensure_slot().restart or 0)
        first.start(begin, 1)
        with pytest.raises(SlotInUse, match="is active for PID") as caught:
            second.start(begin, 1)
        assert "two keepers" in caught.value.hint
        assert first.receive(1), "the first one streams on"


def test_log_that_was_removed_is_gone(new_postgres: Callable[..., PostgresServer]) -> None:
    server = new_postgres(17, options={"max_wal_size": "32MB", "min_wal_size": "32MB"})
    for _ in range(4):
        server.sql("create table if not exists t(x int); insert into t values (1); select pg_switch_wal(); checkpoint")
    with stream_of(server) as stream:
        stream.ensure_slot()
        with pytest.raises(WalGone, match="has already been removed"):
            stream.start(0x1000000, 1)
            drain(stream)


@pytest.mark.parametrize("major", [14, 17])
def test_a_slot_that_lost_its_log_is_made_anew(new_postgres: Callable[..., PostgresServer], major: int) -> None:
    options = {"max_slot_wal_keep_size": "1MB", "max_wal_size": "32MB", "min_wal_size": "32MB"}
    server = new_postgres(major, options=options)
    with stream_of(server) as stream:
        first = stream.ensure_slot()
        assert (first.keeps_bytes_limit, first.lost) == (1 << 20, False) and first.safe_bytes is not None
        lose_slot(server)
        state = stream.slot_state()
        assert state is not None and state.lost
        renewed = stream.ensure_slot()
        assert not renewed.lost and (renewed.restart or 0) > (first.restart or 0)


def lose_slot(server: PostgresServer) -> None:
    for _ in range(6):
        server.sql("create table if not exists t(x int); insert into t values (1); select pg_switch_wal()")
    server.sql("checkpoint")


def test_no_limit_is_told_as_none(new_postgres: Callable[..., PostgresServer]) -> None:
    server = new_postgres(17)
    with stream_of(server) as stream:
        state = stream.ensure_slot()
        assert (state.keeps_bytes_limit, state.safe_bytes) == (None, None)


def test_histories_and_positions(new_postgres: Callable[..., PostgresServer]) -> None:
    server = new_postgres(17)
    server.sql("create table t(x int)")
    new_timeline(server)
    with stream_of(server) as stream:
        timeline, position = stream.position()
        assert timeline == 2 and stream.system.timeline == 2
        (switch,) = wal.read_history(stream.history(2).decode())
        assert switch.parent == 1 and switch.position <= position
        with pytest.raises(OutliveError):
            stream.history(9)


def test_an_old_timeline_is_streamed_to_its_end(new_postgres: Callable[..., PostgresServer]) -> None:
    server = new_postgres(17, options={"wal_keep_size": "64MB"})
    server.sql("create table t as select generate_series(1, 1000)")
    with stream_of(server) as stream:
        begin = floor(stream.ensure_slot().restart or 0)
    new_timeline(server)
    with stream_of(server) as stream:
        (switch,) = wal.read_history(stream.history(2).decode())
        stream.start(begin, 1)
        events: list[object] = []
        wait_until(
            lambda: events.extend(stream.receive(0.2)) or isinstance((events or [0])[-1], module.Ended), "its end"
        )
        data = [one for one in events if isinstance(one, wal.Data)]
        assert data[-1].start + len(data[-1].data) == switch.position
        assert events[-1] == module.Ended(2, switch.position)
        stream.start(floor(switch.position), 2)
        read_to(stream, flushed(server))


def test_from_the_very_end_of_a_timeline_there_is_nothing_but_the_next(
    new_postgres: Callable[..., PostgresServer],
) -> None:
    server = new_postgres(17, options={"wal_keep_size": "64MB"})
    new_timeline(server)
    with stream_of(server) as stream:
        stream.ensure_slot()
        (switch,) = wal.read_history(stream.history(2).decode())
        stream.start(switch.position, 1)
        assert stream.receive(1) == [module.Ended(2, switch.position)]


def test_another_timeline_than_the_servers_is_gone(new_postgres: Callable[..., PostgresServer]) -> None:
    server = new_postgres(17)
    new_timeline(server)
    with stream_of(server) as stream:
        stream.ensure_slot()
        (switch,) = wal.read_history(stream.history(2).decode())
        with pytest.raises(WalGone, match="not in this server's history"):
            stream.start(switch.position + 8, 1)


def test_a_position_that_the_server_has_not_reached_is_gone(new_postgres: Callable[..., PostgresServer]) -> None:
    server = new_postgres(17)
    with stream_of(server) as stream:
        stream.ensure_slot()
        with pytest.raises(WalGone, match="ahead of the WAL flush position"):
            stream.start(flushed(server) + (64 << 20), 1)
            drain(stream)


def new_timeline(server: PostgresServer) -> None:
    """As after a restore: recovered to the end of what is there, and promoted."""
    server.stop()
    (server.data / "recovery.signal").touch()
    os.chown(server.data / "recovery.signal", (server.data / "PG_VERSION").stat().st_uid, -1)
    server.options["restore_command"] = "false"
    server.start()
    wait_until(lambda: server.sql("select pg_is_in_recovery()") == "f", "the promotion")


# --- breaking ----------------------------------------------------------------------------------------------------


def walsender(server: PostgresServer) -> int:
    return int(server.sql("select pid from pg_stat_replication"))


def test_a_terminated_sender_is_a_broken_stream(new_postgres: Callable[..., PostgresServer]) -> None:
    server = new_postgres(17)
    with stream_of(server) as stream:
        stream.start(floor(stream.ensure_slot().restart or 0), 1)
        os.kill(walsender(server), signal.SIGTERM)
        with pytest.raises(StreamBroke):
            drain(stream)


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_a_server_that_ends_is_a_broken_stream(new_postgres: Callable[..., PostgresServer], how: str) -> None:
    server = new_postgres(17)
    with stream_of(server) as stream:
        stream.start(floor(stream.ensure_slot().restart or 0), 1)
        with stream.question() as question:
            server.kill() if how == "kill" else server.stop("immediate")
            with pytest.raises(StreamBroke):
                drain(stream)
            with pytest.raises(StreamBroke):
                question.ask(datetime.now(UTC))
                wait_until(lambda: question.answer() is not None, "an answer", 10)


def test_a_server_that_is_away_and_a_role_that_may_not(new_postgres: Callable[..., PostgresServer]) -> None:
    server = new_postgres(17)
    server.sql("create role plain login")
    with pytest.raises(NotPermitted), open_stream(DsnWay(server.dsn(user="plain")), SLOT):
        pass
    server.stop()
    with pytest.raises(DatabaseUnreachable), open_stream(DsnWay(server.dsn()), SLOT):
        pass


def test_too_few_slots_are_told_with_their_cure(new_postgres: Callable[..., PostgresServer]) -> None:
    server = new_postgres(17, options={"max_replication_slots": "0"})
    with stream_of(server) as stream:
        with pytest.raises(OutliveError) as caught:
            stream.ensure_slot()
        assert "max_replication_slots" in f"{caught.value} {caught.value.hint}"


def test_sizes_as_servers_print_them() -> None:
    assert [setting_bytes(text) for text in ("1MB", "16MB", "1GB", "8kB", "512")] == [
        1 << 20,
        16 << 20,
        1 << 30,
        8 << 10,
        512,
    ]

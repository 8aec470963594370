"""The private socket: nothing of it is left, and it never holds anybody up."""

from __future__ import annotations

import socket
import stat
import sys
import threading
import time
from pathlib import Path

import pytest

from outlive.errors import DatabaseUnreachable
from outlive.lab.ground.process import wait_until
from outlive.transport.postgres_door import Door
from outlive.transport.process import Process
from outlive.transport.relay import PATIENCE_SECONDS, PORT, Relay
from tests.backup.postgres_copies import children

pytestmark = pytest.mark.slow

HANGS = (sys.executable, "-c", "import time; time.sleep(600)")
COMPLAINS = ("sh", "-c", "echo 'the way is blocked' >&2; exit 3")


def knock(relay: Relay) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(str(relay.directory / f".s.PGSQL.{PORT}"))
    return connection


def door(relay: Relay) -> Door:
    info = f"host={relay.directory} port={PORT} user=postgres"
    return Door(info, lambda argv: Process(argv), complaints=lambda: relay.complaints)


def test_nobody_else_may_come_in_and_nothing_is_left() -> None:
    threads, before = threading.active_count(), children()
    with Relay(("cat",)) as relay, knock(relay) as connection:
        assert stat.S_IMODE(relay.directory.stat().st_mode) == 0o700
        connection.sendall(b"hello")
        assert connection.recv(10) == b"hello"
    assert not relay.directory.exists() and children() <= before and threading.active_count() == threads


def test_nothing_is_left_after_an_error_with_a_child_that_hangs() -> None:
    threads, before = threading.active_count(), children()
    began = time.monotonic()
    with pytest.raises(ValueError), Relay(HANGS) as relay, knock(relay):
        wait_until(lambda: bool(children() - before), "the child")
        raise ValueError
    assert time.monotonic() - began < PATIENCE_SECONDS + 5
    assert not relay.directory.exists() and children() <= before and threading.active_count() == threads


def test_a_long_temporary_folder_is_no_trouble(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = tmp_path / ("deep" * 30)
    deep.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(deep))
    with Relay(("cat",)) as relay, knock(relay):
        assert len(str(relay.directory)) < 60


def test_what_the_way_complained_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with Relay(COMPLAINS) as relay, pytest.raises(DatabaseUnreachable, match="the way is blocked"):
        door(relay).connect("postgres")


def test_what_it_says_after_it_has_closed_the_connection_is_told_too() -> None:
    late = ("sh", "-c", "exec <&- >&-; sleep 0.3; echo 'the way is blocked' >&2; exit 3")
    with Relay(late) as relay, pytest.raises(DatabaseUnreachable, match="the way is blocked"):
        door(relay).connect("postgres")


def test_a_program_that_is_not_there_is_told() -> None:
    with Relay(("surely-not-there",)) as relay, pytest.raises(DatabaseUnreachable, match="surely-not-there: No such"):
        door(relay).connect("postgres")


@pytest.mark.slow
def test_a_way_that_hangs_is_given_up_within_half_a_minute() -> None:
    began = time.monotonic()
    with Relay(HANGS) as relay, pytest.raises(DatabaseUnreachable, match="timeout"):
        door(relay).connect("postgres")
    assert time.monotonic() - began < 30


@pytest.mark.slow
def test_a_server_that_only_begins_to_answer_is_given_up_too() -> None:
    """psycopg's own time-out covers the whole of connecting, not only the first byte."""
    drips = (sys.executable, "-u", "-c", "import time\nwhile 1: print('R', end=''); time.sleep(1)")
    began = time.monotonic()
    with Relay(drips) as relay, pytest.raises(DatabaseUnreachable):
        door(relay).connect("postgres")
    assert time.monotonic() - began < 30


def test_ended_children_are_not_kept() -> None:
    before = children()
    with Relay(("true",)) as relay:
        for _ in range(5):
            with knock(relay) as connection:
                assert connection.recv(1) == b""
        wait_until(lambda: len(children() - before) <= 3, "the children to be reaped")

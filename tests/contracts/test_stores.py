"""One contract for the keeper's memory, on SQLite and on a real Postgres."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.config import Config
from alembic.script import ScriptDirectory

from outlive.model.schedule import Beat, Due, Outcome
from outlive.state import migrations
from outlive.state.errors import StateFailed, StateHeld, StateTooNew, StateUnreachable
from outlive.state.store import Store, StreamRow
from outlive.state.tables import metadata
from tests.engine.databases import postgres_url, sqlite_url
from tests.world.postgres import PostgresServer

pytestmark = pytest.mark.slow

NOON = datetime(2026, 2, 7, 12, 0, 0, 123456, tzinfo=UTC)


def row(asset: str = "db", **changes: object) -> StreamRow:
    values = {
        "asset": asset,
        "health": "streaming",
        "since": NOON,
        "until": NOON + timedelta(seconds=3),
        "position": "0/16B3748",
        "bytes_at_risk": 7 << 32,
        "why": "",
        "advice": "say 'so'; -- ü",
        "told_at": NOON,
        "skew_seconds": -0.25,
    }
    return StreamRow(**{**values, **changes})  # type: ignore[arg-type]


def test_it_is_empty_at_first(store: Store) -> None:
    assert (store.dues(), store.outcomes(), store.stream_rows(), store.beat()) == ({}, {}, {}, None)


def test_what_was_written_is_there_after_a_restart(store: Store, url: str) -> None:
    due, outcome = Due("backup:db", NOON, 3, "backup:db:x-3"), Outcome("backup:db", "backup:db:x-3", NOON, False, "no")
    store.set_due(due)
    store.set_outcome(outcome)
    store.tell_stream(row())
    store.set_beat(Beat(NOON, NOON + timedelta(hours=1)))
    store.close()
    again = Store(url)
    try:
        assert again.dues() == {"backup:db": due}
        assert again.outcomes() == {"backup:db": outcome}
        assert again.stream_rows() == {"db": row()}
        assert again.beat() == Beat(NOON, NOON + timedelta(hours=1))
    finally:
        again.close()


def test_the_newest_word_replaces_the_older(store: Store) -> None:
    for number in range(3):
        store.set_due(Due("job", NOON + timedelta(days=number), number))
        store.set_outcome(Outcome("job", f"run-{number}", NOON, number == 2))
        store.tell_stream(row(bytes_at_risk=number))
        store.set_beat(Beat(NOON, NOON + timedelta(seconds=number)))
    assert store.dues() == {"job": Due("job", NOON + timedelta(days=2), 2)}
    assert store.outcomes()["job"] == Outcome("job", "run-2", NOON, True)
    assert store.stream_rows()["db"].bytes_at_risk == 2
    assert store.beat() == Beat(NOON, NOON + timedelta(seconds=2))


def test_rows_do_not_mix(store: Store) -> None:
    store.set_due(Due("a", NOON))
    store.set_due(Due("b", NOON + timedelta(days=1)))
    store.tell_stream(row("x"))
    store.tell_stream(row("y", until=None, bytes_at_risk=None, health="away", why="host down"))
    assert store.dues()["a"].next_due == NOON
    assert store.stream_rows()["x"].until == NOON + timedelta(seconds=3)
    assert (store.stream_rows()["y"].until, store.stream_rows()["y"].bytes_at_risk) == (None, None)


def test_forgotten_jobs_are_gone_with_their_outcomes(store: Store) -> None:
    for job in ("a", "b"):
        store.set_due(Due(job, NOON))
        store.set_outcome(Outcome(job, f"{job}:1", NOON, True))
    store.drop_dues({"b"})
    assert (set(store.dues()), set(store.outcomes())) == ({"b"}, {"b"})
    store.drop_dues(set())
    assert store.dues() == {}


def test_moments_come_back_in_utc_to_the_microsecond(store: Store) -> None:
    elsewhere = NOON.astimezone(timezone(timedelta(hours=-7)))
    store.set_due(Due("job", elsewhere))
    back = store.dues()["job"].next_due
    assert (back, back.utcoffset()) == (NOON, timedelta(0))


def test_a_naive_moment_is_refused(store: Store) -> None:
    with pytest.raises(StateFailed, match="without an offset"):
        store.set_due(Due("job", NOON.replace(tzinfo=None)))
    assert store.dues() == {}


def test_threads_may_write_at_the_same_time(store: Store) -> None:
    errors: list[Exception] = []

    def write(asset: str) -> None:
        try:
            for number in range(20):
                store.tell_stream(row(asset, bytes_at_risk=number))
        except Exception as error:  # noqa: BLE001 - whatever it is, the test is to show it
            errors.append(error)

    threads = [threading.Thread(target=write, args=(f"asset-{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert {one.bytes_at_risk for one in store.stream_rows().values()} == {19}


def test_two_may_have_it_open_and_one_may_read(store: Store, url: str) -> None:
    """`outlive status` reads while the keeper writes."""
    other = Store(url)
    try:
        store.set_due(Due("job", NOON))
        assert other.dues() == {"job": Due("job", NOON)}
    finally:
        other.close()


def test_the_tables_are_what_the_code_says(store: Store, url: str) -> None:
    """The versions, one after the other, make exactly `metadata`."""
    engine = sa.create_engine(url)
    found = sa.inspect(engine)
    for table in metadata.tables.values():
        columns = {column["name"]: column["nullable"] for column in found.get_columns(table.name)}
        assert columns == {column.name: bool(column.nullable) for column in table.columns}
    engine.dispose()


def test_an_older_state_is_brought_up_to_date_with_its_rows(url: str) -> None:
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        migrations.upgrade(connection, "0001")
        values = {"job": "backup:db", "due": NOON.replace(tzinfo=None)}
        connection.execute(sa.text("insert into schedules (job, next_due) values (:job, :due)"), values)
    engine.dispose()
    store = Store(url)
    try:
        assert store.dues() == {"backup:db": Due("backup:db", NOON, 0)}
        assert store.outcomes() == {}
    finally:
        store.close()


def test_a_state_of_a_newer_version_is_left_alone(url: str) -> None:
    Store(url).close()
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text("update alembic_version set version_num = '9999'"))
    engine.dispose()
    with pytest.raises(StateTooNew):
        Store(url)


def test_the_head_is_the_newest_file() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    assert ScriptDirectory.from_config(config).get_current_head() == migrations.HEAD


@pytest.mark.slow
def test_a_lock_of_some_seconds_is_waited_for(tmp_path: Path) -> None:
    store = Store(sqlite_url(tmp_path))
    other = sqlite3.connect(tmp_path / "state.db", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN EXCLUSIVE")
    timer = threading.Timer(2, lambda: other.execute("ROLLBACK"))
    timer.start()
    before = time.monotonic()
    try:
        store.set_due(Due("job", NOON))
        assert time.monotonic() - before > 1
        assert store.dues() == {"job": Due("job", NOON)}
    finally:
        timer.join()
        other.close()
        store.close()


@pytest.mark.slow
def test_a_full_disk_is_told(tiny_disk: Path) -> None:
    store = Store(sqlite_url(tiny_disk))
    ballast = tiny_disk / "ballast"
    with pytest.raises(OSError, match="space"):
        ballast.write_bytes(b"x" * (32 << 20))
    with pytest.raises(StateFailed, match="full"):
        for number in range(2000):
            store.set_due(Due(f"job-{number}", NOON, last_run="x" * 300))
    ballast.unlink()
    store.set_due(Due("job", NOON))
    store.close()


def test_a_folder_that_cannot_be_made_is_told() -> None:
    with pytest.raises(StateFailed, match="/proc/no"):
        Store("sqlite:////proc/no/state.db")


@pytest.mark.postgres
def test_on_postgres_one_keeper_holds_it(postgres: PostgresServer) -> None:
    url = postgres_url(postgres)
    first, second = Store(url), Store(url)
    try:
        first.hold()
        first.hold()
        with pytest.raises(StateHeld) as told:
            second.hold()
        assert told.value.exit_code == 5
        second.set_due(Due("job", NOON))
        first.close()
        second.hold()
    finally:
        first.close()
        second.close()


@pytest.mark.postgres
def test_a_hold_that_was_lost_is_noticed(new_postgres: Callable[..., PostgresServer]) -> None:
    """The server restarted, and somebody else was faster."""
    server = new_postgres(17)
    url = postgres_url(server)
    first, second = Store(url), Store(url)
    try:
        first.hold()
        server.stop("fast")
        with pytest.raises(StateUnreachable):
            first.hold()
        server.start()
        first.hold()
        server.stop("fast")
        server.start()
        second.hold()
        with pytest.raises(StateHeld):
            first.hold()
    finally:
        first.close()
        second.close()


def test_an_unreachable_server_is_no_data_and_keeps_the_password() -> None:
    with pytest.raises(StateUnreachable) as told:
        Store("postgresql+psycopg://someone:hush@127.0.0.1:1/x")
    assert told.value.exit_code == 3
    assert "hush" not in str(told.value)

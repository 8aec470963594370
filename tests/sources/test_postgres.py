"""Physical copies of real servers: what comes in, and how a copy that cannot be had is refused."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from outlive.backup.drill.verify import verify
from outlive.clock import SystemClock
from outlive.errors import DatabaseUnreachable, NotPermitted, SourceFailed
from outlive.lab.ground.process import wait_until
from outlive.model.asset import PostgresAsset
from outlive.sources.postgres import PostgresSource
from outlive.transport.postgres import DsnWay
from tests.backup.postgres_copies import DIGEST, Guard, children, dsn, fill, guarding, program_folder, verdicts
from tests.world.postgres import PostgresServer
from tests.world.postgres_trees import MAJORS, WITHOUT_SERVER_ZSTD

pytestmark = pytest.mark.postgres
NewServer = Callable[..., PostgresServer]


@pytest.fixture
def guard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Guard]:
    monkeypatch.setenv("OUTLIVE_POSTGRES_DIR", str(program_folder()))
    with guarding(tmp_path) as guard:
        yield guard


def load(server: PostgresServer, mebibytes: int) -> None:
    """Rows that do not compress."""
    server.sql(
        "create table bulk (id int, a bytea); alter table bulk alter a set storage external;"
        "insert into bulk select i, (select string_agg(decode(md5(random()::text || i || j), 'hex'), '')"
        f" from generate_series(1, 512) j) from generate_series(1, {mebibytes * 128}) i"
    )


@pytest.mark.parametrize("major", MAJORS)
@pytest.mark.parametrize("compress_on", ["keeper", "server"])
def test_a_whole_cluster_goes_in_and_comes_back(
    major: int, compress_on: str, guard: Guard, new_postgres: NewServer
) -> None:
    server = new_postgres(major, tablespaces=True)
    fill(server)
    server.sql("create table aside tablespace side as select id, 'x' as note from generate_series(1, 3000) id", "shop")
    copy = guard.physical(dsn(server), compress_on=compress_on)  # type: ignore[arg-type]
    on_server = compress_on == "server" and major not in WITHOUT_SERVER_ZSTD
    base = copy.manifest.stream("base.tar")
    assert base and base.frames == ("continuous" if on_server else "independent")
    assert bool(copy.manifest.warnings) == (compress_on == "server" and not on_server)
    assert copy.manifest.source["system_identifier"] == server.system_identifier
    assert verify(guard.vault, copy, [guard.key], now=SystemClock().now()).ok
    drilled = guard.drill(copy)
    found = verdicts(drilled.record.checks)
    assert drilled.record.ok and found["pg_verifybackup"] and found["indexes"] and found["rows"], drilled.record.checks
    with guard.restored(copy, major) as back, back.door().connect("shop") as connection:
        for table in ("orders", "aside"):
            row = connection.execute(DIGEST.format(table).encode()).fetchone()
            assert row and "|".join(map(str, row)) == server.sql(DIGEST.format(table), "shop")
        place = connection.execute("select pg_tablespace_location(oid) from pg_tablespace where spcname = 'side'")
        assert str(place.fetchone()[0]).startswith(str(guard.scratch))  # type: ignore[index]
        assert connection.execute("select rolname from pg_roles where rolname = 'o''neil; drop'").fetchone()
        assert connection.execute("select convert_from(lo_get(4711), 'UTF8')").fetchone() == ("big",)


def test_a_server_that_archives_in_vain_does_not_hold_the_copy_up(guard: Guard, new_postgres: NewServer) -> None:
    server = new_postgres(17, options={"archive_mode": "on", "archive_command": "false"})
    began = time.monotonic()
    assert guard.drill(guard.physical(dsn(server))).record.ok
    assert time.monotonic() - began < 40


def test_max_rate_is_kept(guard: Guard, new_postgres: NewServer) -> None:
    server = new_postgres(17)
    began = time.monotonic()
    copy = guard.physical(dsn(server), max_rate_bytes=8 << 20)
    assert time.monotonic() - began > 0.7 * copy.manifest.plain_bytes / (8 << 20)


def test_a_password_is_used_and_kept_out_of_everything(
    guard: Guard, new_postgres: NewServer, caplog: pytest.LogCaptureFixture
) -> None:
    server = new_postgres(17, auth="scram")
    caplog.set_level("DEBUG", "outlive")
    way = DsnWay(server.dsn())
    copy = guard.physical(way)
    assert "correct horse" not in repr(way) + repr(copy) + caplog.text
    assert all("correct horse" not in guard.vault.get(info.key).decode("latin-1") for info in guard.vault.walk(""))


def test_the_wrong_password_is_no_statement_about_the_data(guard: Guard, new_postgres: NewServer) -> None:
    server = new_postgres(17, auth="scram")
    wrong = server.dsn().replace("correct horse", "wrong")
    with pytest.raises(DatabaseUnreachable, match="password authentication failed") as caught:
        guard.physical(DsnWay(wrong))
    assert caught.value.exit_code == 3 and "password of role postgres" in caught.value.hint
    assert guard.copies() == []


@pytest.mark.parametrize("major", [14, 15, 16, 17, 18])
def test_a_role_without_replication_is_told_the_statement_that_helps(
    major: int, guard: Guard, new_postgres: NewServer
) -> None:
    server = new_postgres(major)
    server.sql('create role "back up" login')
    way = DsnWay(server.dsn().replace("user=postgres", "user='back up'"))
    with pytest.raises(NotPermitted) as caught:
        guard.physical(way)
    assert caught.value.exit_code == 5 and 'ALTER ROLE "back up" REPLICATION;' in caught.value.hint
    server.sql('alter role "back up" replication')
    assert guard.drill(guard.physical(way)).record.ok


def test_pg_hba_that_refuses_replication_is_told_the_line(guard: Guard, new_postgres: NewServer) -> None:
    server = new_postgres(17)
    hba = server.data / "pg_hba.conf"
    hba.write_text("local all all trust\nhost all all 127.0.0.1/32 trust\n")
    server.sql("select pg_reload_conf()")
    wait_until(lambda: "pg_hba.conf" in server.log_text() or bool(server.sql("select 1")), "reload")
    time.sleep(0.3)
    with pytest.raises(NotPermitted) as caught:
        guard.physical(dsn(server))
    assert 'host replication "postgres"' in caught.value.hint


@pytest.mark.parametrize(
    ("setting", "cure"), [({"max_wal_senders": "0"}, "max_wal_senders"), ({"wal_level": "minimal"}, "wal_level")]
)
def test_a_server_that_is_not_set_up_for_it_is_told_how(
    setting: dict[str, str], cure: str, guard: Guard, new_postgres: NewServer
) -> None:
    server = new_postgres(17, options={"max_wal_senders": "0", **setting})
    with pytest.raises(SourceFailed) as caught:
        guard.physical(dsn(server))
    assert cure in caught.value.hint or "max_wal_senders" in caught.value.hint


def test_nobody_at_the_address(guard: Guard, new_postgres: NewServer) -> None:
    server = new_postgres(17)
    server.stop()
    with pytest.raises(DatabaseUnreachable, match="refused") as caught:
        guard.physical(dsn(server))
    assert caught.value.exit_code == 3 and guard.copies() == []


def interrupted(server: PostgresServer, guard: Guard, act: Callable[[int], object]) -> SourceFailed:
    """The error of a copy whose server is acted upon midway; `act` is given the pid of its walsender."""
    load(server, 24)
    first = guard.physical(dsn(server))
    walsender = "select pid from pg_stat_activity where backend_type = 'walsender' and query like 'BASE_BACKUP%'"

    def strike() -> None:
        wait_until(lambda: bool(server.sql(walsender)), "the walsender")
        time.sleep(0.5)
        act(int(server.sql(walsender)))

    thread = threading.Thread(target=strike)
    thread.start()
    with pytest.raises(SourceFailed) as caught:
        guard.physical(dsn(server), max_rate_bytes=4 << 20, stall_seconds=2)
    thread.join()
    assert guard.copies() == [first.id], "no manifest, and the earlier copy is still there"
    return caught.value


@pytest.mark.parametrize("how", ["kill", "immediate", "fast"])
def test_a_server_that_dies_midway(how: str, guard: Guard, new_postgres: NewServer) -> None:
    server = new_postgres(17)
    before, threads = children(), threading.active_count()
    interrupted(server, guard, lambda _: server.kill() if how == "kill" else server.stop(how))  # type: ignore[arg-type]
    assert children() <= before and threading.active_count() == threads


def test_a_walsender_that_is_ended(guard: Guard, new_postgres: NewServer) -> None:
    server = new_postgres(17)
    error = interrupted(server, guard, lambda pid: server.sql(f"select pg_terminate_backend({pid})"))
    assert "administrator" in str(error) or "broke" in str(error)


def test_a_server_that_says_nothing_any_more(guard: Guard, new_postgres: NewServer) -> None:
    server = new_postgres(17)
    stopped: list[int] = []

    def stall(pid: int) -> None:
        os.kill(pid, signal.SIGSTOP)
        stopped.append(pid)

    began = time.monotonic()
    try:
        error = interrupted(server, guard, stall)
    finally:
        for pid in stopped:
            os.kill(pid, signal.SIGCONT)
    assert "has sent nothing for 2 s" in str(error) and time.monotonic() - began < 60


def test_giving_up_midway_leaves_no_base_backup_running(guard: Guard, new_postgres: NewServer) -> None:
    """When the vault fails, the server must not go on reading the whole cluster for nobody."""
    server = new_postgres(17)
    load(server, 24)
    asset = PostgresAsset(name="shop", max_rate_bytes=1 << 20)
    source = PostgresSource(asset, dsn(server), SystemClock(), remote=False)
    threads = threading.active_count()
    with pytest.raises(RuntimeError, match="no room"), source.capture() as capture:
        stream = next(iter(capture.streams()))
        next(iter(stream.chunks))
        raise RuntimeError("no room")
    wait_until(
        lambda: not server.sql("select pid from pg_stat_activity where backend_type = 'walsender'"), "its end", 10
    )
    assert threading.active_count() == threads
    assert server.sql("select application_name from pg_stat_activity where application_name = 'outlive'") == ""


def test_everything_committed_before_data_until_is_in_the_copy(guard: Guard, new_postgres: NewServer) -> None:
    server = new_postgres(17)
    server.sql("create table ticks (at timestamptz default clock_timestamp())")
    over = threading.Event()

    def write() -> None:
        while not over.is_set():
            server.sql("insert into ticks default values")

    thread = threading.Thread(target=write)
    thread.start()
    try:
        copy = guard.physical(dsn(server), max_rate_bytes=16 << 20)
    finally:
        over.set()
        thread.join()
    until = copy.manifest.data_until.isoformat()
    with guard.restored(copy, 17) as back, back.door().connect("postgres") as connection:
        query = f"select count(*) from ticks where at < '{until}'"
        row = connection.execute(query.encode()).fetchone()
        assert row and str(row[0]) == server.sql(query) and int(str(row[0])) > 0


def test_a_configuration_outside_of_the_data_directory_is_told(guard: Guard, new_postgres: NewServer) -> None:
    server = new_postgres(17)
    server.stop()
    outside = server.home / "postgresql.conf"  # type: ignore[operator]
    outside.write_text("max_prepared_transactions = 7\nshared_preload_libraries = 'pg_prewarm'\n")
    outside.chmod(0o644)
    (server.data / "postgresql.conf").unlink()
    server.options["config_file"] = str(outside)
    server.start()
    server.sql("begin; create table held (id int); prepare transaction 'held'")
    copy = guard.physical(dsn(server))
    assert any("lie outside" in warning for warning in copy.manifest.warnings)
    drilled = guard.drill(copy)
    assert drilled.record.ok, drilled.record.checks

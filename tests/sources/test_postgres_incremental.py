"""Copies of what changed, of real servers: what goes in comes back, and when a full copy is taken instead."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from outlive.backup.copies import catalog
from outlive.backup.drill.verify import verify
from outlive.backup.streams.prior import find_prior
from outlive.clock import SystemClock
from outlive.errors import KeysError
from outlive.lab.ground.process import give_to_nobody, wait_until
from outlive.model.chain import MOST, Full, Origin
from outlive.model.copy import Copy
from outlive.transport.local import LocalShell
from outlive.transport.postgres import ContainerWay
from tests.backup.postgres_copies import DIGEST, Guard, dsn, guarding, program_folder, verdicts
from tests.world.postgres import PostgresServer
from tests.world.postgres_container import PostgresContainer

pytestmark = [pytest.mark.postgres, pytest.mark.slow]
NewServer = Callable[..., PostgresServer]
IN_IMAGE = 999  # the user `postgres` there
SUMMARIES = {"summarize_wal": "on"}
TABLES = "select coalesce(string_agg(tablename, ' ' order by tablename), '') from pg_tables where schemaname = 'public'"
ROWS = "as select i as id, md5(i::text) as note from generate_series(1, {}) i"


@pytest.fixture
def guard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Guard]:
    monkeypatch.setenv("OUTLIVE_POSTGRES_DIR", str(program_folder()))
    with guarding(tmp_path) as guard:
        yield guard


def seen(ask: Callable[[str], str]) -> dict[str, str]:
    """What is in the database, however it is asked."""
    found = {name: ask(DIGEST.format(name)) for name in ask(TABLES).split()}
    return found | {"databases": ask("select string_agg(datname, ' ' order by datname) from pg_database")}


def came_back(guard: Guard, copy: Copy, major: int) -> dict[str, str]:
    with guard.restored(copy, major) as back, back.door().connect("postgres") as connection:

        def ask(query: str) -> str:
            row = connection.execute(query.encode()).fetchone()
            return "|".join("" if value is None else str(value) for value in row or ())

        place = ask("select pg_tablespace_location(oid) from pg_tablespace where spcname = 'side'")
        assert place.startswith(str(guard.scratch))
        return seen(ask)


@pytest.mark.parametrize(("major", "compress_on"), [(17, "keeper"), (18, "server")])
def test_what_changed_came_and_went_comes_back(
    major: int, compress_on: str, guard: Guard, new_postgres: NewServer
) -> None:
    """A row of four: at each of them the cluster comes back as it was then."""
    server = new_postgres(major, tablespaces=True, options=SUMMARIES)
    late = server.home / "late"  # type: ignore[operator]
    late.mkdir()
    give_to_nobody(late)
    steps = (
        f"create table stays {ROWS.format(40000)}; create table changes {ROWS.format(40000)};"
        f"create table goes {ROWS.format(100)}; create table aside tablespace side {ROWS.format(20000)}",
        "update changes set note = 'x' where id % 997 = 0; drop table goes; delete from aside where id > 15000;"
        f"create table comes tablespace side {ROWS.format(50)}; vacuum aside;"
        f"create tablespace late location '{late}'; create table in_late tablespace late {ROWS.format(70)}",
        "create database extra; truncate comes; insert into comes select 1, 'again'; alter table aside set tablespace"
        " pg_default",
        "drop table in_late; drop tablespace late; drop database extra; drop table changes;"
        "create table changes (id int, note text); create index on stays (note); alter table stays set tablespace side",
    )
    copies, then = [], []
    for step in steps:
        for statement in step.split(";"):
            server.sql(statement)
        then.append(seen(server.sql))
        copies.append(guard.physical(dsn(server), compress_on=compress_on, incremental="always"))  # type: ignore[arg-type]
    assert [copy.manifest.parent for copy in copies] == [None, *(copy.id for copy in copies[:-1])]
    assert all(copy.manifest.warnings == () and not copy.broken for copy in copies)
    assert max(copy.manifest.stored_bytes for copy in copies[1:3]) < copies[0].manifest.stored_bytes / 2
    assert verify(guard.vault, copies[-1], [guard.key], now=SystemClock().now()).ok
    assert all(copy.proof.rank == 1 for copy in catalog.copies(guard.vault, "shop")), "all members were read"
    drilled = guard.drill(copies[-1])
    found = verdicts(drilled.record.checks)
    assert drilled.record.ok and found["pg_verifybackup"] and found["indexes"] and found["rows"], drilled.record.checks
    for number in (1, 3):
        assert came_back(guard, copies[number], major) == then[number]


def test_after_seven_a_full_copy_and_the_longest_chain_is_green(guard: Guard, new_postgres: NewServer) -> None:
    server = new_postgres(17, options=SUMMARIES)
    server.sql("create table t (id int)")
    copies = []
    for number in range(MOST + 2):
        server.sql(f"insert into t values ({number})")
        copies.append(guard.physical(dsn(server), incremental="always"))
    ids: list[str | None] = [copy.id for copy in copies]
    assert [copy.manifest.parent for copy in copies] == [None, *ids[:MOST], None]
    assert copies[-1].manifest.warnings == ()
    drilled = guard.drill(copies[MOST])
    assert drilled.record.ok, drilled.record.checks


def test_the_server_says_no_and_a_full_copy_says_why(guard: Guard, new_postgres: NewServer) -> None:
    server = new_postgres(17, options=SUMMARIES)
    first = guard.physical(dsn(server), incremental="always")
    server.sql("create table t (id int); checkpoint")
    since = f"select count(*) from pg_available_wal_summaries() where end_lsn > '{first.manifest.source['start_lsn']}'"
    wait_until(lambda: server.sql(since) != "0", "the log to be summarized")
    for summary in (server.data / "pg_wal" / "summaries").iterdir():
        summary.unlink()
    second = guard.physical(dsn(server), incremental="always")
    (warning,) = second.manifest.warnings
    assert second.manifest.parent is None
    assert warning.startswith(
        f"A full copy was taken, not one of what changed: the server will not build on copy {first.id}"
    )
    assert "summaries" in warning
    assert guard.drill(second).record.ok
    third = guard.physical(dsn(server), incremental="always")
    assert (third.manifest.parent, third.manifest.warnings) == (second.id, ())


@pytest.mark.parametrize(("major", "said"), [(16, "only Postgres 17"), (17, "summarize_wal = on")])
def test_a_server_that_cannot_is_told_how_only_when_it_was_asked_for(
    major: int, said: str, guard: Guard, new_postgres: NewServer
) -> None:
    server = new_postgres(major)
    for incremental, warned in (("always", True), ("auto", False), ("never", False)):
        copy = guard.physical(dsn(server), incremental=incremental)  # type: ignore[arg-type]
        assert copy.manifest.parent is None
        assert [said in warning for warning in copy.manifest.warnings] == [True] * warned


def test_a_small_cluster_gets_full_copies_by_itself(guard: Guard, new_postgres: NewServer) -> None:
    server = new_postgres(17, options=SUMMARIES)
    copies = [guard.physical(dsn(server)) for _ in range(2)]
    assert [(copy.manifest.parent, copy.manifest.warnings) for copy in copies] == [(None, ()), (None, ())]


def test_nothing_is_built_on_what_is_not_all_there_or_cannot_be_opened(guard: Guard, new_postgres: NewServer) -> None:
    server = new_postgres(17, options=SUMMARIES)
    first = guard.physical(dsn(server), incremental="always")
    origin = Origin(first.manifest.lineage, 1, True)

    def without_a_key() -> list[object]:
        raise KeysError("no private key is named.", hint="Name one.")

    keyless = find_prior(guard.vault, "shop", origin, first.manifest.recipients, without_a_key)
    assert isinstance(keyless, Full) and keyless.is_trouble and "no private key is named. Name one." in keyless.why
    part = first.manifest.streams[0].parts[-1]
    guard.vault.delete(f"copies/shop/{first.id}/{part.file}")
    second = guard.physical(dsn(server), incremental="always")
    assert second.manifest.parent is None and part.file in second.manifest.warnings[0]


@pytest.mark.docker
def test_the_members_are_combined_in_production_s_image(
    guard: Guard, postgres_container: Callable[..., PostgresContainer]
) -> None:
    container = postgres_container()
    container.sql("alter system set summarize_wal = on")
    container.sql(f"select pg_reload_conf(); create table orders {ROWS.format(3000)}")
    way = ContainerWay(LocalShell(), container.name, 5432, "postgres", None)
    guard.physical(way, incremental="always")
    container.sql("update orders set note = 'x' where id = 7")
    copy = guard.physical(way, incremental="always")
    assert copy.manifest.parent
    drilled = guard.drill(copy)
    assert drilled.record.ok, drilled.record.checks
    assert drilled.programs == "image outlive-test/postgres:17"
    guard.restore(copy, str(guard.scratch / "data"))
    for name in ("PG_VERSION", "base", "backup_label"):
        owner = (guard.scratch / "data" / name).stat().st_uid
        assert owner == (IN_IMAGE if os.geteuid() == 0 else os.geteuid()), "as it was in production"

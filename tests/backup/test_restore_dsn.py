"""Into a running server: everything comes back, and nothing that was there is touched."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from outlive.errors import DatabaseUnreachable, OutliveError, Refused, RestoreFailed
from outlive.transport.postgres import DsnWay
from tests.backup.postgres_copies import DIGEST, ODD, Guard, dsn, fill, guarding, libpq, program_folder
from tests.world.postgres import PostgresServer
from tests.world.postgres_trees import MAJORS

pytestmark = pytest.mark.postgres
NewServer = Callable[..., PostgresServer]


@pytest.fixture
def guard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Guard]:
    monkeypatch.setenv("OUTLIVE_POSTGRES_DIR", str(program_folder()))
    with guarding(tmp_path) as guard:
        yield guard


def everything(server: PostgresServer) -> str:
    """The server as SQL: roles, databases, rows."""
    from tests.world.process import run  # the whole of it, as pg_dumpall sees it

    text = run([server.bin("pg_dumpall"), "-d", server.socket_dsn()], unprivileged=True)
    return "\n".join(line for line in text.splitlines() if "restrict " not in line)


def same(one: PostgresServer, other: PostgresServer, *databases: str) -> None:
    for name in databases:
        where = libpq(name)
        assert one.sql(DIGEST.format("orders"), where) == other.sql(DIGEST.format("orders"), where)
        assert other.sql("select convert_from(lo_get(4711), 'UTF8')", where) == "big"
        assert one.sql("select relacl from pg_class where relname = 'orders'", where) == other.sql(
            "select relacl from pg_class where relname = 'orders'", where
        )
    settings = (
        "select datname, setrole::regrole, unnest(setconfig) from pg_db_role_setting s join pg_database d"
        " on d.oid = setdatabase order by 1, 2, 3"
    )
    assert one.sql(settings) == other.sql(settings)
    assert one.sql("select datacl from pg_database where datname = 'shop'") == other.sql(
        "select datacl from pg_database where datname = 'shop'"
    )
    members = "select roleid::regrole, member::regrole from pg_auth_members where roleid > 16000 order by 1, 2"
    assert one.sql(members) == other.sql(members) != ""


@pytest.mark.parametrize("kind", ["physical", "logical"])
@pytest.mark.parametrize("major", MAJORS)
def test_a_whole_server_comes_back_into_an_empty_one(
    kind: str, major: int, guard: Guard, new_postgres: NewServer
) -> None:
    server, empty = new_postgres(major), new_postgres(major)
    fill(server)
    server.sql("create table orders as select 1 as id, 'x' as note; select lo_from_bytea(4711, 'big')")
    copy = guard.physical(dsn(server)) if kind == "physical" else guard.logical(dsn(server))
    restored = guard.restore(copy, empty.dsn())
    same(server, empty, "postgres", "shop", ODD)
    assert any("stay as they were: postgres" in note for note in restored.next_steps)


def test_a_newer_server_takes_it(guard: Guard, new_postgres: NewServer) -> None:
    server, newer = new_postgres(14), new_postgres(18)
    fill(server)
    guard.restore(guard.logical(dsn(server)), newer.dsn())
    same(server, newer, "shop", ODD)


@pytest.mark.parametrize("kind", ["physical", "logical"])
def test_an_older_server_is_refused_before_anything_is_changed(
    kind: str, guard: Guard, new_postgres: NewServer
) -> None:
    server, older = new_postgres(17), new_postgres(16)
    fill(server)
    copy = guard.physical(dsn(server)) if kind == "physical" else guard.logical(dsn(server))
    before = everything(older)
    with pytest.raises(Refused, match="runs Postgres 16, the copy is of 17") as caught:
        guard.restore(copy, older.dsn())
    assert caught.value.exit_code == 4 and everything(older) == before


THINGS = {
    "table": "create table t as select 1 as id",
    "view": "create view v as select 1 as id",
    "function": "create function f() returns int language sql as 'select 1'",
    "schema": "create schema s",
    "sequence": "create sequence s",
    "large object": "select lo_from_bytea(1, 'x')",
}


@pytest.mark.parametrize("thing", THINGS)
def test_existing_data_is_refused_and_stays(thing: str, guard: Guard, new_postgres: NewServer) -> None:
    server, target = new_postgres(17), new_postgres(17)
    fill(server)
    target.sql("create database shop")
    target.sql(THINGS[thing], "shop")
    copy = guard.logical(dsn(server))
    before = everything(target)
    with pytest.raises(Refused, match="'shop' at the target holds 1") as caught:
        guard.restore(copy, target.dsn())
    assert caught.value.exit_code == 4 and everything(target) == before


def test_an_extension_is_no_data(guard: Guard, new_postgres: NewServer) -> None:
    server, target = new_postgres(17), new_postgres(17)
    fill(server)
    target.sql("create extension pg_stat_statements")
    guard.restore(guard.logical(dsn(server)), target.dsn())
    same(server, target, "shop", ODD)


def test_one_database_goes_where_the_dsn_says(guard: Guard, new_postgres: NewServer) -> None:
    server, target = new_postgres(17), new_postgres(17)
    server.sql(
        "create database shop; alter database shop set work_mem = '9MB'; alter database shop set search_path = a, b"
    )
    server.sql("create table orders as select i as id, 'x' as note from generate_series(1, 99) i", "shop")
    target.sql('create database "an other"')
    guard.restore(guard.logical(dsn(server)), target.dsn("'an other'"))
    assert target.sql("select count(*) from public.orders", "'an other'") == "99"
    assert target.sql("show work_mem; show search_path", "'an other'") == "9MB\na, b"
    assert target.sql("select datname from pg_database where datname = 'shop'") == ""


def test_roles_that_are_there_keep_their_password(guard: Guard, new_postgres: NewServer) -> None:
    server, target = new_postgres(17), new_postgres(17)
    fill(server)
    target.sql("create role app password 'mine'")
    was = target.sql("select rolpassword, rolcanlogin from pg_authid where rolname = 'app'")
    restored = guard.restore(guard.logical(dsn(server)), target.dsn())
    assert target.sql("select rolpassword, rolcanlogin from pg_authid where rolname = 'app'") == was
    assert any("app, postgres" in note for note in restored.next_steps)


def test_tablespaces_of_the_old_machine_are_not_wanted(guard: Guard, new_postgres: NewServer) -> None:
    server, target = new_postgres(17, tablespaces=True), new_postgres(17)
    fill(server)
    server.sql("create database far tablespace side; alter role app set work_mem = '5MB'")
    server.sql("create table orders tablespace side as select 1 as id, 'x' as note")
    restored = guard.restore(guard.logical(dsn(server)), target.dsn())
    assert target.sql("select count(*) from orders") == "1"
    assert target.sql("select spcname from pg_tablespace where spcname = 'side'") == ""
    assert any("no tablespace side" in note for note in restored.next_steps)


@pytest.mark.parametrize("major", [15, 17])
def test_somebody_who_is_no_superuser_gets_it_all(major: int, guard: Guard, new_postgres: NewServer) -> None:
    """As on a managed server: what is refused of the roles is told, the data are there."""
    server, managed = new_postgres(major), new_postgres(major)
    fill(server)
    managed.sql("create role master login createdb createrole")
    restored = guard.restore(guard.logical(dsn(server)), managed.dsn(user="master"))
    assert managed.sql(DIGEST.format("orders"), "shop") == server.sql(DIGEST.format("orders"), "shop")
    assert managed.sql("select rolname from pg_roles where rolname in ('app', 'reader')") == "app\nreader"
    assert restored.next_steps


def test_a_dump_that_breaks_leaves_the_empty_database_empty(guard: Guard, new_postgres: NewServer) -> None:
    """The part of a dump that is missing is noticed while it is poured; what had been loaded is taken back."""
    server, target = new_postgres(17), new_postgres(17)
    server.sql("create table orders as select i as id, md5(i::text) as note from generate_series(1, 200000) i")
    copy = guard.logical(dsn(server))
    stream = copy.manifest.stream("000.dump")
    assert stream and len(stream.parts) > 2
    guard.vault.delete(f"copies/shop/{copy.id}/{stream.parts[-1].file}")
    with pytest.raises(OutliveError, match="is missing"):
        guard.restore(copy, target.dsn())
    assert target.sql("select count(*) from pg_class where relname = 'orders'") == "0"


def test_what_the_target_cannot_make_fails_loudly(guard: Guard, new_postgres: NewServer) -> None:
    server, target = new_postgres(17), new_postgres(17)
    server.sql("create database shop; create role app; grant create on database shop to app")
    server.sql(
        "create table orders as select 1 as id; create function f() returns int language plpgsql as 'begin end'", "shop"
    )
    copy = guard.logical(dsn(server))
    target.sql("alter system set default_transaction_read_only = on")
    target.sql("select pg_reload_conf()")
    with pytest.raises(RestoreFailed) as caught:
        guard.restore(copy, target.dsn())
    assert caught.value.exit_code == 5


def test_nobody_answers(guard: Guard, new_postgres: NewServer) -> None:
    server, target = new_postgres(17), new_postgres(17)
    copy = guard.logical(dsn(server))
    target.stop()
    with pytest.raises(DatabaseUnreachable):
        guard.restore(copy, target.dsn())


def test_a_password_for_the_target_stays_out_of_sight(guard: Guard, new_postgres: NewServer) -> None:
    server, target = new_postgres(17), new_postgres(17, auth="scram")
    fill(server)
    guard.restore(guard.logical(DsnWay(server.dsn())), target.dsn())
    same(server, target, "shop", ODD)
    with pytest.raises(DatabaseUnreachable) as caught:
        guard.restore(guard.logical(dsn(server)), target.dsn().replace("correct", "incorrect"))
    assert "incorrect" not in str(caught.value) + caught.value.hint

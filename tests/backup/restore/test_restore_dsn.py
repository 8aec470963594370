"""Into a running server: everything comes back, and nothing that was there is touched."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from outlive.backup.copies.compare import compare
from outlive.backup.copies.layout import copy_folder
from outlive.backup.restore.restore import Restored
from outlive.errors import DatabaseUnreachable, Refused, RestoreFailed
from outlive.model.copy import Copy
from outlive.sources.postgres_inventory import inventory
from tests.backup.postgres_copies import DIGEST, ODD, Guard, dsn, guarding, libpq, program_folder
from tests.backup.restore.rich import everything, fill_richly, roles_and_rights
from tests.world.need import need
from tests.world.postgres import PostgresServer

pytestmark = [pytest.mark.postgres, pytest.mark.slow]
NewServer = Callable[..., PostgresServer]


class World:
    """Rich servers and their copies, each made once."""

    def __init__(self, guard: Guard, new_server: NewServer) -> None:
        self.guard = guard
        self._new_server = new_server
        self.source = cache(self._source)
        self.copy = cache(self._copy)

    def _source(self, major: int) -> PostgresServer:
        server = self._new_server(major, tablespaces=True)
        fill_richly(server, for_superusers=major % 2 == 0)
        return server

    def _copy(self, major: int, kind: str) -> Copy:
        way = dsn(self.source(major))
        return self.guard.physical(way) if kind == "physical" else self.guard.logical(way)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with pytest.MonkeyPatch.context() as patch, ExitStack() as stack:
        patch.setenv("OUTLIVE_POSTGRES_DIR", str(program_folder()))

        def new_server(major: int, **settings: Any) -> PostgresServer:
            return need("postgres", lambda: stack.enter_context(PostgresServer(major, **settings)))

        yield World(stack.enter_context(guarding(tmp_path_factory.mktemp("dsn"))), new_server)


CASES = [
    *(("logical", major, major) for major in (14, 15, 16, 17, 18)),
    ("physical", 17, 17),
    ("logical", 14, 18),
    ("physical", 14, 18),
]
# What a newer pg_dump says otherwise of an older server: to whom the schema public belongs, and in whose name things are.
SAID_OTHERWISE = re.compile(
    r"GRANT .* TO |(ALTER|REVOKE USAGE ON) SCHEMA public |GRANT ALL ON SCHEMA public | SELECT |    "
)


@pytest.mark.parametrize(("kind", "major", "into"), CASES)
def test_a_whole_server_comes_back(kind: str, major: int, into: int, world: World, new_postgres: NewServer) -> None:
    source, target, copy = world.source(major), new_postgres(into), world.copy(major, kind)
    restored = world.guard.restore(copy, target.dsn())
    assert (
        restored.warnings == () and told(restored, "no tablespace side") and told(restored, "as they were: postgres.")
    )
    was, now = everything(source, into), everything(target, into)
    differ = sorted({*(was - now), *(now - was)})
    assert [line for line in differ if major == into or not SAID_OTHERWISE.match(line)] == []
    assert told(restored, "schema public") is (major < 15 <= into)
    wanted = world.guard.inventory(copy)
    with dsn(target).open() as door:
        found = inventory(door, count_all=True)
    checks = compare(wanted["before"], wanted["after"], found, logical=True)
    assert [check for check in checks if not check.ok] == []
    assert roles_and_rights(target) == roles_and_rights(source)


def told(restored: Restored, words: str) -> bool:
    return any(words in line for line in restored.next_steps)


def test_an_older_server_is_refused_before_anything_is_changed(world: World, new_postgres: NewServer) -> None:
    older = new_postgres(16)
    before = everything(older, 16)
    for kind in ("physical", "logical"):
        with pytest.raises(Refused, match="runs Postgres 16, the copy is of 17") as caught:
            world.guard.restore(world.copy(17, kind), older.dsn())
        assert caught.value.exit_code == 4
    assert everything(older, 16) == before


THINGS = {
    "table t": "as select 1 as id",
    "view v": "as select 1 as id",
    "function f()": "returns int language sql as 'select 1'",
    "schema s": "",
    "sequence s": "",
    "large object": "select lo_from_bytea(1, 'x')",
}


def test_existing_data_is_refused_and_stays(world: World, new_postgres: NewServer) -> None:
    target = new_postgres(17)
    target.sql("create database shop; create extension hstore; create role app password 'mine'")
    before = everything(target, 17)
    for name, words in THINGS.items():
        target.sql(words if name == "large object" else f"create {name} {words}", "shop")
        with pytest.raises(Refused, match="'shop' at the target holds 1") as caught:
            world.guard.restore(world.copy(17, "logical"), target.dsn())
        assert caught.value.exit_code == 4
        target.sql(
            "select lo_unlink(1)" if name == "large object" else f"drop {name}", "shop"
        )  # it is there to be dropped
    assert everything(target, 17) == before
    target.sql("create database far; create table t (id int)")
    with pytest.raises(Refused, match="'postgres' at the target holds 1"):
        world.guard.restore(world.copy(17, "physical"), target.dsn())


def test_empty_databases_and_roles_that_are_there_are_used(world: World, new_postgres: NewServer) -> None:
    """An extension is no data; and a role keeps what it has, its password too."""
    source, target = world.source(17), new_postgres(17)
    target.sql("create database shop; create extension hstore; create role app password 'mine' connection limit 3")
    target.sql("create extension pg_stat_statements", "shop")
    was = target.sql("select rolpassword, rolcanlogin, rolconnlimit from pg_authid where rolname = 'app'")
    restored = world.guard.restore(world.copy(17, "logical"), target.dsn())
    assert told(restored, "app, postgres.") and restored.warnings == ()
    assert target.sql("select rolpassword, rolcanlogin, rolconnlimit from pg_authid where rolname = 'app'") == was
    for name in ("shop", libpq(ODD)):
        assert target.sql(DIGEST.format("orders"), name) == source.sql(DIGEST.format("orders"), name)
    settings = "select setrole::regrole, unnest(setconfig) from pg_db_role_setting where setdatabase <> 0 order by 1, 2"
    assert target.sql(settings) == source.sql(settings) != ""
    assert "reader" in target.sql("select array_agg(grantee) from information_schema.table_privileges", "shop")


def test_one_database_goes_where_the_dsn_says(world: World, new_postgres: NewServer) -> None:
    """Unless it says `postgres`: that is how one names a server."""
    source, target = new_postgres(17), new_postgres(17)
    source.sql("create database shop; alter database shop set work_mem = '9MB'; comment on database shop is 'ours'")
    source.sql("alter database shop set search_path = a, b; create table orders as select 1 as id", "shop")
    copy = world.guard.logical(dsn(source))
    target.sql('create database "an other"')
    world.guard.restore(copy, target.dsn("'an other'"))
    assert target.sql("select count(*) from public.orders; show work_mem; show search_path", "'an other'") == (
        "1\n9MB\na, b"
    )
    assert (
        target.sql("select shobj_description(oid, 'pg_database') from pg_database where datname = 'an other'") == "ours"
    )
    assert target.sql("select datname from pg_database where datname = 'shop'") == ""
    world.guard.restore(copy, target.dsn())
    assert target.sql("select count(*) from public.orders", "shop") == "1"
    with pytest.raises(DatabaseUnreachable, match='"nowhere" does not exist'):
        world.guard.restore(copy, target.dsn("nowhere"))


@pytest.mark.parametrize("major", [15, 17])
def test_a_login_that_is_no_superuser_gets_the_data(major: int, world: World, new_postgres: NewServer) -> None:
    """As on a managed server. Before and after 16, where CREATEROLE became less."""
    source, managed = world.source(major), new_postgres(major)
    managed.sql("create role master login createdb createrole")
    restored = world.guard.restore(world.copy(major, "logical"), managed.dsn(user="master"))
    said = "\n".join(restored.warnings)
    for refused in (
        "ALTER ROLE reader WITH REPLICATION: ",
        "ALTER ROLE reader WITH BYPASSRLS: ",
        "ALTER ROLE chief WITH SUPERUSER: ",
        "the owner postgres of 'mine'",
        "were refused to this login",
        "Database 'mine': the setting log_statement was refused: ",
    ):
        assert refused in said
    assert "SCRAM" not in said and "'mod'" not in said, "neither passwords nor values"
    assert told(restored, "is now a member of: app, boss, chief, o'neil; drop, reader.")
    for question in (
        "select rolname, rolcanlogin, rolconnlimit, rolpassword from pg_authid where oid > 16000 and rolname <> 'master'",
        "select roleid::regrole, member::regrole, bool_or(admin_option) from pg_auth_members"
        " where roleid > 16000 and member::regrole::text <> 'master' group by 1, 2",
    ):
        assert set(managed.sql(question).splitlines()) == set(source.sql(question).splitlines())
    for name in ("shop", libpq(ODD)):
        assert managed.sql(DIGEST.format("orders"), name) == source.sql(DIGEST.format("orders"), name)
    assert managed.sql("select convert_from(lo_get(4711), 'UTF8')", "shop") == "big"
    owner = "select relowner::regrole from pg_class where relname = 'mine'"
    assert managed.sql(owner, libpq(ODD)) == "app"
    assert managed.sql("select count(*) from far_away", "far") == "20"


def test_what_only_a_superuser_makes_is_named_and_the_rest_is_there(world: World, new_postgres: NewServer) -> None:
    managed = new_postgres(16)
    managed.sql("create role master login createdb createrole")
    with pytest.raises(RestoreFailed) as caught:
        world.guard.restore(world.copy(16, "logical"), managed.dsn(user="master"))
    said = str(caught.value)
    assert "pg_restore of 'shop': went to its end, but " in said and 'foreign-data wrapper "nothing"' in said
    assert "'far' whole, 'mine' whole, 'postgres' INCOMPLETE, 'shop' INCOMPLETE" in said and f"{ODD!r} whole" in said
    assert "permission denied for schema public" in said and "a superuser may do" in caught.value.hint
    assert managed.sql(DIGEST.format("orders"), "shop") == world.source(16).sql(DIGEST.format("orders"), "shop")


class Striking:
    """A vault whose reader is struck at a certain object."""

    def __init__(self, inner: Any, key: str, strike: Callable[[], None]) -> None:
        self._inner, self._key, self._strike = inner, key, strike

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def get(self, key: str) -> bytes:
        if key.endswith(self._key):
            self._strike()
        return bytes(self._inner.get(key))


def test_a_dump_that_breaks_midway_says_what_lies_there(world: World, new_postgres: NewServer, tmp_path: Path) -> None:
    """Into a new database, which stays; into an empty one, which stays empty; and with the target gone."""
    source, target = new_postgres(17), new_postgres(17)
    source.sql("create database aa; create database big; create database zz")
    rows = "create table orders as select i as id, md5(i::text) as note from generate_series(1, 100000) i"
    source.sql(rows, "big")
    for name in ("aa", "zz"):
        source.sql("create table t as select 1 as id", name)
    with guarding(tmp_path) as guard:
        copy = guard.logical(dsn(source))
        databases = {one["name"]: one["stream"] for one in guard.inventory(copy)["before"]["databases"]}
        stream = copy.manifest.stream(databases["big"])
        assert stream and len(stream.parts) > 2
        part = copy_folder("shop", copy.id) + stream.parts[-1].file
        guard.vault = Striking(guard.vault, stream.parts[-1].file, target.kill)  # type: ignore[assignment]
        with pytest.raises(RestoreFailed, match="'aa' whole, 'big' INCOMPLETE"):
            guard.restore(copy, target.dsn())
        target.start()
        guard.vault = guard.vault._inner  # type: ignore[attr-defined]
        guard.vault.delete(part)
        with pytest.raises(Refused):
            guard.restore(copy, target.dsn())
        target.sql("drop database aa")
        target.sql("drop database if exists big")  # how far it came, the clock decides
        with pytest.raises(RestoreFailed) as caught:
            guard.restore(copy, target.dsn())
        said = (
            "is missing. At the target: roles; of the databases: 'aa' whole, 'big' INCOMPLETE, 'postgres' not begun, "
        )
        assert f"{said}'zz' not begun." in str(caught.value) and "drop the databases" in caught.value.hint
        target.sql("drop database aa")
        target.sql("drop database if exists big")  # how far it came, the clock decides
        target.sql("create database big")
        with pytest.raises(RestoreFailed, match="'big' as empty as it was"):
            guard.restore(copy, target.dsn())
        assert target.sql("select count(*) from pg_class where relname = 'orders'", "big") == "0"


def test_a_physical_copy_with_a_broken_page_is_no_whole_restore(world: World, new_postgres: NewServer) -> None:
    """pg_dump of the throwaway server dies midway: its status counts, not the rows that came."""
    source, target = new_postgres(17, data_checksums=False), new_postgres(17)
    source.sql("create database big")
    source.sql("create table orders as select i as id from generate_series(1, 50000) i; checkpoint", "big")
    file = source.data / source.sql("select pg_relation_filepath('orders')", "big")
    source.stop()
    with file.open("r+b") as table:
        table.seek(100 * 8192)
        table.write(b"x" * 8192)
    source.start()
    copy = world.guard.physical(dsn(source))
    with pytest.raises(RestoreFailed, match=r"pg_dump: exit status 1: .*invalid page.*'big' INCOMPLETE") as caught:
        world.guard.restore(copy, target.dsn())
    assert caught.value.exit_code == 5


def test_nobody_answers_and_a_wrong_password(world: World, new_postgres: NewServer) -> None:
    target = new_postgres(17, auth="scram")
    copy = world.copy(17, "logical")
    with pytest.raises(DatabaseUnreachable) as caught:
        world.guard.restore(copy, target.dsn().replace("correct", "incorrect"))
    assert "incorrect" not in str(caught.value) + caught.value.hint
    target.stop()
    with pytest.raises(DatabaseUnreachable):
        world.guard.restore(copy, target.dsn())

"""What is said of a cluster, and that asking never hangs."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from outlive.errors import DatabaseUnreachable
from outlive.sources.postgres_inventory import inventory
from outlive.transport.postgres import DsnWay
from outlive.transport.postgres_door import patience
from tests.backup.postgres_copies import ODD, fill, libpq
from tests.world.postgres import PostgresServer

pytestmark = pytest.mark.postgres
NewServer = Callable[..., PostgresServer]


def look(server: PostgresServer, user: str | None = None, **options: Any) -> dict[str, Any]:
    with DsnWay(server.dsn(user=user)).open() as door:
        return inventory(door, **options)


def database(found: dict[str, Any], name: str) -> dict[str, Any]:
    return next(one for one in found["databases"] if one["name"] == name)


def table(found: dict[str, Any], where: str, name: str) -> dict[str, Any]:
    return next(one for one in database(found, where)["tables"] if one["name"] == name)


def test_every_major_tells_what_it_holds(postgres_any: PostgresServer) -> None:
    if not postgres_any.sql("select from pg_database where datname = 'shop'"):
        fill(postgres_any)
    found = look(postgres_any)
    assert {one["name"] for one in found["databases"]} >= {"postgres", "shop", ODD}
    shop = database(found, "shop")
    assert [one["name"] for one in shop["extensions"]] == ["pg_trgm", "plpgsql"]
    assert {"role": "app", "name": "statement_timeout", "value": "9s"} in shop["settings"]
    assert {"role": None, "name": "search_path", "value": '"$user", public, app'} in shop["settings"]
    assert ["app", "CREATE", True] in shop["acl"] and [None, "CONNECT", False] not in shop["acl"]
    orders = table(found, ODD, "orders")
    assert orders["rows"] == 5000 and orders["exact"]
    assert table(found, "shop", "cache")["unlogged"]
    app = next(role for role in found["roles"] if role["name"] == "app")
    assert app == {"name": "app", "superuser": False, "login": True, "member_of": ["reader"]}
    assert found["config_outside"] is False and found["needs"]["shared_preload_libraries"] == ""


def test_who_may_see_little_is_told_little_and_nothing_wrong(new_postgres: NewServer) -> None:
    server = new_postgres(17)
    fill(server)
    server.sql("create role stranger login; create role viewer login; grant select on orders to viewer", libpq(ODD))
    server.sql("alter table orders enable row level security", libpq(ODD))
    for role in ("stranger", "viewer"):
        found = look(server, role)
        assert "tables" not in database(found, "shop"), "it may not connect"
        orders = table(found, ODD, "orders")
        assert not orders["exact"] and orders["rows"] == 5000, (
            "the planner's estimate, not what row security lets through"
        )


def test_small_tables_are_counted_before_large_ones(new_postgres: NewServer, monkeypatch: pytest.MonkeyPatch) -> None:
    server = new_postgres(17)
    server.sql("create table small as select 1 as i; create table large as select i from generate_series(1, 200000) i")
    monkeypatch.setattr("outlive.sources.postgres_inventory.COUNT_UP_TO_BYTES", 1 << 20)
    found = look(server)
    assert table(found, "postgres", "small")["exact"]
    assert table(found, "postgres", "large") | {"rows": None, "exact": False} == table(found, "postgres", "large")
    assert table(look(server, count_all=True), "postgres", "large")["rows"] == 200000


def test_a_locked_table_does_not_hold_it_up(new_postgres: NewServer) -> None:
    server = new_postgres(17)
    server.sql("create table held as select 1 as i; analyze held")
    with DsnWay(server.dsn()).open() as door, door.connect("postgres") as holder:
        holder.execute("begin")
        holder.execute("lock table held")
        began = time.monotonic()
        assert not table(look(server), "postgres", "held")["exact"]
        assert time.monotonic() - began < 20


def test_a_table_that_cannot_be_read_is_told(new_postgres: NewServer) -> None:
    server = new_postgres(17)
    server.sql("create table broken as select i from generate_series(1, 5000) i; checkpoint")
    path = server.data / server.sql("select pg_relation_filepath('broken')")
    server.stop()
    with path.open("r+b") as file:
        file.seek(8192 + 100)
        file.write(b"garbage" * 100)
    server.start()
    assert "invalid page" in table(look(server), "postgres", "broken")["unreadable"]


def test_a_server_that_hangs_is_given_up(new_postgres: NewServer) -> None:
    server = new_postgres(17)
    with DsnWay(server.dsn()).open() as door:
        with door.connect("postgres") as connection:
            pid = connection.info.backend_pid
            os.kill(pid, signal.SIGSTOP)
            began = time.monotonic()
            try:
                with pytest.raises(psycopg.OperationalError), patience(connection, 1):
                    connection.execute("select 1")
            finally:
                os.kill(pid, signal.SIGCONT)
            assert time.monotonic() - began < 10


def test_nobody_answers(new_postgres: NewServer) -> None:
    server = new_postgres(17)
    server.stop()
    with pytest.raises(DatabaseUnreachable):
        look(server)

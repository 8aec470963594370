"""Real servers of every major are asked what they are."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from outlive.survey.found import FoundPostgres, WayIn
from outlive.survey.look_postgres import on_socket, through
from outlive.transport.local import LocalShell
from outlive.transport.postgres import DsnWay
from tests.world.postgres import PostgresServer

pytestmark = pytest.mark.postgres


def ask(dsn: str) -> FoundPostgres:
    return through(DsnWay(dsn), WayIn())


def test_every_major_says_what_it_is(postgres_any: PostgresServer) -> None:
    found = ask(postgres_any.dsn())
    assert (found.problem, found.no_replication) == ("", "")
    assert found.system_identifier == postgres_any.system_identifier
    assert found.version == postgres_any.sql("show server_version").split()[0]
    assert found.data_checksums is (postgres_any.sql("show data_checksums") == "on")
    assert (found.wal_level, found.in_recovery) == ("replica", False)
    assert found.data_directory == str(postgres_any.data)
    (maintenance,) = [one for one in found.databases if one.name == "postgres"]
    assert maintenance.bytes and maintenance.encoding == "UTF8"
    assert not maintenance.collation_moved


def test_extensions_are_told_database_by_database(new_postgres: Callable[..., PostgresServer]) -> None:
    server = new_postgres(17)
    server.sql('create database "odd name; drop"')
    server.sql("create extension pg_trgm", dbname="'odd name; drop'")
    server.sql("create database closed allow_connections false")
    found = {one.name: one for one in ask(server.dsn()).databases}
    assert [name.split()[0] for name in found["odd name; drop"].extensions] == ["pg_trgm"]
    assert found["closed"].extensions == () and "template1" not in found


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"wal_level": "minimal", "max_wal_senders": "0"}, "wal_level is minimal"),
        ({"max_wal_senders": "0"}, "max_wal_senders is 0"),
    ],
    ids=["minimal", "no senders"],
)
def test_why_no_physical_copy_can_be_had(
    options: dict[str, str], why: str, new_postgres: Callable[..., PostgresServer]
) -> None:
    assert ask(new_postgres(17, options=options).dsn()).no_replication.startswith(why)


def test_a_role_without_the_right_is_asked_all_the_same(new_postgres: Callable[..., PostgresServer]) -> None:
    server = new_postgres(17)
    server.sql(["create role tenant login", "create database theirs owner tenant"][0])
    server.sql("create database theirs owner tenant")
    server.sql("revoke connect on database postgres from public; revoke connect on database theirs from public")
    found = ask(server.dsn("theirs", user="tenant"))
    assert found.problem == ""
    assert "permission denied" in found.no_replication or "replication" in found.no_replication.lower()
    assert {one.name: one.bytes is None for one in found.databases} == {"postgres": True, "theirs": False}
    assert found.data_directory == "", "only a superuser sees that"


@pytest.mark.parametrize("dsn", ["postgresql://nobody@127.0.0.1:1/x", "host=/nowhere", "this is no dsn"])
def test_what_does_not_answer_is_a_problem(dsn: str) -> None:
    assert ask(dsn).problem


def test_a_wrong_password_is_a_problem_and_is_not_told(new_postgres: Callable[..., PostgresServer]) -> None:
    server = new_postgres(17, auth="scram")
    found = ask(f"postgresql://postgres:hunter2@127.0.0.1:{server.port}/postgres")
    assert "password authentication failed" in found.problem
    assert "hunter2" not in found.problem


def test_a_socket_of_this_machine(postgres: PostgresServer) -> None:
    found = on_socket(LocalShell(), str(postgres.socket_dir), postgres.port, postgres.socket_dir.owner())
    assert (found.problem, found.no_replication) == ("", "")
    assert found.system_identifier == postgres.system_identifier

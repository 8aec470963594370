"""Two servers between which the tests move a shop."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.backup.postgres_copies import program_folder
from tests.recovery.moving.shop import SHOP
from tests.world.postgres import PostgresServer


@pytest.fixture(scope="module")
def both() -> Iterator[tuple[PostgresServer, PostgresServer]]:
    with PostgresServer(17, auth="scram", options={"wal_level": "logical"}) as source:
        with PostgresServer(17, auth="scram") as target:
            yield source, target


@pytest.fixture
def servers(
    both: tuple[PostgresServer, PostgresServer], monkeypatch: pytest.MonkeyPatch
) -> tuple[PostgresServer, PostgresServer]:
    """The source, with the shop; the target, empty but for the database that a provider makes, and its login."""
    monkeypatch.setenv("OUTLIVE_POSTGRES_DIR", str(program_folder(17)))
    source, target = both
    for server, database in ((source, "shop"), (target, "defaultdb")):
        server.sql(f"drop database if exists {database} with (force)")
        server.sql("drop role if exists app; drop role if exists reader; drop role if exists boss")
    source.sql("create role app login password 'it''s secret'; create role reader; create database shop owner app")
    source.sql(SHOP, "shop")
    target.sql(
        f"create role boss login createrole createdb password '{target.password}' in role pg_create_subscription;"
        "create database defaultdb owner boss"
    )
    return source, target

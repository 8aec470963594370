"""Two servers between which the tests move a shop."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.backup.postgres_copies import program_folder
from tests.recovery.moving.shop import anew
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
    anew(*both)
    return both

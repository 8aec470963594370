"""A keeper's memory of either kind, for what every kind must keep."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from outlive.state.store import Store
from tests.engine.databases import postgres_url, sqlite_url


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return sqlite_url(tmp_path)
    return postgres_url(request.getfixturevalue("postgres"))


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    made = Store(url)
    yield made
    made.close()

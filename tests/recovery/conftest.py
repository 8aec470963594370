"""A keeper for the tests that recover hosts of the lab."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from outlive.lab.world import Lab
from tests.recovery.keeper import Keeper


@pytest.fixture
def keeper(lab: Lab) -> Iterator[Keeper]:
    """Not below pytest's own folders, which other users may not enter: drills run Postgres as another one."""
    with tempfile.TemporaryDirectory(prefix="outlive-test-", dir="/tmp", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        yield Keeper(lab, Path(folder))

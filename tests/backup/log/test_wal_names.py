"""Names of log in the vault come back as what they were made from."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outlive.backup.log.wal_names import (
    Stretch,
    branch_folder,
    history_key,
    read_branch,
    read_history_key,
    read_stretch,
    stretch_key,
    wal_folder,
)
from outlive.commands.wal import Switch
from outlive.vault.base import check_key

FOLDER = wal_folder("shop-db", "pg-7300000000000000001")
SIZES = st.sampled_from([1 << power for power in range(20, 31)])
MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))
MIB = 1 << 20


@given(st.integers(1, 1 << 31), st.integers(0, 1 << 50), st.integers(0, 1 << 31), MOMENTS, SIZES)
def test_stretches_come_back(timeline: int, start: int, length: int, until: datetime, size: int) -> None:
    end = min(start + length, start - start % size + size)
    key = stretch_key(FOLDER, timeline, start, end, until, size)
    assert check_key(key) == key
    found = read_stretch(key, size)
    assert found is not None
    assert (found.timeline, found.start, found.end, found.whole) == (timeline, start, end, end - start == size)
    assert 0 <= (until - found.until).total_seconds() < 0.001, "never a later moment than it was"


def test_names_as_the_format_shows_them() -> None:
    until = datetime(2026, 2, 7, 8, 15, 0, 123999, tzinfo=UTC)
    begin = 3 * 16 * MIB
    whole = stretch_key(FOLDER, 1, begin, begin + 16 * MIB, until, 16 * MIB)
    piece = stretch_key(FOLDER, 1, begin + 0xA1B000, begin + 0xA2C000, until, 16 * MIB)
    mark = stretch_key(FOLDER, 1, begin + 0xA2C000, begin + 0xA2C000, until, 16 * MIB)
    assert whole == f"{FOLDER}000000010000000000000003.20260207T081500123Z.zst.age"
    assert piece == f"{FOLDER}000000010000000000000003.00A1B000-00A2C000.20260207T081500123Z.zst.age"
    assert mark == f"{FOLDER}000000010000000000000003.00A2C000-00A2C000.20260207T081500123Z.zst.age"
    assert read_stretch(mark, 16 * MIB) == Stretch(
        mark, 1, begin + 0xA2C000, begin + 0xA2C000, until.replace(microsecond=123000), False
    )


@given(st.integers(2, 1 << 31), st.integers(1, 1 << 31), st.integers(0, (1 << 64) - 1))
def test_histories_come_back(timeline: int, parent: int, position: int) -> None:
    key = history_key(FOLDER, timeline, Switch(parent, position))
    told = read_history_key(key)
    assert told is not None and (told.timeline, told.switch) == (timeline, Switch(parent, position))
    assert read_stretch(key, 16 * MIB) is None


@given(MOMENTS)
def test_branches_come_back(at: datetime) -> None:
    key = stretch_key(branch_folder(FOLDER, at), 1, 0, 8, at, 16 * MIB)
    branch = read_branch(key)
    assert branch is not None and 0 <= (at - branch).total_seconds() < 0.001
    assert read_stretch(key, 16 * MIB) is not None
    assert read_branch(stretch_key(FOLDER, 1, 0, 8, at, 16 * MIB)) is None


@pytest.mark.parametrize(
    "name",
    [
        "000000010000000000000003.zst.age",
        "000000010000000000000003.20260231T081500123Z.zst.age",  # there is no such day
        "000000010000000000000003.20260207T081500123Z.zst",
        "000000010000000000000003.00A2C000-00A1B000.20260207T081500123Z.zst.age",  # ends before it begins
        "000000010000000000000003.00000000-01000001.20260207T081500123Z.zst.age",  # longer than a segment
        "000000010000000000000100.20260207T081500123Z.zst.age",  # of smaller segments
        "00000002.history.zst.age",
        "README.md",
    ],
)
def test_other_names_are_passed_over(name: str) -> None:
    assert read_stretch(FOLDER + name, 16 * MIB) is None
    assert read_history_key(FOLDER + name) is None

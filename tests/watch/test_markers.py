"""What a marker says of the disk that it lies on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from outlive.model.watching import Planted
from outlive.watch.markers import state, tag
from tests.watch.made import NOW

KEY = b"k" * 32
FIRST = Planted("web-1", "", tag(KEY, "first"), NOW, "alice")
SECOND = Planted("web-1", "", tag(KEY, "second"), NOW, "alice")
ELSEWHERE = Planted("web-2", "", tag(KEY, "theirs"), NOW, "alice")
BOOK = [FIRST, ELSEWHERE, SECOND]


@pytest.mark.parametrize(
    ("token", "said"),
    [("second", "ok"), ("first", "old"), ("theirs", "foreign"), ("anything", "foreign"), ("", "missing")],
)
def test_what_is_found_where_one_was_planted(token: str, said: str) -> None:
    assert state(KEY, BOOK, "web-1", "", token) == said


def test_where_none_was_planted_nothing_is_missing() -> None:
    assert state(KEY, BOOK, "web-1", "uploads", "") is None
    assert state(KEY, BOOK, "web-1", "uploads", "second") == "foreign", "the root disk's marker in a volume"


def test_one_that_was_removed_is_not_missing_and_is_known_when_it_comes_back() -> None:
    book = [FIRST, replace(SECOND, removed_at=NOW)]
    assert state(KEY, book, "web-1", "", "") is None
    assert state(KEY, book, "web-1", "", "second") == "old"


def test_without_the_key_nobody_can_make_one() -> None:
    assert state(b"other" * 8, BOOK, "web-1", "", "second") == "foreign"
    assert "second" not in SECOND.tag

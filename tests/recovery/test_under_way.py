"""One rehearsal at a time, and who asks whether there is one is in nobody's way."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from outlive.errors import UsageError
from outlive.recovery.under_way import insist_on_own, is_under_way, the_only_one


def test_there_is_one_at_a_time(tmp_path: Path) -> None:
    room = tmp_path / "recover"
    assert not is_under_way(room), "nobody ever rehearsed"
    with the_only_one(room):
        assert is_under_way(room)
        insist_on_own(room, os.getpid())
        with pytest.raises(UsageError, match="under way"):
            insist_on_own(room, 1)
        with pytest.raises(UsageError, match="another rehearsal"), the_only_one(room, patience_seconds=0):
            raise AssertionError
    assert not is_under_way(room)
    insist_on_own(room, 1)
    with pytest.raises(KeyError), the_only_one(room):
        raise KeyError
    assert not is_under_way(room), "however it ended"


def test_the_next_one_waits_for_the_end_of_one_that_is_being_ended(tmp_path: Path) -> None:
    begun, may_end = threading.Event(), threading.Event()

    def first() -> None:
        with the_only_one(tmp_path):
            begun.set()
            may_end.wait(60)

    thread = threading.Thread(target=first)
    thread.start()
    begun.wait(60)
    threading.Timer(0.05, may_end.set).start()
    with the_only_one(tmp_path):
        assert is_under_way(tmp_path)
    thread.join()

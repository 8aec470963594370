"""Many questions, one ceiling."""

from __future__ import annotations

import time

import pytest

from outlive.errors import CommandFailed
from outlive.transport.deadline import DeadlineShell
from outlive.transport.local import LocalShell

pytestmark = pytest.mark.slow


def test_what_is_quick_is_heard() -> None:
    shell = DeadlineShell(LocalShell("here"), 20)
    assert shell.run(("echo", "yes")).text == "yes\n"
    assert (shell.name, shell.was_cut) == ("here", False)


def test_all_together_take_no_longer() -> None:
    shell = DeadlineShell(LocalShell(), 1)
    before = time.monotonic()
    with pytest.raises(CommandFailed):
        shell.run(("sleep", "30"))
    with pytest.raises(CommandFailed, match="no time is left"):
        shell.run(("echo", "too late"))
    assert time.monotonic() - before < 5
    assert shell.was_cut


def test_a_program_that_fails_for_itself_was_not_cut() -> None:
    shell = DeadlineShell(LocalShell(), 20)
    with pytest.raises(CommandFailed):
        shell.run(("no-such-program-anywhere",))
    with pytest.raises(CommandFailed):
        shell.run(("sleep", "5"), timeout_seconds=0.2)
    assert not shell.was_cut

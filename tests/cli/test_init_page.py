"""The page's password at `init`: only a terminal sees one, and only its hash is kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from outlive.cli import init_page
from outlive.cli.init_page import PagePassword
from outlive.errors import UsageError
from outlive.web import passwords

pytestmark = pytest.mark.slow

CHOSEN = "four random words"
Terminal = Callable[..., None]


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Somebody who sits there and types these lines, then Ctrl-D."""

    def sit(*lines: str) -> None:
        left = list(lines)

        def typed(words: str) -> str:
            if not left:
                raise EOFError
            return left.pop(0)

        monkeypatch.setattr(init_page, "is_watched", lambda: True)
        monkeypatch.setattr(init_page, "getpass", typed)

    return sit


def test_what_is_typed_twice_is_it(terminal: Terminal, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "page" / "password"
    terminal("short", CHOSEN, "not the same", CHOSEN, CHOSEN)
    assert init_page.make(path, PagePassword.ASK)
    assert passwords.is_right(path.read_text().strip(), CHOSEN)
    assert CHOSEN not in "".join(capsys.readouterr())


def test_enter_makes_one_that_is_shown_once_and_not_on_standard_output(
    terminal: Terminal, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal("")
    assert init_page.make(tmp_path / "password", PagePassword.ASK)
    said = capsys.readouterr()
    shown = said.err.splitlines()[0].rpartition(" ")[2]
    assert len(shown) == 19 and said.out == ""
    assert passwords.is_right((tmp_path / "password").read_text().strip(), shown)


@pytest.mark.parametrize("lines", [(), (CHOSEN,), ("short", "short", "short", CHOSEN, CHOSEN)])
def test_who_does_not_want_one_now_has_none(lines: tuple[str, ...], terminal: Terminal, tmp_path: Path) -> None:
    terminal(*lines)
    assert not init_page.make(tmp_path / "password", PagePassword.ASK)
    assert not init_page.make(tmp_path / "password", PagePassword.LATER)
    assert list(tmp_path.iterdir()) == []


def test_one_that_is_there_stays(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("the hash")
    terminal(CHOSEN, CHOSEN)
    assert init_page.make(tmp_path / "password", PagePassword.GENERATE)
    assert (tmp_path / "password").read_text() == "the hash"


def test_where_nobody_watches_none_is_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert not init_page.make(tmp_path / "password", PagePassword.ASK)
    with pytest.raises(UsageError, match="nobody watches"):
        init_page.check(PagePassword.GENERATE)
    assert list(tmp_path.iterdir()) == [] and capsys.readouterr().err == ""

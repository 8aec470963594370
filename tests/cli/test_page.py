"""`outlive page`: the password of the page."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from outlive.cli.main import run
from tests.keeper.homes import home


def _page(config: Path, words: str, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr("sys.stdin", io.StringIO(words))
    return run(["page", "--config", str(config)])


def test_only_a_hash_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = home(tmp_path / "home")
    for password in ("four random words", "another four words"):
        assert _page(config, f"{password}\n", monkeypatch) == 0
        kept = (config.parent / "state" / "page" / "password").read_text()
        assert kept.startswith("$argon2id$") and password not in kept


def test_a_short_one_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = home(tmp_path / "home")
    assert _page(config, "short\n", monkeypatch) == 2
    assert not (config.parent / "state" / "page").exists()


def test_a_hash_that_is_elsewhere_is_left_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = home(tmp_path / "home", more='[page]\npassword = { file = "hash" }\n')
    assert _page(config, "four random words\n", monkeypatch) == 2

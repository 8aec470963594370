"""`outlive token`: made, listed, revoked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from outlive.cli.main import run
from tests.keeper.homes import home


def test_a_token_is_shown_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = ["--config", str(home(tmp_path / "home"))]
    assert run(["token", "make", "ci", "--scope", "act", "--json", *config]) == 0
    made = json.loads(capsys.readouterr().out)
    assert made["scopes"] == ["read", "act"] and len(made["token"]) > 40
    assert run(["token", "make", "ci", *config]) == 2
    assert run(["token", "list", "--json", *config]) == 0
    told = capsys.readouterr().out
    assert made["token"] not in told and [one["name"] for one in json.loads(told)["tokens"]] == ["ci"]
    assert run(["token", "revoke", "ci", *config]) == 0
    assert run(["token", "revoke", "ci", *config]) == 2
    assert run(["token", "make", "ci", "--scope", "everything", *config]) == 2

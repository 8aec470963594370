"""What tests of commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from outlive.cli.main import run
from tests.cli.home import Done, Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture
def outlive(home: Home, capsys: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    """Runs a command in this process: `outlive("backup", "--json")`."""

    def call(*words: str) -> Done:
        capsys.readouterr()
        code = run(home.argv(*words))
        out, err = capsys.readouterr()
        return Done(code, out, err)

    return call

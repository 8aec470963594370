"""The rules, by Prometheus' own promtool: they are valid, and each is raised by what it is for."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from outlive.cli.main import run
from tests.world import packages
from tests.world.need import need

pytestmark = pytest.mark.slow
HERE = Path(__file__).parent


@pytest.fixture
def folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    need("prometheus", lambda: packages.install({"promtool": "prometheus"}))
    assert run(["rules", "prometheus"]) == 0
    (tmp_path / "rules.yml").write_text(capsys.readouterr().out)
    (tmp_path / "test.yml").write_text((HERE / "rules_test.yml").read_text())
    return tmp_path


def promtool(folder: Path, *words: str, said: str = "") -> str:
    done = subprocess.run(["promtool", *words], cwd=folder, capture_output=True, text=True, input=said, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_they_are_valid(folder: Path) -> None:
    assert "SUCCESS" in promtool(folder, "check", "rules", "rules.yml")


def test_each_is_raised_by_what_it_is_for(folder: Path) -> None:
    assert "SUCCESS" in promtool(folder, "test", "rules", "test.yml")


def test_each_says_what_is_so_and_what_to_do(folder: Path) -> None:
    text = (folder / "rules.yml").read_text()
    assert text.count("- alert:") == text.count("summary:") == text.count("action:") == text.count("severity:") > 15

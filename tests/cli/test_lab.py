"""`outlive lab` where there is none: what can be broken, and a clear word when it cannot be had. (Real ones: tests/lab.)"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from outlive.cli import main
from outlive.lab.breaks.table import BREAKS

ROOT = 0


def call(argv: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    code = main.run(["lab", *argv])
    out, err = capsys.readouterr()
    return code, out, err


def test_the_breaks_are_listed_and_documented(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = call(["break"], capsys)
    assert code == 0 and [line.split()[0] for line in out.splitlines()] == list(BREAKS)
    manual = (Path(__file__).parents[2] / "docs/how-to/rehearse.md").read_text()
    assert [name for name in BREAKS if f"\n| `{name}` |" not in manual] == []


@pytest.mark.parametrize("argv", [["status"], ["down"], ["break", "replace"], ["break", "--heal"]], ids=" ".join)
def test_without_a_lab_it_says_how_to_get_one(
    argv: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = call([*argv, "--folder", str(tmp_path / "none")], capsys)
    assert (code, out) == (2, "") and str(tmp_path) in err and "outlive lab up" in err


def test_nobody_but_root_can_have_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    code, _, err = call(["up", "--folder", str(tmp_path / "lab")], capsys)
    assert code == 5 and "takes root" in err and "sudo" in err and not (tmp_path / "lab").exists()


def test_what_is_not_installed_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: ROOT)
    monkeypatch.setenv("PATH", str(tmp_path))
    code, _, err = call(["up", "--folder", str(tmp_path / "lab")], capsys)
    assert code == 5 and "docker.io" in err and "apt-get install" in err and not (tmp_path / "lab").exists()

"""`outlive keys` from end to end, with a vault in a folder."""

from __future__ import annotations

import html
import io
import json
import re
import stat
import sys
from pathlib import Path
from typing import Any

import pytest

from outlive.backup.streams.seal import SealPolicy
from outlive.backup.take import take
from outlive.cli.main import run
from outlive.clock import SystemClock
from outlive.model.asset import PathAsset
from outlive.sources.path import PathSource
from outlive.transport.local import LocalShell
from outlive.vault.encryption import parse_recipients
from outlive.vault.keys import create_keys
from outlive.vault.local import LocalVault

pytestmark = pytest.mark.slow

Call = Any


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    """A configuration with a vault and keys made by the command."""
    monkeypatch.chdir(tmp_path)
    assert run(["keys", "init", "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    (tmp_path / "vault").mkdir()
    (tmp_path / "outlive.toml").write_text(
        f'[vault]\nurl = "vault"\n[keys]\nrecipients = {json.dumps(made["recipients"])}\ndrill_identity = "keys/drill.txt"\n'
    )
    return tmp_path


def back_up(home: Path, name: str, recipients: tuple[str, ...]) -> str:
    (home / "files").mkdir(exist_ok=True)
    (home / "files" / "row").write_text("1")
    asset = PathAsset(name=name, host="web-1", path=str(home / "files"))
    policy = SealPolicy(parse_recipients(recipients))
    source = PathSource(asset, LocalShell(), SystemClock())
    return take(
        asset, source, LocalVault(home / "vault"), policy, state=home / "state", clock=SystemClock()
    ).manifest.id


def recipients(home: Path) -> tuple[str, ...]:
    return tuple((home / "keys" / "recipients.txt").read_text().split())


def test_init_says_what_to_write_and_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["keys", "init", "--folder", "deep/keys"]) == 0
    said = capsys.readouterr().out
    for public in (tmp_path / "deep/keys/recipients.txt").read_text().split():
        assert public in said
    assert "recovery-kit" in said and "AGE-SECRET" not in said
    assert run(["keys", "init", "--folder", "deep/keys"]) == 2
    assert "left as it" in capsys.readouterr().err


def test_show_says_that_the_recovery_key_still_lies_here(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["keys", "show"]) == 1
    said = capsys.readouterr().out
    assert "AT RISK: the recovery key still lies on this machine" in said and "never" in said
    (home / "keys" / "recovery.txt").unlink()
    assert run(["keys", "show", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["risks"] == [] and [key["is_drill"] for key in document["private"]] == [True]


def test_show_says_that_others_may_read_a_key(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "keys" / "recovery.txt").unlink()
    (home / "keys" / "drill.txt").chmod(0o644)
    assert run(["keys", "show"]) == 1
    assert "chmod 600" in capsys.readouterr().out


def test_the_kit_is_private_and_never_overwritten(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    secret = (home / "keys" / "recovery.txt").read_text().splitlines()[-1]
    assert run(["keys", "recovery-kit"]) == 0
    streams = capsys.readouterr()
    assert secret not in streams.out + streams.err
    kit = home / "kit.html"
    assert stat.S_IMODE(kit.stat().st_mode) == 0o600
    assert secret in kit.read_text().replace("</span><wbr><span>", "")
    assert recipients(home)[0] in kit.read_text() and str(home / "vault") in kit.read_text()
    assert run(["keys", "recovery-kit"]) == 2
    assert "left as it" in capsys.readouterr().err


@pytest.mark.parametrize("by", ["adopt", "hand"])
def test_the_kit_is_enough_when_everything_else_is_gone(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], by: str
) -> None:
    """What it says is done elsewhere: every command of Outlive's; the configuration is adopted, or typed by hand."""
    copy = back_up(home, "one", recipients(home))
    assert run(["keys", "recovery-kit"]) == 0
    page = (home / "kit.html").read_text()
    secret = re.search(r'<div class="secret">(.*?)</div>', page)
    boxes = [html.unescape(box) for box in re.findall(r"<pre>(.*?)</pre>", page, re.S)]
    assert secret
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "recovery.txt").write_text(re.sub("<.*?>", "", secret[1]) + "\n")
    if by == "hand":
        (elsewhere / "outlive.toml").write_text(next(box for box in boxes if box.startswith("[vault]")))
    for gone in ("outlive.toml", "keys", "files"):
        (home / gone).rename(home / f"{gone}-gone")
    monkeypatch.chdir(elsewhere)
    capsys.readouterr()
    commands = [line.partition("#")[0].split() for box in boxes for line in box.splitlines() if "outlive " in line]
    assert [words[1] for words in commands] == ["adopt", "copies", "keys", "restore"]
    for words in commands[by == "hand" :]:
        given = {"/root/recovery.txt": "recovery.txt", "/srv/restored": "restored", "NAME": "one"}
        fine = (0, 1) if words[1] == "adopt" else (0,)  # these copies are from before they remembered their keeper
        assert run([given.get(word, word) for word in words[1:]]) in fine, capsys.readouterr().err
    assert copy in capsys.readouterr().out
    assert (elsewhere / "restored" / "row").read_text() == "1"


def test_the_kit_wants_the_recovery_key(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    foreign = create_keys(tmp_path / "foreign", SystemClock().now())
    assert run(["keys", "recovery-kit", "--identity", str(foreign.recovery_identity)]) == 2
    (home / "keys" / "recovery.txt").unlink()
    assert run(["keys", "recovery-kit"]) == 2
    assert "--identity" in capsys.readouterr().err
    assert not (home / "kit.html").exists()


def test_the_key_drill_opens_the_newest_copy_of_each_asset(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    back_up(home, "one", recipients(home))
    newest = [back_up(home, "one", recipients(home)), back_up(home, "two", recipients(home))]
    paper = (home / "keys" / "recovery.txt").read_text().splitlines()[-1]
    monkeypatch.setattr(sys, "stdin", io.StringIO(paper + "\n"))
    assert run(["keys", "test", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["ok"] and document["is_recovery_key"]
    assert [tried["copy"] for tried in document["tried"]] == newest
    (note,) = (home / "vault" / "proofs" / "keys").iterdir()
    assert json.loads(note.read_text())["keys"] == [recipients(home)[0]]
    assert paper not in note.read_text()
    run(["keys", "show", "--json"])
    assert json.loads(capsys.readouterr().out)["last_key_drill"] is not None


def test_the_drill_key_proves_nothing_about_the_paper(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    back_up(home, "one", recipients(home))
    assert run(["keys", "test", "--identity", "keys/drill.txt"]) == 0
    assert "the paper is still untested" in capsys.readouterr().out


def test_without_a_copy_a_canary_is_used_and_said(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["keys", "test", "--identity", "keys/recovery.txt"]) == 0
    assert "canary (the vault has no copy yet)" in capsys.readouterr().out


@pytest.mark.parametrize("with_copy", [True, False])
def test_a_wrong_key_is_told(home: Path, capsys: pytest.CaptureFixture[str], with_copy: bool) -> None:
    if with_copy:
        back_up(home, "one", recipients(home))
    foreign = create_keys(home / "foreign", SystemClock().now())
    assert run(["keys", "test", "--identity", str(foreign.recovery_identity)]) == 5
    streams = capsys.readouterr()
    assert "None of the given keys opens this copy" in streams.err and "AGE-SECRET" not in streams.out + streams.err
    assert not (home / "vault" / "proofs").exists(), "a failed drill must not look like one"


def test_a_key_that_opens_only_some_assets_is_not_good(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    back_up(home, "one", recipients(home))
    later = create_keys(home / "later", SystemClock().now())
    copy = back_up(home, "two", later.recipients)
    assert run(["keys", "test", "--identity", "keys/recovery.txt"]) == 5
    assert copy in capsys.readouterr().err


def test_a_typing_error_is_told_without_showing_the_key(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    paper = (home / "keys" / "recovery.txt").read_text().splitlines()[-1]
    typed = paper[:-1] + ("Q" if paper[-1] != "Q" else "P")
    monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
    assert run(["keys", "test"]) == 2
    said = capsys.readouterr().err
    assert "checksum" in said and typed not in said


def test_a_damaged_part_is_not_called_a_wrong_key(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    copy = back_up(home, "one", recipients(home))
    part = home / "vault" / "copies" / "one" / copy / "inventory.json.zst.age.000000"
    part.write_bytes(part.read_bytes()[:-1])
    assert run(["keys", "test", "--identity", "keys/recovery.txt"]) == 5
    assert "damaged" in capsys.readouterr().err

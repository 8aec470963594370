"""`outlive prune` from end to end, with a vault in a folder."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from outlive.backup.copies import catalog
from outlive.backup.copies.manifest import dump_manifest
from outlive.cli.main import run
from outlive.model.copy import Proof, ProofRecord
from outlive.vault.keys import create_keys
from outlive.vault.local import LocalVault
from tests.backup.upkeep.test_retention import START, make


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    keys = create_keys(tmp_path / "keys", START)
    (tmp_path / "vault").mkdir()
    (tmp_path / "outlive.toml").write_text(
        f'[vault]\nurl = "vault"\n[keys]\nrecipients = {json.dumps(keys.recipients)}\n'
        "[retention]\nlast = 2\ndaily = 0\nweekly = 0\nmonthly = 0\n"
    )
    return tmp_path


def fill(home: Path, asset: str, count: int = 5, lineage_of_last: str = "7000", proven: bool = True) -> None:
    vault = LocalVault(home / "vault")
    for number in range(count):
        lineage = lineage_of_last if number == count - 1 else "7000"
        manifest = replace(make(number).manifest, asset=asset, lineage=lineage)
        folder = f"copies/{asset}/{manifest.id}/"
        vault.put(folder + "files.tar.zst.age.000000", b"part")
        vault.put(folder + "manifest.json", dump_manifest(manifest))
        if proven:
            catalog.add_proof(vault, ProofRecord(manifest.id, asset, Proof.VERIFIED, True, START))


def ids(home: Path, asset: str) -> list[str]:
    return [copy.id for copy in catalog.copies(LocalVault(home / "vault"), asset)]


def test_without_yes_it_only_says_what_would_go_and_why(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill(home, "db")
    assert run(["prune"]) == 0
    said = capsys.readouterr().out
    assert "db: 5 copies, 3 to go" in said
    assert "go   copy-0000  older than what the policy keeps" in said
    assert "keep copy-0004  newest verified copy; best copy of lineage 7000; last 1 of 2" in said
    assert "Nothing was deleted" in said
    assert len(ids(home, "db")) == 5


def test_with_yes_it_deletes(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill(home, "db")
    assert run(["prune", "db", "--yes", "--json"]) == 0
    (asset,) = json.loads(capsys.readouterr().out)["assets"]
    assert asset["deleted"] == ["copy-0000", "copy-0001", "copy-0002"] and asset["freed_bytes"] > 0
    assert ids(home, "db") == ["copy-0003", "copy-0004"]
    assert not (home / "vault" / "copies" / "db" / "copy-0000").exists()
    assert (home / "vault" / "tombstones" / "db" / "copy-0000.json").exists()


def test_a_frozen_asset_is_told_by_exit_code_and_the_others_are_pruned(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(home, "db", lineage_of_last="9999")
    fill(home, "media")
    assert run(["prune", "--yes"]) == 1
    said = capsys.readouterr().out
    assert "frozen, new lineage" in said and "outlive copies --accept 9999" in said
    assert len(ids(home, "db")) == 5 and len(ids(home, "media")) == 2


def test_what_was_never_proven_stays(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill(home, "db", proven=False)
    assert run(["prune", "--yes"]) == 1
    assert "no copy is proven" in capsys.readouterr().out
    assert len(ids(home, "db")) == 5


def test_an_unreadable_manifest_stops_its_asset_only(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill(home, "db")
    fill(home, "media")
    (home / "vault" / "copies" / "db" / "copy-0002" / "manifest.json").write_text("{}")
    assert run(["prune", "--yes", "--json"]) == 5
    db, media = json.loads(capsys.readouterr().out)["assets"]
    assert "copy-0002" in db["error"] and len(media["deleted"]) == 3


def test_an_unknown_asset_is_a_wrong_call(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill(home, "db")
    assert run(["prune", "bd"]) == 2
    assert "It has: db" in capsys.readouterr().err

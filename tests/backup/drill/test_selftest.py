"""The verifier is tested every night; a verifier that does not look is found out."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from outlive.backup.copies import catalog
from outlive.backup.drill import selftest
from outlive.backup.drill.selftest import NothingToTest, scratch_copy, smallest_new
from outlive.cli.main import run
from outlive.errors import CopyDamaged
from outlive.model.copy import Manifest, Proof, ProofRecord
from outlive.testing.clock import ManualClock
from outlive.testing.faulty_vault import FaultyVault
from outlive.vault.keys import create_keys
from outlive.vault.local import LocalVault
from outlive.vault.memory import MemoryVault
from tests.backup.made import KEY, policy, take_made

NOW = ManualClock().now()


def flip_a_byte(scratch: MemoryVault, manifest: Manifest, rng: random.Random) -> str:
    key = f"copies/made/{manifest.id}/{manifest.streams[0].parts[0].file}"
    data = scratch.get(key)
    scratch.delete(key)
    scratch.put(key, data[:-1] + bytes([data[-1] ^ 1]))
    return "flip"


def do_nothing(scratch: MemoryVault, manifest: Manifest, rng: random.Random) -> str:
    return "nothing"


@pytest.fixture
def vault(tmp_path: Path) -> MemoryVault:
    vault = MemoryVault()
    take_made(vault, tmp_path, {"a": b"a" * 5000, "b": b"b"})
    return vault


@pytest.mark.parametrize("keys", [(), (KEY,)], ids=["bytes", "opened"])
def test_a_verifier_that_looks_passes(vault: MemoryVault, keys: tuple[object, ...]) -> None:
    before = dict(vault.objects)
    found = selftest.selftest(vault, list(keys), flip_a_byte, seed=1, now=NOW)
    assert found.noticed and found.opened == bool(keys) and "SHA-256 differs" in found.said
    (note,) = [key for key in vault.objects if key not in before]
    assert note == "checks/selftest/20260207T080000000000Z.json"
    assert json.loads(vault.get(note))["noticed"] is True
    assert {key: vault.objects[key] for key in before} == before, "nothing else in the vault has changed"


def test_what_stays_green_is_an_alarm(vault: MemoryVault) -> None:
    """As when the verifier had stopped looking: after the mutation it says that all is well."""
    found = selftest.selftest(vault, [KEY], do_nothing, seed=1, now=NOW)
    assert not found.noticed and found.said == ""
    assert json.loads(vault.get("checks/selftest/20260207T080000000000Z.json"))["noticed"] is False


def test_a_copy_that_is_damaged_already_proves_nothing(vault: MemoryVault, tmp_path: Path) -> None:
    flip_a_byte(vault, catalog.copies(vault, "made")[0].manifest, random.Random(1))
    with pytest.raises(CopyDamaged, match="before anything was done"):
        selftest.selftest(vault, [KEY], flip_a_byte, seed=1, now=NOW)


def test_without_a_copy_there_is_no_data() -> None:
    with pytest.raises(NothingToTest) as caught:
        selftest.selftest(MemoryVault(), [KEY], flip_a_byte, seed=1, now=NOW)
    assert caught.value.exit_code == 3


def test_of_a_large_copy_only_the_beginning_is_read(tmp_path: Path) -> None:
    inner = MemoryVault()
    rng = random.Random(3)
    take_made(inner, tmp_path, {"a": rng.randbytes(50_000), "b": rng.randbytes(20_000)}, sealed=policy(2000))
    vault = FaultyVault(inner)
    found = selftest.selftest(vault, [KEY], flip_a_byte, seed=1, now=NOW, budget=12_000)
    assert found.noticed and not found.opened
    assert 4_000 < found.read_bytes <= 12_000
    read = [key for verb, key in vault.calls if verb == "get" and ".age." in key]
    assert sum(len(inner.get(key)) for key in read) == found.read_bytes
    scratch, manifest = scratch_copy(inner, catalog.copies(inner, "made")[0].manifest, 12_000)
    assert {stream.name for stream in manifest.streams} == {"a", "b", "inventory.json"}
    assert selftest.notices(scratch, manifest, [], NOW) == ""


def test_the_newest_small_copy_is_chosen(tmp_path: Path) -> None:
    clock = ManualClock()
    vault = MemoryVault(clock)
    ids = []
    for size in (100, 200, 50_000, 300):
        stuff = {"a": random.Random(size).randbytes(size)}
        ids.append(take_made(vault, tmp_path, stuff, clock=clock).manifest.id)
        clock.advance(60)
    catalog.add_proof(vault, ProofRecord(ids[3], "made", Proof.VERIFIED, False, clock.now()))
    assert smallest_new(vault, 10_000).id == ids[1]
    assert smallest_new(vault, 10).id == ids[2], "none is small: the newest whole one"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    keys = create_keys(tmp_path / "keys", NOW)
    (tmp_path / "outlive.toml").write_text(
        f'[vault]\nurl = "vault"\n[keys]\nrecipients = {json.dumps(keys.recipients)}\n'
    )
    (tmp_path / "vault").mkdir()
    take_made(LocalVault(tmp_path / "vault"), tmp_path / "state", {"a": b"a" * 5000, "b": b"b"})
    return tmp_path


@pytest.mark.parametrize("seed", range(4))
def test_the_command_names_mutation_and_seed(home: Path, seed: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["selftest", "--json", "--seed", str(seed)]) == 0
    first = json.loads(capsys.readouterr().out)
    assert first["ok"] is True and first["seed"] == seed and first["mutation"] and first["said"]
    assert run(["selftest", "--seed", str(seed)]) == 0
    assert f"{first['mutation']} (seed {seed})" in capsys.readouterr().out
    assert len(list((home / "vault/checks/selftest").iterdir())) == 2


def test_the_command_raises_the_alarm(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("outlive.cli.selftest._spoil", do_nothing)
    assert run(["selftest"]) == 1
    assert "the verifier is broken, do not trust green results" in capsys.readouterr().out

"""`check_vault` against vaults without a server; the stores are in test_probe_s3.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from outlive.errors import VaultFailed, VaultForbidden, VaultUnreachable
from outlive.testing.clock import ManualClock
from outlive.testing.faulty_vault import Fault, FaultyVault
from outlive.vault.findings import Finding, State, VaultReport
from outlive.vault.local import LocalVault
from outlive.vault.memory import MemoryVault
from outlive.vault.probe import FOLDER, check_vault


def named(report: VaultReport) -> dict[str, Finding]:
    return {finding.name: finding for finding in report.findings}


def test_a_local_vault_is_whole_and_can_be_deleted(tmp_path: Path) -> None:
    vault = LocalVault.create(tmp_path / "vault")
    found = named(check_vault(vault, ManualClock()))
    assert {name for name, one in found.items() if one.state is State.BAD} >= {"deletion"}
    assert all(found[name].state is State.OK for name in ("read", "create-only", "list", "copy", "others"))
    assert "durable" in found and "space" in found and "disk" not in found
    assert list(vault.walk("")) == [], "the canary is gone"


def test_the_same_disk_as_the_state_is_said(tmp_path: Path) -> None:
    vault = LocalVault.create(tmp_path / "vault")
    found = named(check_vault(vault, ManualClock(), {"the keeper's state": tmp_path, "nothing": tmp_path / "none"}))
    assert found["disk"].state is State.BAD
    assert "the keeper's state:" in found["disk"].sentence


def test_a_folder_that_everybody_may_write_to_is_said(tmp_path: Path) -> None:
    vault = LocalVault.create(tmp_path / "vault")
    vault.root.chmod(0o777)
    assert named(check_vault(vault, ManualClock()))["others"].state is State.BAD


def test_a_vault_that_alters_bytes_is_bad() -> None:
    vault = FaultyVault(MemoryVault(), Fault("get", damage=lambda data: data[:-1]))
    assert named(check_vault(vault, ManualClock()))["read"].state is State.BAD


def test_a_vault_that_refuses_to_delete_protects_its_copies() -> None:
    vault = FaultyVault(MemoryVault(), Fault("delete", VaultForbidden(), times=None))
    report = check_vault(vault, ManualClock())
    assert named(report)["deletion"].state is State.OK
    assert report.state is State.OK


def test_each_look_has_its_own_canary() -> None:
    inner = MemoryVault()
    vault = FaultyVault(inner, Fault("delete", VaultForbidden(), times=None))
    check_vault(vault, ManualClock())
    check_vault(vault, ManualClock())
    keys = [info.key for info in inner.walk("")]
    assert len(keys) == 4
    assert all(key.startswith(FOLDER) for key in keys)


@pytest.mark.parametrize("error", [VaultUnreachable(), VaultForbidden(), VaultFailed()], ids=lambda e: type(e).__name__)
def test_a_vault_that_cannot_be_used_raises(error: Exception) -> None:
    with pytest.raises(type(error)):
        check_vault(FaultyVault(MemoryVault(), Fault("put", error)), ManualClock())

"""The vaults that need no server keep the contract, bare and with layers around them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from outlive.testing.clock import ManualClock
from outlive.testing.contracts import VAULT_CONTRACT, Promise, VaultTraits, name_of
from outlive.testing.faulty_vault import FaultyVault
from outlive.vault.base import Vault
from outlive.vault.layers.retry import RetryVault
from outlive.vault.local import LocalVault
from outlive.vault.memory import MemoryVault

pytestmark = pytest.mark.slow


class NamedOnly(LocalVault):
    """As on a file system that knows no files without a name (NFS)."""

    def _put_unnamed(self, path: Path, data: bytes) -> bool:
        return False

    @classmethod
    def make(cls, root: Path) -> Vault:
        return cls(LocalVault.create(root).root)


VAULTS: dict[str, Callable[[Path], Vault]] = {
    "memory": lambda path: MemoryVault(),
    "local": LocalVault.create,
    "local, with temporary names": NamedOnly.make,
    "retry over local": lambda path: RetryVault(LocalVault.create(path), ManualClock()),
    "faulty without faults over memory": lambda path: FaultyVault(MemoryVault()),
}


@pytest.mark.parametrize("promise", VAULT_CONTRACT, ids=name_of)
@pytest.mark.parametrize("make", VAULTS.values(), ids=VAULTS)
def test_it_keeps_the_contract(promise: Promise, make: Callable[[Path], Vault], tmp_path: Path) -> None:
    promise(make(tmp_path / "vault"), VaultTraits())

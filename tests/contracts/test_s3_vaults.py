"""Three real S3 stores keep the contract, each with the difference declared for it (tests/world/s3.py)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from outlive.clock import SystemClock
from outlive.testing.contracts import VAULT_CONTRACT, Create, Promise, VaultTraits, name_of
from outlive.vault.base import Vault
from outlive.vault.open import open_vault
from tests.world.s3 import S3Server

pytestmark = pytest.mark.s3

STORES = {
    "rgw": VaultTraits(create=Create.ATOMIC),
    "swift": VaultTraits(create=Create.CHECKED),
    "rclone": VaultTraits(create=Create.OVERWRITES),
}
FIXTURES = {"rgw": "rgw", "swift": "swift_s3", "rclone": "rclone_s3"}


@pytest.fixture(scope="module", params=STORES)
def store(request: pytest.FixtureRequest) -> Iterator[tuple[Vault, VaultTraits]]:
    server: S3Server = request.getfixturevalue(FIXTURES[request.param])
    vault = open_vault(
        f"s3://{server.bucket()}/some/prefix",
        clock=SystemClock(),
        endpoint=server.endpoint,
        region=server.region,
        access_key=server.access_key,
        secret_key=server.secret_key,
    )
    yield vault, STORES[request.param]


@pytest.mark.parametrize("promise", VAULT_CONTRACT, ids=name_of)
def test_it_keeps_the_contract(promise: Promise, store: tuple[Vault, VaultTraits]) -> None:
    promise(*store)

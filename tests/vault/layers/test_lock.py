"""Object Lock on a real store: what is put cannot be removed before its time, by anybody who tries."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from outlive.backup.copies import catalog
from outlive.backup.upkeep.lock_days import lock_days, words
from outlive.clock import SystemClock
from outlive.errors import ConfigError, ObjectExists
from outlive.testing.clock import ManualClock
from outlive.testing.contracts import VAULT_CONTRACT, Create, Promise, VaultTraits, name_of
from outlive.vault.base import Vault
from outlive.vault.findings import Finding, State
from outlive.vault.layers import lock_of, locked_until
from outlive.vault.lock_rule import LockMode, LockRule
from outlive.vault.memory import MemoryVault
from outlive.vault.open import open_vault
from outlive.vault.probe import check_vault
from tests.backup.upkeep.test_prune import fill
from tests.backup.upkeep.test_prune import run as prune_run
from tests.vault.s3_world import open_in
from tests.vault.test_probe_s3 import deny, versioned
from tests.world.s3 import CephGateway, S3Server

pytestmark = pytest.mark.s3
MODES = list(LockMode)
PIECE = "wal/db/pg-1/000000010000000000000003.00000000-00002000.20260207T081502000Z.zst.age"
MARK = "wal/db/pg-1/000000010000000000000003.00002000-00002000.20260207T081502000Z.zst.age"


def rule(days: int = 30, mode: LockMode = LockMode.COMPLIANCE) -> LockRule:
    return LockRule(days, mode, lambda key: lock_days(key, days), words(days, mode))


def lockable(server: S3Server) -> str:
    return server.bucket(ObjectLockEnabledForBucket=True)


def retention(server: S3Server, bucket: str, key: str) -> tuple[str, float] | None:
    """Mode and days of an object below the prefix, as the store tells."""
    head = server.client().head_object(Bucket=bucket, Key=f"some/prefix/{key}")
    if "ObjectLockMode" not in head:
        return None
    left = head["ObjectLockRetainUntilDate"] - datetime.now(UTC)
    return head["ObjectLockMode"], round(left / timedelta(days=1), 1)


def versions(server: S3Server, bucket: str, key: str = "") -> list[dict[str, Any]]:
    found = server.client().list_object_versions(Bucket=bucket, Prefix=f"some/prefix/{key}")
    return list(found.get("Versions", ()))


def refused(act: Any) -> bool:
    try:
        act()
    except ClientError as error:
        return error.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    return False


@pytest.fixture(scope="module")
def contracted(rgw: CephGateway) -> Vault:
    return open_in(rgw, lockable(rgw), lock=rule(1))


@pytest.mark.parametrize("promise", VAULT_CONTRACT, ids=name_of)
def test_a_locked_vault_keeps_the_contract(promise: Promise, contracted: Vault) -> None:
    """Ceph ignores `If-None-Match` in buckets with versions; with the lock's own look, creation is checked."""
    promise(contracted, VaultTraits(create=Create.CHECKED))


@pytest.mark.parametrize("mode", MODES)
def test_everything_is_locked_for_its_days(rgw: CephGateway, mode: LockMode) -> None:
    bucket = lockable(rgw)
    vault = open_in(rgw, bucket, lock=rule(30, mode))
    for key in ("copies/db/one/part", PIECE, MARK, "checks/x"):
        vault.put(key, b"data")
    vault.copy("copies/db/one/part", "copies/db/two/part")
    assert retention(rgw, bucket, "copies/db/one/part") == (mode, 30.0)
    assert retention(rgw, bucket, "copies/db/two/part") == (mode, 30.0)
    assert retention(rgw, bucket, PIECE) == (mode, 7.0)
    assert retention(rgw, bucket, "checks/x") == (mode, 1.0)
    assert retention(rgw, bucket, MARK) is None
    assert vault.holds("copies/db/two/part", b"data")
    until = locked_until(vault, "copies/db/one/part")
    assert until is not None and abs(until - datetime.now(UTC) - timedelta(days=30)) < timedelta(minutes=5)
    assert locked_until(vault, MARK) is None and locked_until(MemoryVault(), "x") is None


def test_nobody_removes_it_in_compliance_mode(rgw: CephGateway) -> None:
    """The credentials are the bucket owner's: delete, bypass, shorten, overwrite."""
    bucket, s3 = lockable(rgw), rgw.client()
    vault = open_in(rgw, bucket, lock=rule())
    vault.put("copies/db/one/part", b"data")
    (version,) = versions(rgw, bucket)
    there = {"Bucket": bucket, "Key": "some/prefix/copies/db/one/part", "VersionId": version["VersionId"]}
    sooner = {"Mode": "COMPLIANCE", "RetainUntilDate": datetime.now(UTC) + timedelta(minutes=1)}
    assert refused(lambda: s3.delete_object(**there))
    assert refused(lambda: s3.delete_object(**there, BypassGovernanceRetention=True))
    assert refused(lambda: s3.put_object_retention(**there, Retention=sooner))
    assert refused(lambda: s3.put_object_retention(**there, Retention=sooner, BypassGovernanceRetention=True))
    with pytest.raises(ObjectExists):
        vault.put("copies/db/one/part", b"other")
    vault.delete("copies/db/one/part")  # hidden, not gone
    assert [info.key for info in vault.walk("copies/")] == []
    assert s3.get_object(**there)["Body"].read() == b"data"


def test_governance_mode_yields_to_who_may_bypass(rgw: CephGateway) -> None:
    bucket, s3 = lockable(rgw), rgw.client()
    open_in(rgw, bucket, lock=rule(30, LockMode.GOVERNANCE)).put("x", b"data")
    (version,) = versions(rgw, bucket)
    there = {"Bucket": bucket, "Key": "some/prefix/x", "VersionId": version["VersionId"]}
    assert refused(lambda: s3.delete_object(**there))
    s3.delete_object(**there, BypassGovernanceRetention=True)
    assert versions(rgw, bucket) == []


@pytest.mark.parametrize(
    ("default", "sent"),
    [
        ({"Mode": "COMPLIANCE", "Days": 45}, 45.0),
        ({"Mode": "COMPLIANCE", "Days": 3}, 30.0),
        ({"Mode": "GOVERNANCE", "Days": 45}, 30.0),
    ],
    ids=["strong enough", "too short", "too weak"],
)
def test_the_buckets_own_default_is_relied_on_when_it_is_enough(
    rgw: CephGateway, default: dict[str, Any], sent: float
) -> None:
    bucket = versioned(rgw, **default)
    vault = open_in(rgw, bucket, lock=rule())
    vault.put("copies/x", b"data")
    assert retention(rgw, bucket, "copies/x") == ("COMPLIANCE", sent)
    with pytest.raises(ObjectExists):
        vault.put("copies/x", b"other")
    vault.put(PIECE, b"data")
    assert retention(rgw, bucket, PIECE) == ("COMPLIANCE", 7.0), "shorter than the default, and said so"


def test_a_bucket_without_object_lock_is_a_mistake_in_the_configuration(rgw: CephGateway) -> None:
    bucket = rgw.bucket()
    vault = open_in(rgw, bucket, lock=rule())
    with pytest.raises(ConfigError, match="no Object Lock: nothing was put"):
        vault.put("copies/x", b"data")
    assert rgw.keys(bucket) == []
    assert list(vault.walk("")) == [], "reading goes on"


def test_prune_says_until_when_the_lock_keeps_what_it_hid(rgw: CephGateway, tmp_path: Path) -> None:
    bucket, clock = lockable(rgw), ManualClock(datetime.now(UTC))
    vault = open_in(rgw, bucket, lock=rule(30), clock=SystemClock())
    fill(vault, clock, 3)
    _, done = prune_run(vault, clock, tmp_path)
    assert done.deleted == ["copy-0000"] and done.refused == []
    (folder,) = done.locked
    assert folder == "copies/db/copy-0000/"
    assert abs(done.locked[folder] - datetime.now(UTC) - timedelta(days=30)) < timedelta(minutes=5)
    assert done.freed_bytes == 0, "nothing is freed before the lock ends"
    assert [copy.id for copy in catalog.copies(vault, "db")] == ["copy-0001", "copy-0002"]
    assert len(versions(rgw, bucket, folder)) == 4, "all of it is still there"


def test_a_store_that_refuses_to_hide_what_is_locked_is_no_failure(rgw: CephGateway, tmp_path: Path) -> None:
    bucket, clock = lockable(rgw), ManualClock(datetime.now(UTC))
    vault = open_in(rgw, bucket, lock=rule(30))
    fill(vault, clock, 3)
    deny(rgw, bucket, "s3:DeleteObject")
    _, done = prune_run(vault, clock, tmp_path)
    assert (done.deleted, done.refused) == ([], []) and list(done.locked) == ["copies/db/copy-0000/"]
    assert len(catalog.copies(vault, "db")) == 3


def looked(vault: Vault) -> dict[str, Finding]:
    return {finding.name: finding for finding in check_vault(vault, SystemClock()).findings}


def test_the_check_says_who_could_delete_what(rgw: CephGateway) -> None:
    found = looked(open_in(rgw, lockable(rgw), lock=rule(30)))
    assert found["lock"].state is State.OK and "30 days" in found["lock"].sentence
    assert found["deletion"].state is State.OK
    assert "mode COMPLIANCE: nobody can before that" in found["deletion"].sentence


def test_the_check_says_who_may_bypass(rgw: CephGateway) -> None:
    bucket = lockable(rgw)
    vault = open_in(rgw, bucket, lock=rule(30, LockMode.GOVERNANCE))
    found = looked(vault)["deletion"]
    assert found.state is State.BAD and "GOVERNANCE, and these credentials may bypass it" in found.sentence
    deny(rgw, bucket, "s3:DeleteObjectVersion")
    found = looked(vault)["deletion"]
    assert found.state is State.OK and "only somebody with s3:BypassGovernanceRetention can" in found.sentence


def test_it_is_opened_from_the_configuration(rgw: CephGateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from outlive import wiring
    from outlive.config.load import parse

    bucket = lockable(rgw)
    monkeypatch.setenv("K", rgw.access_key)
    monkeypatch.setenv("S", rgw.secret_key)
    keys = ["age1pxgr6hphv29h6j9sqmt7tu4qgdyzjj2m5aqj0vdmkm2n82fv0s4qafgl5w"]
    keys += ["age17sdarzkny3v2ugwfd2gt77s86tzpucznscdclfmj28u3fmvf7phsvaqffz"]
    text = f"""[vault]
url = "s3://{bucket}/some/prefix"
endpoint = "{rgw.endpoint}"
access_key = {{ env = "K" }}
secret_key = {{ env = "S" }}
lock_days = 9
lock_mode = "GOVERNANCE"
[keys]
recipients = {json.dumps(keys)}
"""
    vault = wiring.vault(parse(text, tmp_path / "outlive.toml"), SystemClock())
    vault.put("copies/x", b"data")
    assert retention(rgw, bucket, "copies/x") == ("GOVERNANCE", 9.0)
    assert lock_of(open_vault(f"file://{tmp_path}", clock=SystemClock())) is None

"""What `outlive vault check` finds out about real buckets."""

from __future__ import annotations

import json
from typing import Any

import pytest

from outlive.clock import SystemClock
from outlive.errors import VaultForbidden
from outlive.vault.findings import Finding, State
from outlive.vault.probe import check_vault
from tests.vault.s3_world import open_in
from tests.world.s3 import CephGateway, Rclone, S3Server, Swift

pytestmark = pytest.mark.s3


def looked(server: S3Server, bucket: str | None = None, **settings: Any) -> dict[str, Finding]:
    report = check_vault(open_in(server, bucket, **settings), SystemClock())
    return {finding.name: finding for finding in report.findings}


def versioned(server: S3Server, **lock: Any) -> str:
    bucket = server.bucket(ObjectLockEnabledForBucket=True) if lock else server.bucket()
    if lock:
        rule = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": lock}}
        server.client().put_object_lock_configuration(Bucket=bucket, ObjectLockConfiguration=rule)
    else:
        server.client().put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    return bucket


def test_a_plain_bucket_is_at_risk(rgw: CephGateway) -> None:
    bucket = rgw.bucket()
    found = looked(rgw, bucket)
    assert found["deletion"].state is State.BAD
    assert "keeps no old versions" in found["deletion"].sentence
    assert found["transport"].state is State.BAD, "plain HTTP to another address"
    others = [one for name, one in found.items() if name not in ("deletion", "transport")]
    assert [one for one in others if one.state is not State.OK] == []
    assert rgw.keys(bucket) == [], "the canary is gone"


def test_versions_that_the_same_credentials_can_remove_are_no_protection(rgw: CephGateway) -> None:
    bucket = versioned(rgw)
    looks = looked(rgw, bucket)
    found = looks["deletion"]
    assert found.state is State.BAD
    assert "old versions too" in found.sentence
    assert looks["create-only"].state is State.BAD, "and the overwritten object can be lost"
    left = rgw.client().list_object_versions(Bucket=bucket)
    kept = [entry["Key"] for entry in left.get("Versions", ())]
    assert all(key.endswith("-copy") for key in kept), "only what an ordinary delete leaves"


def test_compliance_mode_protects_from_everybody(rgw: CephGateway) -> None:
    """Ceph 16 ignores conditions in a bucket with versions; there the overwritten object stays."""
    found = looked(rgw, versioned(rgw, Mode="COMPLIANCE", Days=1))
    assert found["deletion"].state is State.OK
    assert "1 days, whoever asks" in found["deletion"].sentence
    assert found["create-only"].state is State.OK
    assert "stays as an old version" in found["create-only"].sentence


def test_governance_mode_does_not_protect_from_its_owner(rgw: CephGateway) -> None:
    """The user of this bucket may bypass governance, and the probe tries."""
    assert looked(rgw, versioned(rgw, Mode="GOVERNANCE", Days=1))["deletion"].state is State.BAD


def test_credentials_that_may_not_remove_versions_leave_copies_recoverable(rgw: CephGateway) -> None:
    bucket = versioned(rgw)
    deny(rgw, bucket, "s3:DeleteObjectVersion")
    found = looked(rgw, bucket)["deletion"]
    assert found.state is State.OK
    assert "Somebody with more rights can" in found.sentence


def test_credentials_that_may_not_delete_can_still_overwrite(rgw: CephGateway) -> None:
    bucket = rgw.bucket()
    deny(rgw, bucket, "s3:DeleteObject")
    found = looked(rgw, bucket)["deletion"]
    assert found.state is State.BAD
    assert "can overwrite" in found.sentence


def test_a_rule_that_deletes_copies_is_found(rgw: CephGateway) -> None:
    bucket = rgw.bucket()
    rules = [
        {"ID": "tidy", "Status": "Enabled", "Filter": {"Prefix": "some/"}, "Expiration": {"Days": 30}},
        {"ID": "else", "Status": "Enabled", "Filter": {"Prefix": "other/"}, "Expiration": {"Days": 3}},
    ]
    rgw.client().put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": rules})
    found = looked(rgw, bucket)["lifecycle"]
    assert found.state is State.BAD
    assert "tidy" in found.sentence and "30 days" in found.sentence


def test_a_public_bucket_is_found(rgw: CephGateway) -> None:
    bucket = rgw.bucket()
    allow = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
    rgw.client().put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [allow]}))
    assert looked(rgw, bucket)["strangers"].state is State.BAD


def test_rclone_overwrites_and_keeps_nothing(rclone_s3: Rclone) -> None:
    found = looked(rclone_s3)
    assert found["create-only"].state is State.BAD
    assert found["deletion"].state is State.BAD
    assert "transport" not in found, "plain HTTP on this machine is no finding"
    assert [one for one in found.values() if one.state is State.UNKNOWN] == []


def test_swift_refuses_conditions(swift_s3: Swift) -> None:
    found = looked(swift_s3)
    assert "501" in found["create-only"].sentence
    assert found["deletion"].state is State.BAD
    assert [one for one in found.values() if one.state is State.UNKNOWN] == []


def test_wrong_credentials_are_no_finding_but_no_data(rclone_s3: Rclone) -> None:
    with pytest.raises(VaultForbidden) as caught:
        looked(rclone_s3, secret_key="wrong-secret-for-this-test")
    assert caught.value.exit_code == 3


def deny(server: S3Server, bucket: str, action: str) -> None:
    """A bucket policy that denies it to everybody, the owner included."""
    statement = {"Effect": "Deny", "Principal": "*", "Action": action, "Resource": f"arn:aws:s3:::{bucket}/*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    server.client().put_bucket_policy(Bucket=bucket, Policy=policy)

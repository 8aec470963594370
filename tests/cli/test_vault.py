"""`outlive vault check`: exit codes, words and JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pyrage import x25519

from outlive.cli.main import run
from outlive.lab.ground.process import free_port
from tests.world.s3 import CephGateway, Rclone, S3Server


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def configure(home: Path, vault: str) -> None:
    recipients = [str(x25519.Identity.generate().to_public()) for _ in range(2)]
    (home / "outlive.toml").write_text(f"[vault]\n{vault}\n[keys]\nrecipients = {json.dumps(recipients)}\n")


def configure_s3(home: Path, server: S3Server, monkeypatch: pytest.MonkeyPatch, bucket: str, endpoint: str) -> None:
    monkeypatch.setenv("TEST_VAULT_KEY", server.access_key)
    monkeypatch.setenv("TEST_VAULT_SECRET", server.secret_key)
    lines = [f'url = "s3://{bucket}/copies"', f'endpoint = "{endpoint}"', 'access_key = { env = "TEST_VAULT_KEY" }']
    configure(home, "\n".join([*lines, 'secret_key = { env = "TEST_VAULT_SECRET" }']))


def test_a_local_vault_is_looked_at_and_its_risk_is_told(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "vault").mkdir()
    configure(home, 'url = "vault"')
    assert run(["vault", "check"]) == 1
    said = capsys.readouterr().out
    assert said.startswith(f"file://{home}/vault\n")
    assert "  ok      create-only: " in said
    assert "  bad     deletion: This user can delete every copy" in said
    assert "          cure: " in said


def test_json_is_one_document(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "vault").mkdir()
    configure(home, 'url = "vault"')
    assert run(["vault", "check", "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert document["vault"] == f"file://{home}/vault"
    assert document["state"] == "bad"
    assert {"name", "state", "sentence", "cure"} == set(document["findings"][0])
    assert "deletion" in [one["name"] for one in document["findings"] if one["state"] == "bad"]


def test_a_vault_that_is_not_mounted_is_no_data(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    configure(home, 'url = "vault"')
    assert run(["vault", "check"]) == 3
    assert "Mount the disk" in capsys.readouterr().err
    assert not (home / "vault").exists()


@pytest.mark.s3
def test_a_store_that_overwrites_is_at_risk(
    home: Path, rclone_s3: Rclone, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_s3(home, rclone_s3, monkeypatch, rclone_s3.bucket(), rclone_s3.endpoint)
    assert run(["vault", "check", "--json"]) == 1
    said = capsys.readouterr()
    bad = [one["name"] for one in json.loads(said.out)["findings"] if one["state"] == "bad"]
    assert bad == ["create-only", "deletion"]
    assert rclone_s3.secret_key not in said.out + said.err


@pytest.mark.s3
def test_a_locked_bucket_is_well(
    home: Path, rgw: CephGateway, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """All but the plain HTTP of this test's store."""
    bucket = rgw.bucket(ObjectLockEnabledForBucket=True)
    rule = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 1}}}
    rgw.client().put_object_lock_configuration(Bucket=bucket, ObjectLockConfiguration=rule)
    configure_s3(home, rgw, monkeypatch, bucket, rgw.endpoint)
    run(["vault", "check", "--json"])
    findings = json.loads(capsys.readouterr().out)["findings"]
    assert [one["name"] for one in findings if one["state"] != "ok"] == ["transport"]


@pytest.mark.s3
def test_a_store_that_refuses_the_credentials_is_no_data(
    home: Path, rclone_s3: Rclone, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_s3(home, rclone_s3, monkeypatch, "any-bucket", rclone_s3.endpoint)
    monkeypatch.setenv("TEST_VAULT_SECRET", "wrong-secret-of-this-test")
    assert run(["vault", "check"]) == 3
    said = capsys.readouterr().err
    assert "SignatureDoesNotMatch" in said and "cure:" in said
    assert "wrong-secret-of-this-test" not in said


@pytest.mark.s3
@pytest.mark.slow
def test_a_store_that_is_away_is_no_data(
    home: Path, rclone_s3: Rclone, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Patiently: it is tried again for about twelve seconds."""
    configure_s3(home, rclone_s3, monkeypatch, "any-bucket", f"http://127.0.0.1:{free_port()}")
    assert run(["vault", "check"]) == 3
    assert "Connection refused" in capsys.readouterr().err

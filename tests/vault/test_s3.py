"""What the S3 vault does beyond the contract (tests/contracts)."""

from __future__ import annotations

import pytest

from outlive.errors import ObjectExists, ObjectMissing, VaultFailed, VaultForbidden
from outlive.vault.s3 import Patience
from tests.vault.s3_world import bare
from tests.world.flaky_http import FlakyProxy, eventually
from tests.world.s3 import CephGateway, Rclone, Swift


def test_time_outs_grow_with_the_size() -> None:
    patience = Patience(quiet=60, slowest_bytes_per_second=1 << 16)
    assert patience.whole(0) == 60
    assert patience.whole(1) == 120
    assert patience.whole(32 << 20) == 600
    assert patience.whole((32 << 20) + 5000) == 600


@pytest.mark.s3
def test_the_environment_of_other_programs_changes_nothing(rclone_s3: Rclone, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:1",
        "AWS_ACCESS_KEY_ID": "somebody",
        "AWS_SECRET_ACCESS_KEY": "else",
        "AWS_SESSION_TOKEN": "stale",
        "AWS_SKIP_SIGNATURE": "true",
        "AWS_REGION": "elsewhere",
        "AWS_BUCKET": "other",
        "AWS_VIRTUAL_HOSTED_STYLE_REQUEST": "true",
    }.items():
        monkeypatch.setenv(name, value)
    vault = bare(rclone_s3)
    vault.put("a", b"1")
    prefix = vault.location.prefix
    assert rclone_s3.keys(vault.location.bucket, prefix) == [f"{prefix}a"]


@pytest.mark.s3
def test_keys_come_from_the_environment_when_none_are_given(rclone_s3: Rclone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", rclone_s3.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", rclone_s3.secret_key)
    vault = bare(rclone_s3, access_key=None, secret_key=None)
    vault.put("a", b"1")
    assert vault.get("a") == b"1"


@pytest.mark.s3
def test_a_part_goes_up_in_one_request(rclone_s3: Rclone, flaky_rclone: FlakyProxy) -> None:
    """Multipart uploads cannot be made conditional everywhere."""
    vault = bare(rclone_s3, flaky_rclone.endpoint)
    vault.put("part", bytes(24 << 20))
    assert eventually(lambda: len(flaky_rclone.seen) > 0)
    path = f"/{vault.location.bucket}/{vault.location.prefix}part"
    assert [(one.method, one.path) for one in flaky_rclone.seen] == [("PUT", path)]


@pytest.mark.s3
def test_a_refused_condition_is_remembered(swift_s3: Swift) -> None:
    with FlakyProxy(swift_s3.endpoint) as proxy:
        vault = bare(swift_s3, proxy.endpoint)
        vault.put("a", b"1")
        assert vault.refuses_conditions
        vault.put("b", b"2")
        assert eventually(lambda: len(proxy.seen) == 5)
        assert sorted(one.method for one in proxy.seen) == ["GET", "GET", "PUT", "PUT", "PUT"]
        assert proxy.count(outcome="501") == 1
        with pytest.raises(ObjectExists):
            vault.put("b", b"3")
        assert vault.get("b") == b"2"


@pytest.mark.s3
@pytest.mark.parametrize("fixture", ["rgw", "swift_s3", "rclone_s3"])
class TestEveryStore:
    """Each of the three real stores says it in its own way; we say the same."""

    @pytest.fixture
    def server(self, request: pytest.FixtureRequest, fixture: str) -> CephGateway | Swift | Rclone:
        server: CephGateway | Swift | Rclone = request.getfixturevalue(fixture)
        return server

    def test_a_wrong_secret_is_forbidden_and_not_repeated(self, server: CephGateway | Swift | Rclone) -> None:
        secret = "wrong-" + server.secret_key[::-1]
        vault = bare(server, secret_key=secret)
        for act in (lambda: vault.get("a"), lambda: vault.put("a", b""), lambda: list(vault.walk(""))):
            with pytest.raises(VaultForbidden) as caught:
                act()
            assert secret not in str(caught.value) + repr(caught.value) + str(caught.value.__cause__)

    def test_an_unknown_key_is_forbidden(self, server: CephGateway | Swift | Rclone) -> None:
        with pytest.raises(VaultForbidden):
            bare(server, access_key="nobody").get("a")

    def test_a_missing_bucket_is_not_a_missing_object(self, server: CephGateway | Swift | Rclone) -> None:
        vault = bare(server, bucket="there-is-no-such-bucket")
        for act in (lambda: vault.get("a"), lambda: vault.put("a", b""), lambda: vault.folders("")):
            with pytest.raises(VaultFailed, match="NoSuchBucket") as caught:
                act()
            assert not isinstance(caught.value, ObjectMissing)
            assert "Create the bucket" in caught.value.hint


@pytest.mark.s3
def test_an_object_that_we_could_not_have_written_is_named(rgw: CephGateway) -> None:
    vault = bare(rgw)
    vault.put("ours", b"1")
    rgw.client().put_object(Bucket=vault.location.bucket, Key=f"{vault.location.prefix}a//b", Body=b"")
    with pytest.raises(VaultFailed, match="a//b") as caught:
        list(vault.walk(""))
    assert "Outlive did not write it" in caught.value.hint


@pytest.mark.s3
def test_what_lies_beside_the_prefix_is_not_seen(rgw: CephGateway) -> None:
    vault = bare(rgw, bucket=rgw.bucket(), prefix="p/")
    for key in ("q/x", "p", "pp/x", "p/in"):
        rgw.client().put_object(Bucket=vault.location.bucket, Key=key, Body=b"")
    assert [info.key for info in vault.walk("")] == ["in"]
    assert vault.folders("") == []


@pytest.mark.s3
def test_more_than_a_page_of_keys_is_listed(rclone_s3: Rclone) -> None:
    vault = bare(rclone_s3, bucket=rclone_s3.bucket())
    for number in range(1050):
        folder = rclone_s3.data / vault.location.bucket / vault.location.prefix / f"f{number:04}"
        folder.mkdir(parents=True)
        (folder / "x").touch()
    assert len(list(vault.walk(""))) == 1050
    assert len(vault.folders("")) == 1050

"""`outlive mirror` and `--from mirror`, from end to end with two folders."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from outlive.backup.copies.lock import only_one
from outlive.cli.mirror_look import MirrorLook, look_at_mirror
from outlive.clock import SystemClock
from outlive.config.load import load
from tests.cli.home import Done, Home
from tests.world.s3 import CephGateway

pytestmark = pytest.mark.slow

Call = Callable[..., Done]
MIRROR = '[mirror]\nurl = "mirror"\n'


@pytest.fixture
def mirrored(home: Home, outlive: Call) -> Home:
    """A home with a copy, and an empty mirror."""
    (home.folder / "mirror").mkdir()
    home.write(more=MIRROR)
    assert outlive("backup").code == 0
    return home


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_it_brings_everything_and_says_what_would_be_lost(mirrored: Home, outlive: Call) -> None:
    done = outlive("mirror", "--json")
    assert done.code == 0
    (asset,) = done.document["assets"]
    assert len(asset["copied"]) == 1 and asset["held_back"] == [] and asset["loss"]["everything"] is False
    assert files(mirrored.folder / "mirror") == files(mirrored.folder / "vault")
    assert outlive("mirror").out.startswith(
        "site: 0 copies came to the mirror, 1 were there (0 objects, 0 B); with it alone, "
    )


def test_the_mirror_alone_is_enough(mirrored: Home, outlive: Call) -> None:
    """The vault is gone, with its disk."""
    assert outlive("drill").code == 0
    assert outlive("mirror").code == 0
    shutil.rmtree(mirrored.folder / "vault")
    assert outlive("copies").code == 3
    (copy,) = outlive("copies", "--from", "mirror", "--json").document["copies"]
    assert copy["proof"] == "restored"
    assert outlive("verify", "--from", "mirror").code == 0
    assert outlive("drill", "--from", "mirror").code == 0
    target = mirrored.folder / "back"
    assert outlive("restore", "site", "--to", str(target), "--from", "mirror").code == 0
    assert files(target) == files(mirrored.site)
    assert outlive("prune", "--from", "mirror", "--yes").code == 0


def test_what_has_rotted_is_told_by_the_exit_code(mirrored: Home, outlive: Call) -> None:
    part = next((mirrored.folder / "vault").rglob("files.tar.zst.age.000000"))
    part.write_bytes(part.read_bytes()[:-1] + b"\0")
    done = outlive("mirror")
    assert done.code == 1
    assert "AT RISK, not copied" in done.out and "SHA-256 differs" in done.out
    assert "EVERYTHING would be lost" in done.out
    assert not list((mirrored.folder / "mirror").rglob("manifest.json"))


def test_a_mirror_that_is_away_is_no_data(mirrored: Home, outlive: Call) -> None:
    shutil.rmtree(mirrored.folder / "mirror")
    done = outlive("mirror")
    assert done.code == 3 and "Mount the disk" in done.err
    assert outlive("verify").code == 0, "the vault is as it was"


def test_a_full_mirror_is_a_failure_that_room_mends(home: Home, outlive: Call, tiny_disk: Path) -> None:
    (home.site / "large").write_bytes(Random(1).randbytes(6 << 20))
    home.write(more=f'[mirror]\nurl = "file://{tiny_disk}"\n[keeper]\npart_bytes = 1048576\n')
    ballast = tiny_disk / "ballast"
    ballast.write_bytes(bytes(10 << 20))
    assert outlive("backup").code == 0
    done = outlive("mirror")
    assert done.code == 5 and "full" in done.err
    assert not list(tiny_disk.rglob("manifest.json"))
    ballast.unlink()
    assert outlive("mirror").code == 0
    assert outlive("verify", "--from", "mirror").code == 0


def test_without_a_mirror_it_says_how_to_have_one(home: Home, outlive: Call) -> None:
    for words in (["mirror"], ["copies", "--from", "mirror"]):
        done = outlive(*words)
        assert done.code == 2 and "Add a [mirror] table" in done.err


def test_an_asset_that_the_vault_does_not_have(mirrored: Home, outlive: Call) -> None:
    assert outlive("mirror", "nothing").code == 2


def test_two_at_once_do_not_get_into_each_others_way(mirrored: Home, outlive: Call) -> None:
    with only_one(mirrored.folder / "state/locks", "outlive mirror"):
        done = outlive("mirror")
    assert done.code == 5 and "another process" in done.err


def test_status_can_tell_how_the_mirror_stands(mirrored: Home, outlive: Call) -> None:
    before = look(mirrored)
    assert before.lines == ("site: with the mirror alone, EVERYTHING would be lost",)
    assert before.risks[0].startswith("site: the mirror has no whole copy")
    assert outlive("mirror").code == 0
    after = look(mirrored)
    assert after.risks == () and after.blind == ""
    assert after.document["assets"][0]["loss"]["everything"] is False
    shutil.rmtree(mirrored.folder / "mirror")
    away = look(mirrored)
    assert "Mount" not in away.blind and "is not there" in away.blind and away.standings == ()


def look(home: Home) -> MirrorLook:
    found = look_at_mirror(load(home.config), SystemClock())
    assert found is not None
    return found


def test_where_there_is_no_mirror_there_is_nothing_to_tell(home: Home) -> None:
    assert look_at_mirror(load(home.config), SystemClock()) is None


@pytest.mark.s3
def test_into_a_locked_bucket(home: Home, outlive: Call, rgw: CephGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """A part that a cut run left damaged is hidden by a right one; what is there is locked."""
    bucket = rgw.bucket(ObjectLockEnabledForBucket=True)
    monkeypatch.setenv("K", rgw.access_key)
    monkeypatch.setenv("S", rgw.secret_key)
    keys = 'access_key = { env = "K" }\nsecret_key = { env = "S" }\nlock_days = 2\n'
    home.write(more=f'[mirror]\nurl = "s3://{bucket}/m"\nendpoint = "{rgw.endpoint}"\n{keys}')
    assert outlive("backup").code == 0
    part = next((home.folder / "vault").rglob("files.tar.zst.age.000000"))
    key = f"m/{part.relative_to(home.folder / 'vault')}"
    rgw.client().put_object(Bucket=bucket, Key=key, Body=b"damaged")
    assert outlive("mirror").code == 0
    assert rgw.client().get_object(Bucket=bucket, Key=key)["Body"].read() == part.read_bytes()
    assert rgw.client().head_object(Bucket=bucket, Key=key)["ObjectLockMode"] == "COMPLIANCE"
    assert outlive("verify", "--from", "mirror").code == 0

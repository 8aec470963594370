"""A vault that goes away in the middle, runs full, or does not know conditional puts: with real stores."""

from __future__ import annotations

import math
import random
from pathlib import Path

import pytest

from outlive.backup.copies import catalog
from outlive.backup.drill.verify import verify
from outlive.clock import SystemClock
from outlive.config.load import load
from outlive.errors import VaultFull, VaultUnreachable
from outlive.testing.clock import ManualClock
from outlive.vault.base import Vault
from outlive.vault.local import LocalVault
from tests.backup.made import contents, policy, take_made
from tests.cli.home import Home
from tests.vault.s3_world import bare, open_in
from tests.world.flaky_http import FlakyProxy, answer, cut_request
from tests.world.s3 import Rclone, S3Server, Swift

pytestmark = pytest.mark.slow

MIB = 1 << 20
NOISE = random.Random(4).randbytes(6 * MIB)
KEY = "drill"


@pytest.mark.s3
@pytest.mark.parametrize("how", [answer(503), cut_request(after=1000)], ids=["503", "cut"])
def test_cut_by_an_outage_the_next_run_sends_only_what_is_missing(
    rclone_s3: Rclone, flaky_rclone: FlakyProxy, tmp_path: Path, how: object
) -> None:
    bucket = rclone_s3.bucket()
    vault = bare(rclone_s3, flaky_rclone.endpoint, bucket=bucket)
    for number in range(3, 99):
        flaky_rclone.next(how, times=math.inf, method="PUT", path=f"made.zst.age.{number:06d}")  # type: ignore[arg-type]
    with pytest.raises(VaultUnreachable):
        take_made(vault, tmp_path, {"made": NOISE}, sealed=policy(MIB))
    assert catalog.copies(vault, "made") == []
    flaky_rclone.heal()
    before = sum(1 for seen in flaky_rclone.seen if seen.method == "PUT")
    taken = take_made(vault, tmp_path, {"made": NOISE}, sealed=policy(MIB))
    assert taken.reused_parts >= 2, "of three; rclone, when busy, cannot always copy what it has just been given"
    assert contents(vault, taken.manifest) == {"made": NOISE}
    sent = [seen for seen in flaky_rclone.seen[before:] if seen.method == "PUT"]
    assert len(vault.folders("copies/made/")) == 1, "the litter of the cut run is gone"
    assert sent


def whole_story(vault: Vault, state: Path) -> None:
    """A copy, a second one, a verification, and what comes out."""
    clock = ManualClock()
    first = take_made(vault, state, {"a": NOISE[:MIB], "b": b""}, sealed=policy(MIB // 3), clock=clock).manifest
    second = take_made(vault, state, {"a": NOISE[MIB:], "b": b"x"}, sealed=policy(MIB), clock=clock).manifest
    assert [copy.id for copy in catalog.copies(vault, "made")] == [first.id, second.id]
    for copy in catalog.copies(vault, "made"):
        assert verify(vault, copy, [], now=clock.now()).ok
    assert contents(vault, first) == {"a": NOISE[:MIB], "b": b""}
    assert contents(vault, second) == {"a": NOISE[MIB:], "b": b"x"}


@pytest.mark.s3
def test_a_store_that_ignores_conditions(rclone_s3: Rclone, tmp_path: Path) -> None:
    whole_story(open_in(rclone_s3, clock=SystemClock()), tmp_path)


@pytest.mark.s3
@pytest.mark.docker
def test_a_store_that_refuses_conditions(swift_s3: Swift, tmp_path: Path) -> None:
    whole_story(open_in(swift_s3, clock=SystemClock()), tmp_path)


def s3_home(folder: Path, server: S3Server, monkeypatch: pytest.MonkeyPatch, endpoint: str | None = None) -> Home:
    """A home whose vault is a bucket of that server."""
    home = Home(folder)
    monkeypatch.setenv("TEST_ACCESS_KEY", server.access_key)
    monkeypatch.setenv("TEST_SECRET_KEY", server.secret_key)
    home.write(
        vault=f'url = "s3://{server.bucket()}/keeper"\nendpoint = "{endpoint or server.endpoint}"\n'
        'access_key = { env = "TEST_ACCESS_KEY" }\nsecret_key = { env = "TEST_SECRET_KEY" }\n'
    )
    return home


@pytest.mark.s3
@pytest.mark.docker
@pytest.mark.parametrize("store", ["rgw", "rclone_s3", "swift_s3"])
def test_the_commands_from_end_to_end(
    store: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = s3_home(tmp_path / "home", request.getfixturevalue(store), monkeypatch)
    for words in (["backup"], ["backup"], ["verify"], ["restore", "site", "--to", str(tmp_path / "new")], ["copies"]):
        done = home.call(*words)
        assert done.code == 0, done.err
    for name in ("index.html", "data.bin"):
        assert (tmp_path / "new" / name).read_bytes() == (home.site / name).read_bytes()
    assert [copy["proof"] for copy in home.call("copies", "--json").document["copies"]] == ["stored", "verified"]


@pytest.mark.s3
def test_wrong_credentials_are_told_without_them(
    rclone_s3: Rclone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = s3_home(tmp_path / "home", rclone_s3, monkeypatch)
    monkeypatch.setenv("TEST_SECRET_KEY", "wrongwrongwrong")
    done = home.call("backup")
    assert done.code == 3 and "The vault refused the credentials or the act." in done.err
    assert "wrongwrongwrong" not in done.err + done.out


@pytest.mark.s3
def test_a_store_that_is_down_is_no_data(rclone_s3: Rclone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = s3_home(tmp_path / "home", rclone_s3, monkeypatch, endpoint="http://127.0.0.1:9")
    done = home.call("copies", "--json")
    assert done.code == 3 and done.document["exit_code"] == 3
    assert "The vault could not be reached." in done.err


@pytest.mark.s3
@pytest.mark.slow
@pytest.mark.parametrize(
    ("status", "code", "exit_code"),
    [(403, "AccessDenied", 3), (404, "NoSuchBucket", 5), (500, "InternalError", 3), (507, "InsufficientStorage", 5)],
)
def test_a_store_that_turns_bad_midway_and_stays_so(
    rclone_s3: Rclone,
    flaky_rclone: FlakyProxy,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    code: str,
    exit_code: int,
) -> None:
    """The command's own words and code, a cure, no manifest, and the earlier copy as it was."""
    home = s3_home(tmp_path / "home", rclone_s3, monkeypatch, flaky_rclone.endpoint)
    home.config.write_text(home.config.read_text() + f"[keeper]\npart_bytes = {MIB}\n")
    assert home.call("backup").code == 0
    bucket = load(home.config).vault.url.removeprefix("s3://").partition("/")[0]
    earlier = {key: rclone_s3.client().get_object(Bucket=bucket, Key=key)["ETag"] for key in rclone_s3.keys(bucket)}
    (home.site / "noise").write_bytes(NOISE)
    flaky_rclone.next(answer(status, code), times=math.inf, method="PUT", path="files.tar.zst.age.000003")
    done = home.call("backup", "--json")
    assert done.code == exit_code and done.document["failed"][0]["exit_code"] == exit_code
    assert "\n  cure: " in done.err and "Traceback" not in done.err and rclone_s3.secret_key not in done.err
    there = rclone_s3.keys(bucket)
    assert len([key for key in there if key.endswith("manifest.json")]) == 1
    assert {key: rclone_s3.client().get_object(Bucket=bucket, Key=key)["ETag"] for key in earlier} == earlier


def fill(disk: Path, leave: int) -> Path:
    """A file that leaves so many bytes of the disk free."""
    ballast = disk / "ballast"
    with ballast.open("wb") as file:
        while (free := LocalVault(disk).free_bytes()) > leave:
            file.write(bytes(min(MIB, free - leave)))
            file.flush()
    return ballast


def test_a_full_disk(tiny_disk: Path, tmp_path: Path) -> None:
    """Exit 5 with a cure, no manifest, the earlier copies as they were; and once there is room, it works."""
    home = Home(tmp_path / "home")
    (tiny_disk / "vault").mkdir()
    home.write(vault=f'url = "file://{tiny_disk}/vault"', more=f"[keeper]\npart_bytes = {MIB}\n")
    vault = LocalVault(tiny_disk / "vault")
    assert home.call("backup").code == 0
    before = {info: vault.get(info.key) for info in vault.walk("")}
    (home.site / "noise").write_bytes(NOISE)
    ballast = fill(tiny_disk, 3 * MIB)
    done = home.call("backup", "--json")
    assert done.code == 5 and "The vault is full." in done.err and "Make room" in done.err
    assert done.document["failed"][0]["exit_code"] == 5
    (copy,) = catalog.copies(vault, "site")
    assert {info: vault.get(info.key) for info in before} == before
    assert contents(vault, copy.manifest, home.keys[KEY])
    ballast.unlink()
    done = home.call("backup")
    assert done.code == 0 and "were already there" in done.out
    assert len(catalog.copies(vault, "site")) == len(vault.folders("copies/site/")) == 2


@pytest.mark.parametrize("when", [0, 1, 2, 5])
def test_a_disk_that_runs_full_at_any_part_leaves_no_copy(tiny_disk: Path, tmp_path: Path, when: int) -> None:
    vault = LocalVault.create(tiny_disk / "vault")
    ballast = fill(tiny_disk, when * MIB + 200_000)
    with pytest.raises(VaultFull) as caught:
        take_made(vault, tmp_path, {"made": NOISE}, sealed=policy(MIB))
    assert caught.value.exit_code == 5 and "Make room" in caught.value.hint
    assert catalog.copies(vault, "made") == []
    ballast.unlink()
    assert contents(vault, take_made(vault, tmp_path, {"made": NOISE}, sealed=policy(MIB)).manifest) == {"made": NOISE}

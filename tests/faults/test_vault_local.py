"""Bad days of a local vault: full, unmounted, closed, killed, and a power cut."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from outlive.errors import VaultForbidden, VaultFull, VaultUnreachable
from outlive.lab.ground.cache import is_root
from outlive.lab.ground.process import NOBODY, run, wait_until
from outlive.vault.base import Vault
from outlive.vault.findings import mount_of
from outlive.vault.local import LocalVault
from tests.world import ledger
from tests.world.need import Missing, need

VERBS: dict[str, Callable[[Vault], object]] = {
    "put": lambda vault: vault.put("a/new", b"x"),
    "get": lambda vault: vault.get("a/x"),
    "holds": lambda vault: vault.holds("a/x", b"x"),
    "walk": lambda vault: list(vault.walk("")),
    "folders": lambda vault: vault.folders(""),
    "copy": lambda vault: vault.copy("a/x", "a/y"),
    "delete": lambda vault: vault.delete("a/x"),
}


def files(root: Path) -> list[str]:
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*"))


def test_a_full_disk_leaves_nothing_of_the_last_object_and_all_of_the_others(tiny_disk: Path) -> None:
    vault = LocalVault.create(tiny_disk / "vault")
    stored: dict[str, bytes] = {}
    with pytest.raises(VaultFull) as caught:
        for number in range(64):
            key, data = f"copy/{number:02}/part", bytes([number]) * (1 << 20)
            vault.put(key, data)
            stored[key] = data
    assert 8 < len(stored) < 17
    assert caught.value.exit_code == 5
    assert "Make room" in caught.value.hint
    assert [info.key for info in vault.walk("")] == list(stored)
    assert all(vault.holds(key, data) for key, data in stored.items())
    assert files(vault.root) == sorted({"copy", *stored, *(key.rsplit("/", 1)[0] for key in stored)})
    vault.delete("copy/00/part")
    vault.put("copy/after/part", b"room again")


@pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)
def test_an_unmounted_vault_is_unreachable_and_not_made_anew(verb: Callable[[Vault], object], tmp_path: Path) -> None:
    root = tmp_path / "mnt" / "vault"
    with pytest.raises(VaultUnreachable, match="is not there") as caught:
        verb(LocalVault(root))
    assert caught.value.exit_code == 3
    assert "Mount the disk" in caught.value.hint
    assert not root.parent.exists()


@pytest.fixture
def shared_folder() -> Iterator[Path]:
    """One that other users can reach: pytest's own folders are closed to them."""
    folder = Path(tempfile.mkdtemp(prefix="outlive-closed-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@contextmanager
def powerless() -> Iterator[None]:
    """Without root's power to pass every lock."""
    if not is_root():
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)
def test_a_folder_that_is_closed_to_us_is_forbidden_and_never_looks_empty(
    verb: Callable[[Vault], object], shared_folder: Path
) -> None:
    vault = LocalVault.create(shared_folder / "vault")
    vault.put("a/x", b"x")
    vault.root.chmod(0)
    with powerless(), pytest.raises(VaultForbidden) as caught:
        verb(vault)
    assert caught.value.exit_code == 3
    vault.root.chmod(0o700)
    assert vault.get("a/x") == b"x"


def test_a_closed_folder_deep_inside_is_not_left_out_of_a_listing(shared_folder: Path) -> None:
    """A copy that cannot be seen must not look deleted."""
    vault = LocalVault.create(shared_folder / "vault")
    for key in ("a/x", "b/x"):
        vault.put(key, b"x")
    for folder, mode in ((vault.root, 0o755), (vault.root / "a", 0o755), (vault.root / "b", 0)):
        folder.chmod(mode)
    with powerless(), pytest.raises(VaultForbidden):
        list(vault.walk(""))


def test_a_folder_that_may_only_be_read_can_be_read_and_not_written(shared_folder: Path) -> None:
    vault = LocalVault.create(shared_folder / "vault")
    vault.put("a/x", b"x")
    for path in (vault.root, vault.root / "a", vault.root / "a/x"):
        path.chmod(0o555)
    with powerless():
        assert vault.get("a/x") == b"x"
        for verb in ("put", "copy", "delete"):
            with pytest.raises(VaultForbidden):
                VERBS[verb](vault)
    assert files(vault.root) == ["a", "a/x"]
    for path in (vault.root, vault.root / "a"):
        path.chmod(0o755)


WRITER = """
import sys
from pathlib import Path
from outlive.vault.local import LocalVault
vault = LocalVault(Path(sys.argv[1]))
for number in range(10_000):
    vault.put(f"{sys.argv[2]}/{number:05}", bytes([number % 251]) * (3 << 20))
    print(number, flush=True)
"""


@pytest.mark.slow
def test_a_writer_killed_at_any_moment_leaves_whole_objects_only(tmp_path: Path) -> None:
    vault = LocalVault.create(tmp_path / "vault")
    for turn in range(8):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, vault.root, str(turn)], stdout=subprocess.PIPE)
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"0\n"  # it is at work
        if turn % 2:
            time.sleep(0.004 * turn)
        else:  # the very moment an object shows up
            wait_until((vault.root / str(turn) / "00001").exists, "the second object", every=0)
        writer.send_signal(signal.SIGKILL)
        said = 1 + len(writer.stdout.read().splitlines())
        writer.wait()
        writer.stdout.close()
        keys = [info.key for info in vault.walk(f"{turn}/")]
        assert len(keys) >= said, "what was reported is there"
        assert all(vault.holds(key, bytes([int(key[-5:]) % 251]) * (3 << 20)) for key in keys)
        shutil.rmtree(vault.root / str(turn))


@contextmanager
def after_power_cut(disk: Path) -> Iterator[Path]:
    """What a machine would find on `disk` after its power failed now: what had been written through, and no more.

    The image below the loop device holds exactly what the file system has sent to its device; a copy of it is mounted,
    and the file system mends itself from its journal as after a crash.
    """
    home = ledger.new_directory("crash")
    here = home / "disk"
    here.mkdir()
    shutil.copyfile(disk.parent / "image", home / "image")
    run(["mount", "-o", "loop", home / "image", here])
    ledger.note("mount", here)
    try:
        yield here
    finally:
        run(["umount", "--lazy", here])
        ledger.discard(home)


@pytest.fixture
def loop_disk(tiny_disk: Path) -> Path:
    def look() -> Path:
        if mount_of(Path("/proc/self/mountinfo").read_text(), str(tiny_disk))[1] != "ext4":
            raise Missing("a power cut needs a loop device")
        return tiny_disk

    return need("disk", look)


def test_an_object_outlives_a_power_cut_the_moment_put_returns(loop_disk: Path) -> None:
    vault = LocalVault.create(loop_disk / "vault")
    os.sync()
    data = os.urandom(300_000)
    vault.put("new/folders/x", data)
    (loop_disk / "careless").write_bytes(data)
    with after_power_cut(loop_disk) as found:
        assert LocalVault(found / "vault").holds("new/folders/x", data)
        careless = found / "careless"
        assert not careless.exists() or careless.read_bytes() != data, "else this test could not fail"


def test_copies_and_deletions_outlive_a_power_cut_too(loop_disk: Path) -> None:
    vault = LocalVault.create(loop_disk / "vault")
    vault.put("a/x", b"x")
    vault.put("a/y", b"y")
    os.sync()
    vault.copy("a/x", "b/z")
    vault.delete("a/y")
    with after_power_cut(loop_disk) as found:
        assert [info.key for info in LocalVault(found / "vault").walk("")] == ["a/x", "b/z"]

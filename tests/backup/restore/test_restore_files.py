"""From files to a vault and back: whole round trips, and restores that must not look finished."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from pyrage import x25519

from outlive.backup.copies.layout import copy_folder
from outlive.backup.restore.restore_files import Restored, restore_tar
from outlive.backup.streams.seal import SealPolicy
from outlive.backup.take import take
from outlive.clock import SystemClock
from outlive.commands.files import MARK
from outlive.commands.ssh import SshPaths
from outlive.errors import CopyDamaged, Refused, RestoreFailed, UsageError, WrongKey
from outlive.model.asset import ConfigAsset, PathAsset
from outlive.model.copy import Manifest
from outlive.model.host import Host
from outlive.sources.config import ConfigSource
from outlive.sources.path import PathSource
from outlive.testing.faulty_vault import Fault, FaultyVault
from outlive.transport.base import Shell
from outlive.transport.local import LocalShell
from outlive.transport.ssh import SshShell
from outlive.vault.base import Vault
from outlive.vault.local import LocalVault
from tests.sources.trees import fingerprint, make_odd_tree
from tests.world.sshd import SshServer

pytestmark = pytest.mark.slow

KEY = x25519.Identity.generate()
SHELL = LocalShell()


class Guarded:
    """A tree of files, and a copy of it in a vault."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.tree = make_odd_tree(folder / "tree")
        with closing(sqlite3.connect(self.tree / "deep" / "app.db")) as database, database:
            database.execute("create table t (n)")
            database.executemany("insert into t values (?)", [(n,) for n in range(1000)])
        (self.tree / "deep" / "app.db").chmod(0o640)
        self.was = fingerprint(self.tree)
        self.vault: Vault = LocalVault.create(folder / "vault")
        self.manifest = self.take(SHELL)

    def take(self, shell: Shell) -> Manifest:
        asset = PathAsset(name="files", host="web-1", path=str(self.tree))
        policy = SealPolicy((KEY.to_public(),), part_bytes=1 << 20)
        source = PathSource(asset, shell, SystemClock())
        return take(asset, source, self.vault, policy, state=self.folder / "state", clock=SystemClock()).manifest

    def restore(self, target: Path, *, shell: Shell = SHELL, key: x25519.Identity = KEY) -> Restored:
        return restore_tar(self.vault, self.manifest, [key], shell, str(target))

    def damage(self, *, stream: str, part: int) -> None:
        key = copy_folder("files", self.manifest.id) + f"{stream}.zst.age.{part:06d}"
        path = self.folder / "vault" / key
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)


@pytest.fixture
def guarded(tmp_path: Path) -> Guarded:
    return Guarded(tmp_path)


def test_everything_comes_back_exactly(guarded: Guarded, tmp_path: Path) -> None:
    target = tmp_path / "new" / "place"
    restored = guarded.restore(target)
    assert fingerprint(target) == {**guarded.was, b"deep/app.db": fingerprint(target)[b"deep/app.db"]}
    assert fingerprint(target)[b"deep/app.db"][:4] == guarded.was[b"deep/app.db"][:4], "kind, mode, owner"
    with closing(sqlite3.connect(target / "deep" / "app.db")) as database:
        assert database.execute("select count(*) from t").fetchone() == (1000,)
    assert restored.files == sum(1 for entry in guarded.was.values() if entry[0] == 0o100000)
    assert restored.warnings == ()
    assert list((tmp_path / "new").iterdir()) == [target], "nothing else is left beside it"


def test_over_ssh(guarded: Guarded, tmp_path: Path, ssh_server: SshServer) -> None:
    paths = SshPaths(ssh_server.known_hosts, ssh_server.home / "c")  # a socket, so its path must be short
    shell = SshShell(Host(name="web-1", address="ssh://web-1", ssh_config=str(ssh_server.config)), paths)
    try:
        guarded.manifest = guarded.take(shell)
        guarded.restore(tmp_path / "over ssh", shell=shell)
    finally:
        shell.close()
    back = fingerprint(tmp_path / "over ssh")
    assert back == {**guarded.was, b"deep/app.db": back[b"deep/app.db"]}


def test_an_empty_directory_is_filled_in_place(guarded: Guarded, tmp_path: Path) -> None:
    target = tmp_path / "mount"
    target.mkdir()
    inode = target.stat().st_ino
    guarded.restore(target)
    assert target.stat().st_ino == inode
    assert set(fingerprint(target)) == set(guarded.was)
    assert fingerprint(target)[b"."] == guarded.was[b"."]


def test_lost_and_found_of_a_fresh_disk_counts_as_nothing(guarded: Guarded, tmp_path: Path) -> None:
    (tmp_path / "mount" / "lost+found").mkdir(parents=True)
    guarded.restore(tmp_path / "mount")
    assert (tmp_path / "mount" / "plain.txt").exists()


@pytest.mark.parametrize("there", ["file in it", "a file", "dangling link", "unfinished"])
def test_nothing_is_restored_over_anything(guarded: Guarded, tmp_path: Path, there: str) -> None:
    target = tmp_path / "there"
    match there:
        case "file in it":
            (target / "sub").mkdir(parents=True)
        case "a file":
            target.write_text("precious")
        case "dangling link":
            target.symlink_to("nowhere")
        case "unfinished":
            target.mkdir()
            (target / MARK).touch()
    before = fingerprint(tmp_path)
    with pytest.raises(Refused):
        guarded.restore(target)
    assert fingerprint(tmp_path) == before


def test_a_relative_target_is_refused(guarded: Guarded) -> None:
    with pytest.raises(UsageError):
        guarded.restore(Path("here"))


def test_a_copy_without_files_is_refused(guarded: Guarded, tmp_path: Path) -> None:
    guarded.manifest = replace(guarded.manifest, kind="images", streams=guarded.manifest.streams[-1:])
    with pytest.raises(UsageError, match="kind images"):
        guarded.restore(tmp_path / "target")


@pytest.mark.parametrize("stream", ["files.tar", "sqlite-000.db", "inventory.json"])
@pytest.mark.parametrize("existing", [False, True])
def test_a_damaged_part_is_the_error_and_nothing_looks_restored(
    guarded: Guarded, tmp_path: Path, stream: str, existing: bool
) -> None:
    guarded.damage(stream=stream, part=2 if stream == "files.tar" else 0)
    target = tmp_path / "target"
    if existing:
        target.mkdir()
    with pytest.raises(CopyDamaged, match="SHA-256 differs"):
        guarded.restore(target)
    if existing and stream != "inventory.json":
        assert (target / MARK).exists()
    else:
        assert not target.exists() or not list(target.iterdir())
    assert not list(tmp_path.glob(".*partial*"))


def test_the_wrong_key_touches_nothing(guarded: Guarded, tmp_path: Path) -> None:
    with pytest.raises(WrongKey):
        guarded.restore(tmp_path / "target", key=x25519.Identity.generate())
    assert not (tmp_path / "target").exists()


def test_a_full_disk_is_the_error_and_nothing_looks_restored(guarded: Guarded, tiny_disk: Path) -> None:
    (guarded.tree / "huge").write_bytes(os.urandom(24 << 20))
    guarded.manifest = guarded.take(SHELL)
    with pytest.raises(RestoreFailed, match="No space left"):
        guarded.restore(tiny_disk / "target")
    assert [path.name for path in tiny_disk.iterdir() if path.name != "lost+found"] == []


def test_a_tar_that_does_not_match_its_inventory_is_not_accepted(guarded: Guarded, tmp_path: Path) -> None:
    """A copy put together from two: each part is whole, the sum is not."""
    other = tmp_path / "other"
    other.mkdir()
    (other / "file").write_text("x")
    guarded.tree, tree = other, guarded.tree
    foreign = guarded.take(SHELL)
    guarded.tree = tree
    folder = tmp_path / "vault" / copy_folder("files", guarded.manifest.id)
    streams = []
    for stream in guarded.manifest.streams:
        if stream.name == "files.tar":
            stream = foreign.stream("files.tar") or stream
            for part in stream.parts:
                (folder / part.file).unlink()
                shutil.copy(tmp_path / "vault" / copy_folder("files", foreign.id) / part.file, folder / part.file)
        streams.append(stream)
    guarded.manifest = replace(guarded.manifest, streams=tuple(streams))
    with pytest.raises(CopyDamaged, match="inventory"):
        guarded.restore(tmp_path / "target")
    assert not (tmp_path / "target").exists()


def test_a_vault_that_fails_midway_is_the_error(guarded: Guarded, tmp_path: Path) -> None:
    guarded.vault = FaultyVault(guarded.vault, Fault("get", RestoreFailed("the vault is gone"), skip=4, times=None))
    with pytest.raises(RestoreFailed, match="the vault is gone"):
        guarded.restore(tmp_path / "target")
    assert not (tmp_path / "target").exists()


def test_config_files_come_back_below_their_paths(tmp_path: Path) -> None:
    (tmp_path / "srv").mkdir()
    (tmp_path / "srv" / ".env").write_text("SECRET=1")
    (tmp_path / "srv" / ".env").chmod(0o600)
    (tmp_path / "Caddyfile").write_text("example.test")
    asset = ConfigAsset(name="config", host="web-1", paths=(f"{tmp_path}/srv", f"{tmp_path}/Caddyfile"))
    vault = LocalVault.create(tmp_path / "vault")
    source = ConfigSource(asset, SHELL, SystemClock())
    policy = SealPolicy((KEY.to_public(),))
    taken = take(asset, source, vault, policy, state=tmp_path / "state", clock=SystemClock())
    restore_tar(vault, taken.manifest, [KEY], SHELL, str(tmp_path / "back"))
    back = tmp_path / "back" / str(tmp_path).lstrip("/")
    assert fingerprint(back / "srv") == fingerprint(tmp_path / "srv")
    assert (back / "Caddyfile").read_text() == "example.test"
    assert "Caddyfile" not in str(taken.manifest)

"""What the local vault promises beyond the contract (tests/contracts); bad days are in tests/faults."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from outlive.errors import ObjectExists, VaultFailed
from outlive.vault.base import TEMPORARY
from outlive.vault.local import LocalVault


@pytest.fixture
def vault(tmp_path: Path) -> LocalVault:
    return LocalVault.create(tmp_path / "vault")


def files(vault: LocalVault) -> list[str]:
    """Every file below the root, as the operating system sees it."""
    return sorted(path.relative_to(vault.root).as_posix() for path in vault.root.rglob("*") if path.is_file())


def test_unfinished_files_are_never_shown(vault: LocalVault) -> None:
    vault.put("a/x", b"1")
    (vault.root / "a" / f"{TEMPORARY}left").write_bytes(b"half of someth")
    (vault.root / f"{TEMPORARY}top").write_bytes(b"")
    assert [info.key for info in vault.walk("")] == ["a/x"]
    assert vault.folders("") == ["a"]


@pytest.mark.slow
def test_unfinished_files_are_never_shown_while_writers_write(vault: LocalVault) -> None:
    done = threading.Event()
    seen: set[str] = set()

    def look() -> None:
        while not done.is_set():
            seen.update(info.key for info in vault.walk(""))

    with ThreadPoolExecutor(5) as pool:
        looking = pool.submit(look)
        keys = [f"a/{number}" for number in range(100)]
        list(pool.map(lambda key: vault.put(key, bytes(100_000)), keys))
        done.set()
        looking.result()
    assert seen <= set(keys)
    assert files(vault) == sorted(keys)


def test_of_eight_creators_one_wins_and_nothing_else_stays(vault: LocalVault) -> None:
    offers = [bytes([number]) * 500_000 for number in range(8)]
    barrier = threading.Barrier(8)

    def create(data: bytes) -> bool:
        barrier.wait()
        try:
            vault.put("a/b/x", data)
        except ObjectExists:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(create, offers))
    assert won.count(True) == 1
    assert vault.get("a/b/x") == offers[won.index(True)]
    assert files(vault) == ["a/b/x"]


@pytest.mark.slow
def test_writers_do_not_mind_that_others_empty_their_folder(vault: LocalVault) -> None:
    def write(number: int) -> None:
        for turn in range(60):
            key = f"a/{turn % 2}/{number}"
            vault.put(key, b"x")
            list(vault.walk("a/"))
            vault.delete(key)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(write, range(6)))
    assert files(vault) == []


def test_only_its_owner_may_enter(vault: LocalVault) -> None:
    vault.put("a/b", b"x")
    modes = [path.stat().st_mode & 0o777 for path in (vault.root, vault.root / "a", vault.root / "a/b")]
    assert modes == [0o700, 0o700, 0o600]


def test_emptied_folders_vanish_but_never_the_root(vault: LocalVault) -> None:
    vault.put("a/b/x", b"")
    vault.put("a/y", b"")
    vault.delete("a/b/x")
    assert os.listdir(vault.root / "a") == ["y"]  # noqa: PTH208
    vault.delete("a/y")
    assert vault.root.is_dir()
    assert not list(vault.root.iterdir())


def test_a_folder_whose_object_never_came_goes_with_the_delete(vault: LocalVault) -> None:
    """A put that was killed after it had made the folder leaves it empty."""
    (vault.root / "a/b").mkdir(parents=True)
    vault.delete("a/b/x")
    assert not list(vault.root.iterdir())


def test_an_object_cannot_be_a_folder_too(vault: LocalVault) -> None:
    vault.put("a", b"x")
    with pytest.raises(VaultFailed, match="is an object"):
        vault.put("a/b", b"y")
    assert files(vault) == ["a"]

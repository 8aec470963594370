"""RESTORE.md executed as written, with none of our code: files."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from outlive.clock import SystemClock
from outlive.model.asset import PathAsset
from outlive.sources.path import PathSource
from outlive.transport.local import LocalShell
from outlive.vault.keys import create_keys
from tests.hand_restore.by_hand import Kept, Person, damaged, keep
from tests.world.docker import DockerEngine

pytestmark = pytest.mark.docker

LISTING = (
    "export LC_ALL=C; cd {} && find . -printf '%p %y %m %U:%G %l\\n' | sort && "
    "find . -type f ! -name '*.db' -print0 | sort -z | xargs -0 sha256sum"
)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("tree")
    (root / "uploads").mkdir(mode=0o2750)
    (root / "uploads" / "große Datei; rm -rf $HOME.bin").write_bytes(os.urandom(3 << 20))
    (root / "uploads" / "zeros").write_bytes(bytes(1 << 20))
    (root / "uploads" / "secret").write_text("x")
    (root / "uploads" / "secret").chmod(0o600)
    (root / "uploads" / "link").symlink_to("secret")
    (root / "uploads" / "hard").hardlink_to(root / "uploads" / "secret")
    os.chown(root / "uploads" / "zeros", 1234, 5678)
    (root / "data").mkdir()
    with sqlite3.connect(root / "data" / "app.db") as database:
        database.execute("create table visits (i integer)")
        database.executemany("insert into visits values (?)", [(i,) for i in range(1, 60001)])
    (root / "data" / "app.db").chmod(0o640)
    os.chown(root / "data" / "app.db", 1000, 1000)
    return root


@pytest.fixture(scope="module")
def kept(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Kept:
    asset = PathAsset(name="media", host="web-1", path=str(tree))
    return keep(asset, PathSource(asset, LocalShell(), SystemClock()), tmp_path_factory.mktemp("kept"))


@pytest.fixture
def person(docker_host: DockerEngine) -> Iterator[Callable[[Kept], Person]]:
    people: list[Person] = []

    def at(kept: Kept) -> Person:
        people.append(Person(docker_host, kept))
        return people[-1]

    yield at
    for one in people:
        one.leave()


def test_files_come_back_by_hand(kept: Kept, tree: Path, person: Callable[[Kept], Person]) -> None:
    hand = person(kept)
    answer = hand.follow(TARGET="/srv/back")
    assert answer.status == 0, answer.text
    wanted = LocalShell().run(("bash", "-c", LISTING.format(tree))).text
    assert len(kept.manifest.stream("files.tar").parts) > 4  # type: ignore[union-attr]
    assert hand.shell(LISTING.format("/srv/back")).text == wanted
    copied = tree.parent / "app.db"
    copied.write_bytes(hand.bytes_of("/srv/back/data/app.db"))
    with sqlite3.connect(copied) as database:
        assert database.execute("select count(*), sum(i) from visits").fetchone() == (60000, 1800030000)
    assert '"names_sha256"' in hand.shell("cat /root/media-inventory.json").text


def test_nothing_is_written_over(kept: Kept, person: Callable[[Kept], Person]) -> None:
    hand = person(kept)
    hand.shell("mkdir -p /srv/back && echo mine > /srv/back/uploads")
    answer = hand.follow(TARGET="/srv/back")
    assert answer.status == 1 and "not empty" in answer.text
    assert hand.shell("cat /srv/back/uploads").text == "mine\n"


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-40])


BREAKS: dict[str, Callable[[Path], None]] = {
    "flipped": flip,
    "truncated": truncate,
    "missing": Path.unlink,
    "empty": lambda path: path.write_bytes(b"") and None,
}


@pytest.mark.parametrize("sums", ["checked", "skipped"])
@pytest.mark.parametrize("stream", ["files.tar", "sqlite-000.db"])
@pytest.mark.parametrize("part", ["first", "last"])
@pytest.mark.parametrize("breaking", BREAKS)
def test_a_broken_part_makes_the_commands_fail_loudly(
    kept: Kept, tmp_path: Path, person: Callable[[Kept], Person], breaking: str, part: str, stream: str, sums: str
) -> None:
    """Also when somebody leaves the check of the sums away, and where no tar would notice that the end is missing."""
    broken = damaged(kept, tmp_path)
    parts = sorted(broken.folder.glob(f"{stream}.zst.age.*"))
    assert len(parts) > 1
    BREAKS[breaking](parts[0] if part == "first" else parts[-1])
    if sums == "skipped":
        page = broken.folder / "RESTORE.md"
        page.write_text("".join(line for line in page.open() if "sha256sum --check" not in line))
    answer = person(broken).follow(TARGET="/srv/back")
    assert answer.status != 0
    assert "FAILED: the restore is not complete" in answer.text


def test_swapped_parts_are_noticed(kept: Kept, tmp_path: Path, person: Callable[[Kept], Person]) -> None:
    broken = damaged(kept, tmp_path)
    one, two = sorted(broken.folder.glob("files.tar.zst.age.*"))[1:3]
    first = one.read_bytes()
    one.write_bytes(two.read_bytes())
    two.write_bytes(first)
    answer = person(broken).follow(TARGET="/srv/back")
    assert answer.status != 0 and one.name in answer.text


def test_the_wrong_key_is_told(kept: Kept, tmp_path: Path, person: Callable[[Kept], Person]) -> None:
    hand = person(kept)
    hand.give_key(create_keys(tmp_path / "other", SystemClock().now()).recovery_identity)
    answer = hand.follow(TARGET="/srv/back")
    assert answer.status != 0 and "no identity matched" in answer.text

"""Archives made by real tars, read as they pass by, whole and broken."""

from __future__ import annotations

import io
import random
import subprocess
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outlive.commands.tar_stream import BadTar, Listing, TarReader


def read(archive: bytes, piece: int = 4096) -> Listing:
    reader = TarReader()
    for start in range(0, len(archive), piece):
        reader.feed(archive[start : start + piece])
    return reader.close()


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("tree")
    (folder / ("long" * 50)).write_text("x" * 1000)
    (folder / "b").mkdir()
    (folder / "b" / "two").write_text("y" * 513)
    (folder / "hard").hardlink_to(folder / "b" / "two")
    (folder / "link").symlink_to("b")
    with (folder / "sparse").open("wb") as file:
        file.truncate(30 << 20)
    return tar(folder, "--format=posix", "--sparse")


def tar(folder: Path, *options: str) -> bytes:
    words = ["tar", "-c", "--sort=name", *options, "-C", folder, "."]
    return subprocess.run(words, check=True, capture_output=True).stdout


def test_what_is_in_it(archive: bytes) -> None:
    listing = read(archive)
    assert (listing.members, listing.files, listing.directories) == (7, 4, 2)
    assert listing.bytes == 1000 + 513 + (30 << 20)


@pytest.mark.parametrize("form", ["posix", "gnu", "ustar"])
def test_the_names_are_the_same_in_every_format(tmp_path: Path, form: str) -> None:
    for name in ("a" * 90, "b/" + "c" * 90, "umlaut-ü"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    assert read(tar(tmp_path, f"--format={form}")) == read(tar(tmp_path, "--format=posix"))


def test_very_long_names_of_gnu_format(tmp_path: Path) -> None:
    (tmp_path / ("d" * 200)).mkdir()
    (tmp_path / ("d" * 200) / ("e" * 200)).write_text("x")
    assert read(tar(tmp_path, "--format=gnu")) == read(tar(tmp_path, "--format=posix"))


@pytest.mark.parametrize("piece", [1, 511, 512, 513, 1 << 20])
def test_pieces_of_any_size(archive: bytes, piece: int) -> None:
    assert read(archive, piece) == read(archive)


def test_archives_of_python_and_go_end_differently(tmp_path: Path) -> None:
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w", format=tarfile.PAX_FORMAT) as made:
        made.addfile(tarfile.TarInfo("ü" * 80))
    assert read(sink.getvalue()).members == 1
    assert read(sink.getvalue()[: 4 * 512 + 1024]).members == 1, "two zero blocks are enough, as Go's writer ends it"


def test_files_too_large_for_octal() -> None:
    info = tarfile.TarInfo("big")
    info.size = 9 << 30
    for form in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        reader = TarReader()
        reader.feed(info.tobuf(format=form))
        with pytest.raises(BadTar, match="cut off"):
            reader.close()
        assert reader._bytes == 9 << 30


def test_an_archive_cut_anywhere_is_not_whole(archive: bytes) -> None:
    end = len(archive.rstrip(b"\0"))
    for length in [*range(0, end, 700), end]:
        with pytest.raises(BadTar):
            read(archive[:length])


@given(st.data())
def test_a_damaged_header_is_noticed(archive: bytes, data: st.DataObject) -> None:
    """Any bit of a header but those of the checksum itself. (Contents are covered by what seals the stream.)"""
    header = data.draw(st.sampled_from([0, 1024]))
    bit = data.draw(st.integers(0, 512 * 8 - 1).filter(lambda bit: not 148 <= bit // 8 < 156))
    damaged = bytearray(archive)
    damaged[header + bit // 8] ^= 1 << bit % 8
    if damaged[header : header + 512].strip(b"\0"):
        with pytest.raises(BadTar):
            read(bytes(damaged))


NOISE = random.Random(7).randbytes(4096)


@pytest.mark.parametrize(
    "text",
    [b"", b"Welcome to Debian\n", b"tar: cannot open\n" * 100, NOISE, bytes(512)],
    ids=["nothing", "greeting", "complaints", "noise", "zeros"],
)
def test_what_is_no_archive(text: bytes) -> None:
    with pytest.raises(BadTar):
        read(text)


def test_something_after_the_end(archive: bytes) -> None:
    with pytest.raises(BadTar, match="follows"):
        read(archive + archive)

"""A physical copy laid out as a directory: all of it, or nothing that looks like it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from outlive.backup.copies.layout import copy_folder
from outlive.backup.restore.restore_postgres import restore_postgres
from outlive.commands.files import MARK
from outlive.errors import CopyDamaged, Refused, RestoreFailed
from outlive.model.copy import Copy
from outlive.transport.local import LocalShell
from tests.backup.postgres_copies import Guard, dsn, fill, guarding, program_folder
from tests.world.postgres import PostgresServer

pytestmark = pytest.mark.postgres
NewServer = Callable[..., PostgresServer]


@pytest.fixture
def guard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Guard]:
    monkeypatch.setenv("OUTLIVE_POSTGRES_DIR", str(program_folder()))
    with guarding(tmp_path) as guard:
        yield guard


@pytest.fixture
def copy(guard: Guard, new_postgres: NewServer) -> Copy:
    server = new_postgres(17, tablespaces=True)
    server.sql("create table orders tablespace side as select i as id from generate_series(1, 100) i")
    return guard.physical(dsn(server))


def lay_out(guard: Guard, copy: Copy, path: Path) -> None:
    restore_postgres(guard.vault, copy.manifest, [guard.key], LocalShell(), str(path))


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_into_a_new_directory(guard: Guard, copy: Copy, tmp_path: Path) -> None:
    place = tmp_path / "deep" / "new data"
    lay_out(guard, copy, place)
    oid = copy.manifest.source["tablespaces"][0]["oid"]
    assert names(place.parent) == ["new data", "new data-tablespaces"]
    assert (place / "pg_tblspc" / oid).readlink() == place.parent / "new data-tablespaces" / oid
    assert place.stat().st_mode & 0o777 == 0o700 and MARK not in names(place)
    assert {"PG_VERSION", "backup_label", "backup_manifest", "tablespace_map"} <= set(names(place))


def test_into_an_empty_directory_that_is_there(guard: Guard, copy: Copy, tmp_path: Path) -> None:
    """A fresh volume: it stays the same directory, and only its owner may look into it."""
    place = tmp_path / "volume"
    place.mkdir(mode=0o755)
    inode = place.stat().st_ino
    lay_out(guard, copy, place)
    assert place.stat().st_ino == inode and place.stat().st_mode & 0o777 == 0o700
    assert "PG_VERSION" in names(place) and MARK not in names(place)


@pytest.mark.parametrize("where", ["data", "data-tablespaces"])
def test_nothing_is_written_over(where: str, guard: Guard, copy: Copy, tmp_path: Path) -> None:
    (tmp_path / "r" / where).mkdir(parents=True)
    (tmp_path / "r" / where / "mine").write_text("mine")
    with pytest.raises(Refused) as caught:
        lay_out(guard, copy, tmp_path / "r" / "data")
    assert caught.value.exit_code == 4
    assert names(tmp_path / "r") == [where] and names(tmp_path / "r" / where) == ["mine"]


@pytest.mark.parametrize("stream", ["base.tar", "backup_manifest", "tablespace"])
def test_a_missing_part_leaves_nothing(stream: str, guard: Guard, copy: Copy, tmp_path: Path) -> None:
    name = f"{copy.manifest.source['tablespaces'][0]['oid']}.tar" if stream == "tablespace" else stream
    found = copy.manifest.stream(name)
    assert found
    guard.vault.delete(copy_folder("shop", copy.id) + found.parts[-1].file)
    (tmp_path / "r").mkdir()
    with pytest.raises(CopyDamaged):
        lay_out(guard, copy, tmp_path / "r" / "data")
    assert names(tmp_path / "r") == []


def test_no_room_leaves_nothing(guard: Guard, copy: Copy, tiny_disk: Path) -> None:
    before = names(tiny_disk)
    with pytest.raises(RestoreFailed, match="No space left") as caught:
        lay_out(guard, copy, tiny_disk / "data")
    assert caught.value.exit_code == 5 and names(tiny_disk) == before


def test_a_directory_that_was_there_stays_marked_when_it_fails(guard: Guard, copy: Copy, tiny_disk: Path) -> None:
    place = tiny_disk / "data"
    place.mkdir()
    with pytest.raises(RestoreFailed):
        lay_out(guard, copy, place)
    assert MARK in names(place)
    with pytest.raises(Refused, match="did not finish"):
        lay_out(guard, copy, place)


def test_a_manifest_may_not_choose_our_paths(guard: Guard, copy: Copy, tmp_path: Path) -> None:
    source = copy.manifest.source | {"tablespaces": [{"oid": "../../evil", "location": "/x"}]}
    with pytest.raises(CopyDamaged, match="evil"):
        lay_out(guard, replace(copy, manifest=replace(copy.manifest, source=source)), tmp_path / "r" / "data")


def test_dumps_as_files(guard: Guard, new_postgres: NewServer, tmp_path: Path) -> None:
    server = new_postgres(17)
    fill(server)
    copy = guard.logical(dsn(server))
    guard.restore(copy, str(tmp_path / "dumps"))
    assert names(tmp_path / "dumps") == sorted(stream.name for stream in copy.manifest.streams)
    assert all(entry.stat().st_mode & 0o777 == 0o600 for entry in (tmp_path / "dumps").iterdir())
    assert (tmp_path / "dumps" / "000.dump").read_bytes().startswith(b"PGDMP")
    with pytest.raises(Refused):
        guard.restore(copy, str(tmp_path / "dumps"))

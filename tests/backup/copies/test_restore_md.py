"""RESTORE.md as text. That it works is tested by executing it (tests/hand_restore)."""

from __future__ import annotations

import hashlib
import re
import subprocess
from dataclasses import replace
from typing import Any

import pytest

from outlive.backup.copies.manifest import sums
from outlive.backup.copies.restore_md import restore_md
from outlive.model.copy import Manifest, Part, Stream
from tests.backup.upkeep.test_retention import make

POSTGRES = {
    "server_version_num": 170011,
    "postgres_version": "17.11",
    "image": "postgres:17@sha256:00",
    "tablespaces": [],
}
SPACES = {**POSTGRES, "tablespaces": [{"oid": "16390", "location": "/srv/ts"}]}
KINDS: dict[str, tuple[str, dict[str, Any], dict[str, int]]] = {
    "postgres": ("postgres", POSTGRES, {"base.tar": 3, "backup_manifest": 1}),
    "tablespaces": ("postgres", SPACES, {"16390.tar": 2, "base.tar": 3, "backup_manifest": 1}),
    "postgres_dump": ("postgres_dump", POSTGRES, {"globals.sql": 1, "000.dump": 2, "001.dump": 1}),
    "docker_volume": ("docker_volume", {}, {"sqlite-000.db": 1, "files.tar": 4}),
    "path": ("path", {}, {"files.tar": 1}),
    "config": ("config", {}, {"files.tar": 1}),
    "images": ("images", {}, {"images.tar": 12}),
}


def manifest(case: str) -> Manifest:
    kind, source, streams = KINDS[case]
    return replace(
        make(1).manifest,
        kind=kind,
        source=source,
        streams=tuple(stream(name, count) for name, count in {**streams, "inventory.json": 1}.items()),
        recipients=("age1recovery", "age1drill"),
    )


def stream(name: str, count: int) -> Stream:
    return Stream(name, 77, tuple(Part(f"{name}.zst.age.{n:06d}", 10, f"{n:064x}", 10) for n in range(count)))


def blocks(page: str) -> str:
    return "\n".join(re.findall(r"^```bash\n(.*?)^```$", page, re.M | re.S))


@pytest.mark.parametrize("case", KINDS)
def test_every_stream_is_used_with_its_count_of_parts(case: str) -> None:
    commands = blocks(restore_md(manifest(case)))
    for name, count in KINDS[case][2].items():
        assert re.search(rf"(open_stream|restore_database|put_sqlite) {re.escape(name)} {count}\b", commands), name
    assert "open_stream inventory.json 1" in commands


@pytest.mark.parametrize("case", KINDS)
def test_the_commands_are_bash(case: str) -> None:
    done = subprocess.run(["bash", "-n"], input=blocks(restore_md(manifest(case))), text=True, capture_output=True)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("case", KINDS)
def test_a_person_reads_what_it_is_and_whose_keys_open_it(case: str) -> None:
    about = manifest(case)
    page = restore_md(about)
    for needed in (about.id, "`db`", "2026-01-01 03:00:00 UTC", "age1recovery", "age1drill", "apt-get install"):
        assert needed in page
    assert hashlib.sha256(sums(about)).hexdigest() in blocks(page)
    assert all(len(line) <= 400 for line in page.splitlines())


def test_postgres_says_version_and_image() -> None:
    page = restore_md(manifest("tablespaces"))
    assert "PostgreSQL 17 (the server was 17.11). No other major version" in page and "postgres:17@sha256:00" in page
    assert 'echo "16390 $TARGET-tablespaces/16390"' in blocks(page)
    assert "tablespace_map" not in restore_md(manifest("postgres"))


def chain() -> tuple[Manifest, list[Manifest]]:
    """A copy that builds on two others, with a tablespace more than the first of them."""
    first = replace(manifest("postgres"), id="20260101T030000Z-aaaaaaaaaa")
    second = replace(manifest("tablespaces"), id="20260102T030000Z-bbbbbbbbbb", parent=first.id)
    return replace(second, id="20260103T030000Z-cccccccccc", parent=second.id), [first, second]


def test_what_builds_on_others_is_made_of_all_of_them() -> None:
    copy, earlier = chain()
    page = restore_md(copy, earlier)
    commands = blocks(page)
    assert subprocess.run(["bash", "-n"], input=commands, text=True, capture_output=True).stderr == ""
    for number, one in enumerate((*earlier, copy)):
        assert hashlib.sha256(sums(one)).hexdigest() in commands
        assert f'open_stream base.tar 3 "../{one.id}" | tar' in commands
        assert f'mkdir "$CHAIN/{number}"' in commands
    assert commands.count("open_stream 16390.tar") == 2
    assert '-T "$CHAIN/2-tablespaces/16390=$TARGET-tablespaces/16390" -o "$TARGET" "$CHAIN"/{0..2}' in commands
    for one in earlier:
        assert one.id in page.split("## How to use")[0], "it is said beforehand what to bring"
    assert "twice the room" in page


@pytest.mark.parametrize("copy_id", ["../../etc", "$(id)", 'x"; rm -rf $HOME; "'])
def test_a_foreign_id_cannot_become_a_command(copy_id: str) -> None:
    copy, earlier = chain()
    with pytest.raises(ValueError, match="is not the id"):
        restore_md(copy, [replace(earlier[0], id=copy_id), earlier[1]])


def test_nothing_runs_before_the_sums_were_checked() -> None:
    commands = blocks(restore_md(manifest("postgres")))
    assert commands.index("sha256sum --check --quiet SHA256SUMS") < commands.index("open_stream inventory.json")


@pytest.mark.parametrize("name", ["base; rm -rf $HOME.tar", "$(id).tar", "../base.tar"])
def test_a_foreign_name_cannot_become_a_command(name: str) -> None:
    about = replace(manifest("path"), streams=(stream(name, 1),))
    with pytest.raises(ValueError, match="is not a name"):
        restore_md(about)
    spaces = {**POSTGRES, "tablespaces": [{"oid": name, "location": "/srv"}]}
    with pytest.raises(ValueError, match="oid"):
        restore_md(replace(manifest("postgres"), source=spaces))


def test_a_stream_that_the_server_compressed_is_said_to_be_so() -> None:
    about = manifest("postgres")
    base = replace(about.streams[0], frames="continuous")
    page = restore_md(replace(about, streams=(base, *about.streams[1:])))
    assert "| `base.tar` | 3 | 30 | compressed by the server |" in page
    assert "up to the first gap" in page

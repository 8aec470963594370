"""What is said to Postgres, word for word."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from outlive.commands import postgres as words
from outlive.commands.postgres import BaseBackupOptions


def test_an_older_server_is_spoken_to_in_the_older_words() -> None:
    assert words.base_backup(140010, BaseBackupOptions(max_rate_bytes=2 << 20)) == (
        "BASE_BACKUP LABEL 'outlive' FAST WAL NOWAIT TABLESPACE_MAP MANIFEST 'yes' MANIFEST_CHECKSUMS 'CRC32C' MAX_RATE 2048"
    )


def test_a_newer_server_may_compress() -> None:
    assert words.base_backup(170000, BaseBackupOptions(server_zstd=1)) == (
        "BASE_BACKUP (LABEL 'outlive', CHECKPOINT 'fast', WAL true, WAIT false, TABLESPACE_MAP true, MANIFEST 'yes', "
        "MANIFEST_CHECKSUMS 'CRC32C', COMPRESSION 'zstd', COMPRESSION_DETAIL 'level=1')"
    )


def test_only_what_changed_is_asked_for_in_one_word() -> None:
    said = words.base_backup(180000, BaseBackupOptions(server_zstd=1, incremental=True))
    assert ", INCREMENTAL, COMPRESSION 'zstd'" in said
    assert "INCREMENTAL" not in words.base_backup(180000, BaseBackupOptions())


def test_the_full_member_is_named_first_and_an_equals_sign_ends_no_path() -> None:
    argv = words.combine(17, ["/w/0", "/w/1"], "/w=/data", {"/w/1-tablespaces/5": "/w=/data-tablespaces/5"})
    assert argv == (
        *("pg_combinebackup", "--no-sync"),
        r"--tablespace-mapping=/w/1-tablespaces/5=/w\=/data-tablespaces/5",
        *("--output=/w=/data", "/w/0", "/w/1"),
    )
    assert "--link" in words.combine(18, ["/w/0", "/w/1"], "/w/data", {})


@pytest.mark.parametrize(("asked", "said"), [(1, 32), (1 << 20, 1024), (5 << 40, 1 << 20)])
def test_the_rate_stays_within_what_the_server_takes(asked: int, said: int) -> None:
    assert f"MAX_RATE {said}" in words.base_backup(170000, BaseBackupOptions(max_rate_bytes=asked))


@pytest.mark.parametrize(
    ("text", "position"), [("0/0", 0), ("16/B374D848", 0x16B374D848), ("FF/FFFFFFFF", 0xFFFFFFFFFF)]
)
def test_a_position_is_read(text: str, position: int) -> None:
    assert words.lsn(text) == position


@pytest.mark.parametrize("text", ["", "nothing", "1"])
def test_what_is_no_position_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        words.lsn(text)


def test_a_database_may_be_named_anything() -> None:
    argv = words.pg_dump("a=b 'c' \\d")
    assert argv[-1] == r"dbname='a=b \'c\' \\d'"


def test_where_the_server_is_comes_right_after_the_program() -> None:
    assert words.at(("pg_dump", "-Fc"), "app", 5433, "/run/s") == (
        *("pg_dump", "-U", "app", "-p", "5433", "-h", "/run/s"),
        "-Fc",
    )
    assert words.at(("pg_dump",), "app", 5433, None) == ("pg_dump", "-U", "app", "-p", "5433")


def test_passwords_of_roles_are_left_out_where_they_may_not_be_read() -> None:
    assert "--no-role-passwords" in words.pg_dumpall_globals(role_passwords=False)
    assert "--no-role-passwords" not in words.pg_dumpall_globals(role_passwords=True)


def test_which_prints_only_what_is_there() -> None:
    done = subprocess.run(words.which(("sh", "surely-not-there", "ls")), capture_output=True, text=True)
    assert done.stdout.split() == ["sh", "ls"] and done.returncode == 0


def test_versions_come_in_the_order_that_was_asked(tmp_path: Path) -> None:
    real = tmp_path / "pg_dump"
    real.write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 17.11 (Debian 17.11-1)'\n")
    real.chmod(0o755)
    argv = words.versions_of(("/not/here", str(real), "false"))
    lines = subprocess.run(argv, capture_output=True, text=True).stdout.split("\n")
    assert [words.read_version(line) for line in lines[:3]] == [None, 17, None]


@pytest.mark.parametrize(
    ("text", "major"), [("postgres (PostgreSQL) 19devel", 19), ("psql (PostgreSQL) 18.6", 18), ("", None)]
)
def test_a_version_is_read(text: str, major: int | None) -> None:
    assert words.read_version(text) == major

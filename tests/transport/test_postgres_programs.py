"""Which of the Postgres sets on a machine are taken."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from outlive.transport import postgres_programs
from outlive.transport.postgres_programs import CLIENTS, NEEDED, ProgramsMissing, find, find_any, find_clients
from tests.backup.postgres_copies import program_folder
from tests.world.postgres_trees import MAJORS


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of our own, and nothing on PATH."""
    folder = tmp_path / "cache"
    folder.mkdir()
    monkeypatch.setenv("OUTLIVE_POSTGRES_DIR", str(folder))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return folder


def install(folder: Path, version: str, programs: tuple[str, ...] = NEEDED, *, broken: str = "") -> Path:
    """Programs that say a version, which is all that a look at them takes."""
    folder.mkdir(parents=True)
    for name in programs:
        (folder / name).write_text(broken or f"#!/bin/sh\necho '{name} (PostgreSQL) {version}'\n")
        (folder / name).chmod(0o755)
    return folder


def test_a_complete_set_of_exactly_that_major_is_taken(cache: Path) -> None:
    install(cache / "16" / "bin", "16.15 (Debian 16.15-1.pgdg120+1)")
    wanted = install(cache / "17" / "bin", "17.11")
    assert find(17) == wanted


def test_client_programs_alone_are_passed_over_for_a_server_but_do_for_a_dump(cache: Path, tmp_path: Path) -> None:
    install(cache / "17" / "bin", "17.11", CLIENTS)
    with pytest.raises(ProgramsMissing, match="complete version 17") as caught:
        find(17)
    assert caught.value.exit_code == 5 and "postgresql-17" in caught.value.hint
    assert find_clients(17) == cache / "17" / "bin"


def test_for_a_dump_only_the_very_major_will_do(cache: Path) -> None:
    for major in (34, 36, 38):
        install(cache / str(major) / "bin", f"{major}.1")
    assert find_clients(36) == cache / "36" / "bin"
    assert find_any() == cache / "38" / "bin"
    with pytest.raises(ProgramsMissing) as caught:
        find_clients(35)
    assert "postgresql-client-35" in caught.value.hint


def test_development_versions_are_read(cache: Path) -> None:
    wanted = install(cache / "41" / "bin", "41devel")
    assert find(41) == wanted


@pytest.mark.parametrize("broken", ["\x7fELF no program\n", "#!/bin/sh\necho something else\n", "#!/bin/sh\nexit 1\n"])
def test_foreign_folders_are_passed_over(cache: Path, broken: str) -> None:
    install(cache / "39" / "bin", "40.1", broken=broken)
    wanted = install(cache / "40" / "bin", "40.1")
    assert find(40) == find_clients(40) == wanted


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_unreadable_folders_are_passed_over(cache: Path) -> None:
    install(cache / "40" / "bin", "40.1")
    cache.chmod(0)
    try:
        with pytest.raises(ProgramsMissing):
            find(40)
    finally:
        cache.chmod(stat.S_IRWXU)


def test_a_file_where_a_folder_should_be_is_passed_over(cache: Path) -> None:
    (cache / "40").mkdir()
    (cache / "40" / "bin").write_text("")
    with pytest.raises(ProgramsMissing):
        find(40)


@pytest.mark.postgres
@pytest.mark.parametrize("major", MAJORS)
def test_the_real_ones_are_found(major: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUTLIVE_POSTGRES_DIR", str(program_folder(major)))
    assert find(major) == program_folder() / str(major) / "bin"


@pytest.mark.slow
@pytest.mark.postgres
def test_a_missing_one_is_fetched_and_others_may_run_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A major that this machine has nowhere else, so that it is really fetched."""
    elsewhere = {found for found, _ in postgres_programs._complete(NEEDED)}
    major = next((one for one in (14, 15, 16, 18, 17) if one not in elsewhere), None)
    if major is None:
        pytest.skip("this machine has every major installed already")
    folder = tmp_path / "cache" / "deep"
    monkeypatch.setenv("OUTLIVE_POSTGRES_DIR", str(folder))
    was = os.umask(0o077)
    try:
        found = postgres_programs.fetch(major)
    finally:
        os.umask(was)
    assert found == folder / str(major) / "bin" and postgres_programs.fetch(major) == found
    for one in (folder, folder / str(major), found, found / "postgres"):
        assert one.stat().st_mode & 0o005 == 0o005, f"{one} is closed to the drill's server"
    assert [entry.name for entry in folder.iterdir() if entry.name.startswith(".fetch")] == []

"""The shell scripts, run here for real, and how recorded answers are read."""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from outlive.commands import system, system_files
from outlive.commands.system import Disk, PostgresSocket
from outlive.commands.system_files import DataFile, Weight
from tests.survey.recording import KERNEL, answer

SHELLS = [shell for shell in ("sh", "bash", "busybox") if shutil.which(shell)]


def said(argv: Sequence[str], shell: str = "sh") -> str:
    """What the command prints, with `shell` in place of sh."""
    first = ["busybox", "sh"] if shell == "busybox" else [shell]
    done = subprocess.run([*first, *argv[1:]], capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.decode(errors="replace")


def test_recorded_facts_are_read() -> None:
    facts = system.read_facts(answer("facts"))
    assert (facts.hostname, facts.user, facts.kernel, facts.cpus) == ("web-1", "root", KERNEL, 2)
    assert len(facts.machine_id) == 32 and len(facts.boot_id) == 36
    assert facts.os == "Debian GNU/Linux 12 (bookworm)"
    assert facts.has_docker
    assert facts.booted_at and facts.booted_at.tzinfo is UTC
    assert "/srv/app" in facts.roots
    assert {disk.mount for disk in facts.disks} == {"/authorized_keys", "/var/lib/docker"}


@pytest.mark.parametrize("shell", SHELLS)
def test_every_shell_tells_the_facts_of_this_machine(shell: str) -> None:
    facts = system.read_facts(said(system.facts(), shell))
    assert facts.hostname == socket.gethostname()
    assert facts.kernel == os.uname().release
    assert facts.boot_id == Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    assert facts.cpus and facts.memory_bytes
    assert facts.booted_at and facts.booted_at < datetime.now(UTC)


@pytest.mark.parametrize("text", ["", "Welcome!\n", "This account is currently not available.", "@@hostname\nx\n"])
def test_what_is_no_shell_is_said_so(text: str) -> None:
    with pytest.raises(ValueError, match="POSIX shell"):
        system.read_facts(text)


def test_a_banner_before_the_answer_is_passed_over() -> None:
    assert system.read_facts("** Authorised use only **\n" + answer("facts")).hostname == "web-1"


def facts_with(section: str, text: str) -> system.HostFacts:
    base = {"hostname": "h", "os": "", "df": "", section: text}
    return system.read_facts("".join(f"@@{name}\n{lines}\n" for name, lines in base.items()))


def test_a_disk_mounted_twice_is_one_disk_at_its_shortest_mount() -> None:
    lines = "/dev/vda1 ext4 100 40 60 40% /mnt/long\n/dev/vda1 ext4 100 40 60 40% /\ntmpfs tmpfs 9 0 9 0% /run"
    assert facts_with("df", lines).disks == (Disk("/", "/dev/vda1", "ext4", 102400, 40960),)


def test_busybox_tells_no_kind_of_file_system() -> None:
    assert facts_with("df", "/dev/vda1 100 40 60 40% /data dir").disks == (
        Disk("/data dir", "/dev/vda1", "", 102400, 40960),
    )


def test_sockets_of_postgres_and_their_owners() -> None:
    lines = "postgres /var/run/postgresql/.s.PGSQL.5432\nnobody /tmp/a b/.s.PGSQL.6000\nroot /tmp/.s.PGSQL.5432.lock"
    assert facts_with("unix", lines).sockets == (
        PostgresSocket("/var/run/postgresql", 5432, "postgres"),
        PostgresSocket("/tmp/a b", 6000, "nobody"),
    )


def test_a_listening_socket_is_found(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / ".s.PGSQL.5999"))
        found = system.read_facts(said(system.facts())).sockets
    assert [one.directory for one in found if one.port == 5999] == [str(tmp_path)]


@pytest.mark.parametrize("shell", SHELLS)
def test_things_are_weighed_by_kind(shell: str, tmp_path: Path) -> None:
    (tmp_path / "dir").mkdir()
    (tmp_path / "dir" / "data").write_bytes(b"x" * 1_000_000)
    (tmp_path / "new\nline\t'").write_bytes(b"x" * 5000)
    (tmp_path / "link").symlink_to("/")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "sock"))
    names = ["dir", "new\nline\t'", "link", "sock", "missing", "-rf"]
    (tmp_path / "-rf").touch()
    paths = [str(tmp_path / name) for name in names]
    weights = system_files.read_weights(said(system_files.weigh(paths, seconds_each=10), shell), paths)
    assert [weights[path].kind for path in paths] == ["d", "f", "l", "s", "-", "f"]
    assert 1_000_000 <= (weights[paths[0]].bytes or 0) < 1_100_000
    assert weights[paths[1]].bytes == 8192
    assert weights[paths[4]] == Weight("-", False, None)


@pytest.mark.slow
def test_what_takes_too_long_to_weigh_is_unknown(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    slow = tmp_path / "bin" / "du"
    slow.write_text("#!/bin/sh\nsleep 30\n")
    slow.chmod(0o755)
    argv = ["env", f"PATH={tmp_path}/bin:{os.environ['PATH']}", *system_files.weigh([str(tmp_path)], seconds_each=1)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=20)
    assert system_files.read_weights(done.stdout, [str(tmp_path)])[str(tmp_path)] == Weight("d", True, None)


@pytest.mark.parametrize("text", ["", "garbage\n1\t2\n", "9\td\ty\t4\n", "x\td\ty\t4\n"])
def test_answers_for_nothing_are_passed_over(text: str) -> None:
    assert system_files.read_weights(text, ["/a"]) == {"/a": Weight("-", False, None)}


@pytest.mark.parametrize("shell", SHELLS)
def test_files_of_databases_are_found(shell: str, tmp_path: Path) -> None:
    deep = tmp_path / "a b" / "c"
    deep.mkdir(parents=True)
    with sqlite3.connect(deep / "app.db") as database:
        database.execute("create table t (x)")
    database.close()
    (tmp_path / "thumbs.db").write_text("no database")
    (tmp_path / "dump.rdb").touch()
    (tmp_path / "mysql").mkdir()
    (tmp_path / "mysql" / "ibdata1").touch()
    (tmp_path / "pg" / "base" / "1").mkdir(parents=True)
    (tmp_path / "pg" / "PG_VERSION").touch()
    (tmp_path / "pg" / "base" / "1" / "PG_VERSION").touch()
    folders = ["/nowhere", str(tmp_path)]
    found = system_files.read_data_files(said(system_files.data_files(folders, seconds_each=5), shell), folders)
    assert found["/nowhere"] == ()
    assert found[str(tmp_path)] == (
        DataFile("redis", "dump.rdb"),
        DataFile("mysql", "mysql/ibdata1"),
        DataFile("postgres", "pg/PG_VERSION"),
        DataFile("sqlite", "a b/c/app.db"),
    )


@pytest.mark.parametrize("shell", SHELLS)
def test_configuration_is_found_beside_the_compose_file(shell: str, tmp_path: Path) -> None:
    wanted = {".env", "compose.yml", "compose.prod.yaml", "docker-compose.yml", "Caddyfile", "x.tfstate", "nginx.conf"}
    for name in (*wanted, ".env.example", "notes.txt", "photo.jpg"):
        (tmp_path / name).touch()
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "compose.yml").touch()
    folders = [str(tmp_path)]
    found = system_files.read_config_files(said(system_files.config_files(folders), shell), folders)[str(tmp_path)]
    assert {Path(path).name for path, readable in found if readable} == wanted

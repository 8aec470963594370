"""Every way in to a real Postgres: containers with and without tools, peer authentication over SSH, a forwarded port."""

from __future__ import annotations

import os
import re
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from outlive.commands import docker, relays
from outlive.commands import postgres as words
from outlive.commands.ssh import SshPaths
from outlive.errors import ConfigError, DatabaseUnreachable, NotPermitted
from outlive.lab.ground.process import NOBODY, wait_until
from outlive.model.host import Host
from outlive.sources.base_backup import Conversation
from outlive.sources.postgres import identify
from outlive.transport.local import LocalShell
from outlive.transport.postgres import ContainerWay, DsnWay, PortWay, SocketWay, Way
from outlive.transport.postgres_door import Door
from outlive.transport.relay import Relay
from outlive.transport.ssh import SshShell
from tests.backup.postgres_copies import children, program_folder
from tests.world.machine import Machine
from tests.world.postgres import PostgresServer
from tests.world.postgres_container import PostgresContainer
from tests.world.postgres_trees import MAJORS
from tests.world.sshd import SshServer

pytestmark = pytest.mark.postgres
SECRET = "s3cret pass'word"
NewServer = Callable[..., PostgresServer]
NewContainer = Callable[..., PostgresContainer]


def ssh_shell(config: Path, known_hosts: Path, tmp_path: Path, name: str = "web-1") -> SshShell:
    host = Host(name=name, address=f"ssh://{name}", ssh_config=str(config))
    return SshShell(host, SshPaths(known_hosts, Path("/tmp") / f"ow-{os.getpid()}-{tmp_path.name[-8:]}"))


@pytest.fixture
def over_ssh(ssh_server: SshServer, tmp_path: Path) -> Iterator[SshShell]:
    shell = ssh_shell(ssh_server.config, ssh_server.known_hosts, tmp_path)
    yield shell
    shell.close()


@pytest.fixture(autouse=True)
def nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """`tmp_path` comes first: pytest's own folder must not lie in the one that is emptied."""
    threads = threading.active_count()
    with tempfile.TemporaryDirectory(prefix="ow-", dir="/tmp") as own:  # other tests run beside these
        Path(own).chmod(0o1777)  # servers run as somebody else
        monkeypatch.setattr(tempfile, "tempdir", own)
        yield
        assert not list(Path(own).glob("outlive-relay-*"))
    wait_until(lambda: threading.active_count() <= threads, "threads to end", 5)


def works(way: Way, identifier: str) -> None:
    """Questions, replication and the server's own programs all come through."""
    with way.open() as door:
        with door.replication() as connection:
            assert identify(connection).system_identifier == identifier
        with door.connect("postgres") as connection:
            assert connection.execute("select 6 * 7").fetchone() == (42,)
        dumps(door)


def dumps(door: Door) -> None:
    with door.program(words.pg_dumpall_globals(role_passwords=True)) as running:
        text = b"".join(running.chunks())
        ended = running.wait(60)
    assert ended.status == 0 and words.GLOBALS_END in text, ended.stderr


def base_backup_bytes(door: Door) -> int:
    with door.replication() as connection:
        server = Conversation(connection.pgconn)
        server.say(words.base_backup(connection.info.server_version, words.BaseBackupOptions()))
        server.table("start"), server.table("spaces")
        total = 0
        for _ in range(2 if connection.info.server_version < 150000 else 1):
            total += sum(len(message) for message in server.copy().raw())
        server.table_after_copy()
        server.end()
        return total


# --- containers ---------------------------------------------------------------------------------------------------


@pytest.mark.docker
@pytest.mark.parametrize("major", MAJORS)
def test_into_a_container_of_every_major(major: int, postgres_container: NewContainer) -> None:
    container = postgres_container(major)
    works(ContainerWay(LocalShell(), container.name, 5432, "postgres", None), container.system_identifier)


@pytest.mark.docker
def test_into_a_container_that_has_busybox_and_nothing_else(postgres_container: NewContainer) -> None:
    container = postgres_container(alpine=True)
    works(ContainerWay(LocalShell(), container.name, 5432, "postgres", None), container.system_identifier)


@pytest.mark.docker
@pytest.mark.parametrize("alpine", [False, True])
def test_nothing_is_left_inside_and_production_never_restarts(alpine: bool, postgres_container: NewContainer) -> None:
    """Postgres is process 1 there: an orphan of ours that died of a signal would make it restart everybody."""
    container = postgres_container(alpine=alpine)
    container.sql("create table bulk as select repeat('x', 1000) from generate_series(1, 50000)")
    began = container.sql("select pg_postmaster_start_time()")
    listed = processes(container)
    for kind in ("nc",) if alpine else ("perl", "bash"):
        way = docker.exec_(container.name, relays.relay(kind, "127.0.0.1", 5432), stdin=True)
        for _ in range(6):
            with Relay(way) as relay:
                door = Door(f"host={relay.directory} user=postgres", LocalShell().open)
                with door.connect("postgres") as connection:
                    connection.execute("select 1")
                given_up = door.connect("postgres")
                given_up.pgconn.send_query(b"copy bulk to stdout")
                time.sleep(0.05)
                given_up.close()
    wait_until(lambda: processes(container) <= listed, "what we started inside to end", 20)
    assert container.sql("select pg_postmaster_start_time()") == began
    log = container.engine.logs(container.name)
    assert "terminating any other active server processes" not in log and "recovery mode" not in log


def processes(container: PostgresContainer) -> set[str]:
    """What runs inside besides Postgres' own children, and besides this question."""
    script = "for p in /proc/[0-9]*; do tr '\\0' ' ' <$p/cmdline; echo; done 2>/dev/null"
    lines = container.engine.exec(container.name, "sh", "-c", script).splitlines()
    return {line for line in lines if re.match(r"(perl|bash|cat|nc|sleep) ", line)}


@pytest.mark.docker
def test_a_container_with_a_password_everywhere(postgres_container: NewContainer) -> None:
    container = postgres_container(options=("--env", "POSTGRES_INITDB_ARGS=--auth=scram-sha-256"))
    works(
        ContainerWay(LocalShell(), container.name, 5432, "postgres", container.password),
        container.engine.exec(
            container.name,
            *("env", f"PGPASSWORD={container.password}", "psql", "-U", "postgres", "-Atc"),
            "select system_identifier from pg_control_system()",
        ),
    )
    with pytest.raises(DatabaseUnreachable, match="authentication failed"):
        works(ContainerWay(LocalShell(), container.name, 5432, "postgres", "wrong"), "")


@pytest.mark.docker
def test_a_container_that_is_not_there_or_paused(postgres_container: NewContainer) -> None:
    with pytest.raises(DatabaseUnreachable, match="no running container is 'nobody/knows'"):
        works(ContainerWay(LocalShell(), "nobody/knows", 5432, "postgres", None), "")
    container = postgres_container()
    container.engine.docker("pause", container.name)
    began = time.monotonic()
    try:
        with pytest.raises(DatabaseUnreachable, match="is paused"):
            works(ContainerWay(LocalShell(), container.name, 5432, "postgres", None), "")
    finally:
        container.engine.docker("unpause", container.name)
    assert time.monotonic() - began < 30


@pytest.mark.docker
@pytest.mark.slow
def test_a_container_that_is_paused_when_we_are_inside_holds_nobody_up(postgres_container: NewContainer) -> None:
    container = postgres_container()
    threads, before = threading.active_count(), children()
    began = time.monotonic()
    with pytest.raises(DatabaseUnreachable):
        with ContainerWay(LocalShell(), container.name, 5432, "postgres", None).open() as door:
            container.engine.docker("pause", container.name)
            try:
                door.connect("postgres")
            finally:
                container.engine.docker("unpause", container.name)
    assert time.monotonic() - began < 30
    assert children() <= before and threading.active_count() <= threads


@pytest.mark.docker
def test_the_same_over_ssh(vm: Machine, tmp_path: Path) -> None:
    shell = ssh_shell(vm.config, vm.known_hosts, tmp_path)
    way = ContainerWay(shell, "app/db", 5432, "postgres", None)
    try:
        works(way, vm.sql("select system_identifier from pg_control_system()"))
        with way.open() as door:
            assert door.image and door.image.startswith("outlive-test/postgres")
            assert base_backup_bytes(door) > 20 << 20
    finally:
        shell.close()


@pytest.mark.docker
@pytest.mark.slow
def test_a_machine_that_hangs_is_given_up_within_half_a_minute(new_vm: Callable[..., Machine], tmp_path: Path) -> None:
    machine = new_vm()
    shell = ssh_shell(machine.config, machine.known_hosts, tmp_path)
    works(
        ContainerWay(shell, "app/db", 5432, "postgres", None),
        machine.sql("select system_identifier from pg_control_system()"),
    )
    machine.pause()
    began = time.monotonic()
    try:
        with pytest.raises(DatabaseUnreachable):
            works(ContainerWay(shell, "app/db", 5432, "postgres", None), "")
        assert time.monotonic() - began < 30
    finally:
        machine.unpause()
        shell.close()


# --- sockets and ports over SSH -----------------------------------------------------------------------------------


@pytest.fixture
def peer(new_postgres: NewServer) -> PostgresServer:
    """A server as Debian sets it up: the socket wants the operating system's user."""
    if os.geteuid() != 0:
        pytest.skip("becoming another user takes root")
    server = new_postgres(17)
    (server.data / "pg_hba.conf").write_text("local all all peer map=m\nlocal replication all peer map=m\n")
    (server.data / "pg_ident.conf").write_text("m nobody postgres\n")
    server.sql("select pg_reload_conf()")
    return server


def test_to_a_socket_with_peer_authentication(
    peer: PostgresServer, over_ssh: SshShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUTLIVE_POSTGRES_DIR", str(program_folder(17)))
    works(SocketWay(over_ssh, str(peer.socket_dir), "nobody", peer.port, "postgres", None), peer.system_identifier)
    assert peer.socket_dir.stat().st_uid == NOBODY


def test_to_a_socket_as_the_wrong_user(peer: PostgresServer, over_ssh: SshShell) -> None:
    time.sleep(0.3)  # the reload of pg_hba.conf
    with pytest.raises(DatabaseUnreachable, match=r"[Pp]eer authentication failed") as caught:
        works(SocketWay(over_ssh, str(peer.socket_dir), "root", peer.port, "postgres", None), "")
    assert caught.value.exit_code == 3


def test_to_a_socket_that_is_not_there(over_ssh: SshShell, tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnreachable, match="No such file"):
        works(SocketWay(over_ssh, str(tmp_path), "root", 5432, "postgres", None), "")


def test_to_a_port_of_the_host(new_postgres: NewServer, over_ssh: SshShell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUTLIVE_POSTGRES_DIR", str(program_folder(16)))
    server = new_postgres(16, auth="scram")
    works(PortWay(over_ssh, server.port, "postgres", server.password), server.system_identifier)


def test_to_a_port_where_nobody_listens(over_ssh: SshShell, new_postgres: NewServer) -> None:
    server = new_postgres(17)
    server.stop()
    with pytest.raises(DatabaseUnreachable) as caught:
        works(PortWay(over_ssh, server.port, "postgres", None), "")
    assert "refused" in str(caught.value).lower()


# --- by DSN, and what holds for all -------------------------------------------------------------------------------


def test_by_dsn_with_this_machine_s_programs(new_postgres: NewServer, monkeypatch: pytest.MonkeyPatch) -> None:
    server = new_postgres(16, auth="scram")
    monkeypatch.setenv("OUTLIVE_POSTGRES_DIR", str(program_folder(16)))
    works(DsnWay(server.dsn()), server.system_identifier)


def test_a_dsn_that_is_none() -> None:
    with pytest.raises(ConfigError) as caught:
        works(DsnWay("postgres:/nonsense secret"), "")
    assert caught.value.exit_code == 2 and "secret" not in str(caught.value)


def test_a_dsn_to_nowhere() -> None:
    with pytest.raises(DatabaseUnreachable) as caught:
        works(DsnWay("host=127.0.0.1 port=9 user=postgres dbname=postgres"), "")
    assert caught.value.exit_code == 3


def test_a_role_that_may_not_enter_a_database(new_postgres: NewServer) -> None:
    server = new_postgres(17)
    server.sql("create role backup login; create database shop; revoke connect on database shop from public")
    with pytest.raises(NotPermitted) as caught, DsnWay(server.dsn(user="backup")).open() as door:
        door.connect("shop")
    assert 'GRANT CONNECT ON DATABASE "shop" TO "backup";' in caught.value.hint


def test_no_secret_is_in_any_argument_vector(
    new_postgres: NewServer, over_ssh: SshShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looked for in /proc all the while, as every user of the machine could."""
    monkeypatch.setenv("OUTLIVE_POSTGRES_DIR", str(program_folder(17)))
    server = new_postgres(17, auth="scram")
    server.sql("alter user postgres password 's3cret pass''word'")
    server.sql("create table slow as select repeat(md5(i::text), 30) from generate_series(1, 20000) i")
    seen: set[str] = set()
    over = threading.Event()

    def look() -> None:
        while not over.is_set():
            for entry in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    seen.add(entry.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
                except OSError:
                    continue

    thread = threading.Thread(target=look)
    thread.start()
    try:
        dsn = server.dsn().replace(server.password, SECRET.replace("'", "\\'"))
        for way in (DsnWay(dsn), PortWay(over_ssh, server.port, "postgres", SECRET)):
            assert SECRET not in repr(way)
            works(way, server.system_identifier)
            with way.open() as door, door.program(words.pg_dump("postgres")) as running:
                assert SECRET not in repr(door)
                assert b"".join(running.chunks()).startswith(words.DUMP_MAGIC)
    finally:
        over.set()
        thread.join()
    assert any("pg_dump" in line for line in seen), "the look saw what ran"
    assert not [line for line in seen if "s3cret" in line and "alter user" not in line]

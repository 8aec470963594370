"""A login that is not root: everything through `sudo -n`, or an error that says how to get there."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from outlive.commands.ssh import SshPaths
from outlive.config.load import load
from outlive.errors import CommandFailed, NotPermitted, SourceFailed, SudoRefused
from outlive.lab.ground.process import wait_until
from outlive.model.asset import ConfigAsset, DockerVolumeAsset, Hook, PathAsset
from outlive.model.host import Host
from outlive.sources import containers
from outlive.sources.config import ConfigSource
from outlive.sources.docker_volume import DockerVolumeSource
from outlive.sources.path import PathSource
from outlive.testing.clock import ManualClock
from outlive.transport.postgres import ContainerWay, SocketWay
from outlive.transport.ssh import SshShell
from tests.backup.postgres_copies import program_folder
from tests.sources.trees import drain, names_in
from tests.world.docker import DockerEngine
from tests.world.login import Login
from tests.world.need import need
from tests.world.postgres import PostgresServer
from tests.world.postgres_container import PostgresContainer

pytestmark = pytest.mark.slow
NewShell = Callable[..., SshShell]


@pytest.fixture(scope="module")
def login() -> Iterator[Login]:
    login = Login()
    try:
        yield need("sshd", login.start)
    finally:
        login.close()


@pytest.fixture
def sudoer(login: Login) -> Iterator[Login]:
    login.allow_sudo()
    yield login
    login.forbid_sudo()


@pytest.fixture
def new_shell(login: Login, tmp_path: Path) -> Iterator[NewShell]:
    made: list[SshShell] = []

    def make(*, sudo: bool = True) -> SshShell:
        address = f"ssh://{login.name}@web-1"
        host = Host(name="web-1", address=address, ssh_config=str(login.ssh.config), sudo=sudo)
        made.append(SshShell(host, SshPaths(login.ssh.known_hosts, Path("/tmp") / login.name)))
        return made[-1]

    yield make
    for shell in made:
        shell.close()


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A folder that only root may enter."""
    folder = tmp_path / "secret"
    folder.mkdir(mode=0o700)
    (folder / "key with space").write_text("x")
    (folder / "owned").write_text("y")
    os.chown(folder / "owned", 1234, 1234)
    return folder


def path_source(shell: SshShell, path: Path) -> PathSource:
    return PathSource(PathAsset(name="files", host="web-1", path=str(path)), shell, ManualClock())


def test_files_that_only_root_may_read(sudoer: Login, new_shell: NewShell, secret: Path) -> None:
    streams, outcome = drain(path_source(new_shell(), secret))
    assert names_in(streams["files.tar"]) == ["./", "./key with space", "./owned"]
    assert outcome.warnings == ()
    asset = ConfigAsset(name="config", host="web-1", paths=(str(secret / "owned"),))
    streams, _ = drain(ConfigSource(asset, new_shell(), ManualClock()))
    assert names_in(streams["files.tar"]) == [str(secret / "owned").lstrip("/")]


def test_what_is_sent_and_printed_goes_through(sudoer: Login, new_shell: NewShell) -> None:
    shell = new_shell()
    data = bytes(range(256)) * 4000
    assert shell.run(("cat",), stdin=data).stdout == data
    assert shell.run(("sh", "-c", 'id -un; echo "$1" >&2; exit 7', "sh", "a  b'\n$c")).status == 7
    with shell.open(("sh", "-c", "id -un; cat"), stdin=True) as running:
        assert running.stdin
        running.stdin.write(b"more\n")
        running.stdin.close()
        assert b"".join(running.chunks()) == b"root\nmore\n" and running.wait(20).status == 0


def test_a_copy_that_is_given_up_is_undone_as_root(sudoer: Login, new_shell: NewShell, secret: Path) -> None:
    """A root's program cannot be killed by the login; it ends when its input does, and undoes what it did."""
    with (secret / "large").open("wb") as file:
        file.truncate(1 << 30)
        file.write(os.urandom(64 << 20))
    undone = secret / "undone"
    hook = Hook(after=f"id -un > '{undone}'")
    asset = PathAsset(name="files", host="web-1", path=str(secret), around=hook)
    with pytest.raises(KeyError), PathSource(asset, new_shell(), ManualClock()).capture() as capture:
        next(iter(next(iter(capture.streams())).chunks))
        assert not undone.exists()
        raise KeyError
    wait_until(undone.exists, "the hook after the copy")
    wait_until(lambda: undone.read_text() == "root\n", "its end")


@pytest.mark.postgres
def test_a_postgres_by_its_socket(
    sudoer: Login, new_shell: NewShell, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUTLIVE_POSTGRES_DIR", str(program_folder(17)))
    owner = postgres.data.owner()
    with SocketWay(new_shell(), str(postgres.socket_dir), owner, postgres.port, "postgres", None).open() as door:
        with door.connect("postgres") as connection:
            assert connection.execute("select pid > 0 from pg_stat_activity limit 1").fetchone() == (True,)
        with door.program(("pg_dumpall", "--globals-only")) as running:
            assert b"CREATE ROLE postgres" in b"".join(running.chunks())


@pytest.mark.docker
def test_docker(
    sudoer: Login, new_shell: NewShell, docker_host: DockerEngine, postgres_container: Callable[..., PostgresContainer]
) -> None:
    database = postgres_container(17)
    with ContainerWay(new_shell(), database.name, 5432, "postgres", None).open() as door:
        with door.connect("postgres") as connection:
            assert connection.info.server_version // 10000 == 17
    asset = DockerVolumeAsset(name="data", host="web-1", volume=database.volume)
    docker_host.docker("stop", database.container)
    streams, outcome = drain(DockerVolumeSource(asset, new_shell(), ManualClock()))
    assert "./PG_VERSION" in names_in(streams["files.tar"])
    assert outcome.inventory["root"].endswith(f"/{database.volume}/_data"), "read where it lies, as root does"


def test_sudo_that_asks_for_a_password(login: Login, new_shell: NewShell, secret: Path) -> None:
    with pytest.raises(SudoRefused) as caught:
        path_source(new_shell(), secret).identify()
    assert caught.value.exit_code == 3 and "password is required" in str(caught.value)
    assert f"echo '{login.name} ALL=(root) NOPASSWD: ALL' > /etc/sudoers.d/" in caught.value.hint
    with pytest.raises(SudoRefused):
        new_shell().open(("true",))


@pytest.mark.docker
def test_without_sudo_the_cure_is_named(
    login: Login, new_shell: NewShell, secret: Path, docker_host: DockerEngine, tmp_path: Path
) -> None:
    shell = new_shell(sudo=False)
    half = tmp_path / "half"
    half.mkdir()
    (half / "closed").touch(mode=0o600)
    for folder in (tmp_path, *tmp_path.parents[:-2]):
        folder.chmod(0o755)
    volume = DockerVolumeAsset(name="v", host="web-1", volume="any")
    config = ConfigAsset(name="c", host="web-1", paths=(str(secret / "owned"),))
    attempts: list[tuple[type[SourceFailed], Callable[[], object]]] = [
        (SourceFailed, lambda: path_source(shell, secret / "deeper").identify()),
        (NotPermitted, lambda: drain(path_source(shell, half))),
        (SourceFailed, lambda: drain(ConfigSource(config, shell, ManualClock()))),
        (SourceFailed, lambda: DockerVolumeSource(volume, shell, ManualClock()).identify()),
        (CommandFailed, lambda: containers.listed(shell)),
    ]
    for kind, attempt in attempts:
        with pytest.raises(kind) as caught:
            attempt()
        assert "`sudo = true`" in caught.value.hint, str(caught.value)


def init(login: Login, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    folder.mkdir()
    argv = [sys.executable, "-m", "outlive", "init", "--ssh-config", str(login.ssh.config), *words, "web-1"]
    env = os.environ | {"HOME": str(folder), "COLUMNS": "80"}
    return subprocess.run(argv, cwd=folder, env=env, capture_output=True, text=True, timeout=180)


def test_init_finds_out(login: Login, sudoer: Login, secret: Path, tmp_path: Path) -> None:
    done = init(login, tmp_path / "with", "--path", str(secret))
    assert f"seen as {login.name}, through sudo" in " ".join(done.stdout.split()), done.stderr
    settings = load(tmp_path / "with" / "outlive.toml")
    assert settings.hosts[0].sudo
    assert any(isinstance(one, PathAsset) and one.path == str(secret) for one in settings.assets)
    login.forbid_sudo()
    done = init(login, tmp_path / "without")
    assert "not root, and without passwordless sudo" in " ".join(done.stdout.split()), done.stderr
    assert not load(tmp_path / "without" / "outlive.toml").hosts[0].sudo

"""A host that cannot be asked: each reason has its words, and none of them says that data is lost."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from outlive.lab.ground.process import wait_until
from tests.cli.golden import check, transcript
from tests.cli.home import Done, Home
from tests.world.need import need
from tests.world.sshd import SshServer, make_key

pytestmark = pytest.mark.slow

Call = Callable[..., Done]


@pytest.fixture
def server() -> Iterator[SshServer]:
    """A server of our own, to be rekeyed and stopped."""
    server = SshServer()
    try:
        yield need("sshd", server.start)
    finally:
        server.close()


@pytest.fixture(autouse=True)
def short_runtime(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Shared connections of other tests must not answer for a server that is gone."""
    folder = Path("/tmp") / f"ow-{os.getpid()}-{tmp_path_factory.mktemp('r').name}"
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    yield
    shutil.rmtree(folder, ignore_errors=True)


def point_at(home: Home, port: int, *, identity: Path, known_hosts: Path, address: str = "127.0.0.1") -> None:
    where = f"ssh://{getpass.getuser()}@{address}:{port}"
    host = f'[[hosts]]\nname = "web-1"\naddress = "{where}"\nidentity_file = "{identity}"\n'
    home.write(
        home.path_asset().replace('host = "here"', 'host = "web-1"'),
        hosts="\n" + host,
        more=f'[keeper]\nknown_hosts = "{known_hosts}"\n',
    )


def told(case: str, home: Home, outlive: Call) -> Done:
    done = outlive("backup")
    check(case, transcript(home, ["backup"], done))
    assert list(home.vault.walk("")) == []
    return done


def test_all_is_well(home: Home, outlive: Call, server: SshServer) -> None:
    """Else the others prove nothing."""
    point_at(home, server.port, identity=server.identity, known_hosts=server.known_hosts)
    assert outlive("backup").code == 0


def test_wrong_key(home: Home, outlive: Call, server: SshServer) -> None:
    stranger = make_key(home.folder / "stranger")
    point_at(home, server.port, identity=stranger, known_hosts=server.known_hosts)
    assert told("ssh-wrong-key", home, outlive).code == 3


def test_changed_host_key(home: Home, outlive: Call, server: SshServer) -> None:
    point_at(home, server.port, identity=server.identity, known_hosts=server.known_hosts)
    server.rekey()
    assert told("ssh-changed-host-key", home, outlive).code == 3


def test_a_host_key_that_nobody_pinned(home: Home, outlive: Call, server: SshServer) -> None:
    point_at(home, server.port, identity=server.identity, known_hosts=home.folder / "none")
    assert told("ssh-unknown-host-key", home, outlive).code == 3


def test_a_folder_of_shared_connections_that_others_may_write(home: Home, outlive: Call, server: SshServer) -> None:
    """Below /tmp anybody may have made it before us, and could answer in the host's name from it."""
    point_at(home, server.port, identity=server.identity, known_hosts=server.known_hosts)
    assert outlive("backup").code == 0
    (folder,) = Path(os.environ["XDG_RUNTIME_DIR"]).glob("outlive-*")
    folder.chmod(0o777)
    done = outlive("backup")
    assert done.code == 2 and "can be written by others" in done.err


def test_a_closed_port(home: Home, outlive: Call, server: SshServer) -> None:
    point_at(home, server.port, identity=server.identity, known_hosts=server.known_hosts)
    server.stop()
    assert told("ssh-closed-port", home, outlive).code == 3


def test_no_such_name(home: Home, outlive: Call, server: SshServer) -> None:
    point_at(home, 22, identity=server.identity, known_hosts=server.known_hosts, address="gone.invalid")
    done = outlive("backup")
    assert done.code == 3 and "could not be reached; that proves nothing about its data" in done.err


@pytest.fixture
def silent() -> Iterator[int]:
    """A port that accepts connections and says nothing, as a hanging machine does."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        held: list[socket.socket] = []
        threading.Thread(target=_accept, args=(listener, held), daemon=True).start()
        yield listener.getsockname()[1]
    for connection in held:
        connection.close()


def _accept(listener: socket.socket, held: list[socket.socket]) -> None:
    try:
        while True:
            held.append(listener.accept()[0])
    except OSError:  # closed: the test is over
        return


@pytest.mark.slow
def test_a_host_that_hangs(home: Home, outlive: Call, server: SshServer, silent: int) -> None:
    point_at(home, silent, identity=server.identity, known_hosts=server.known_hosts)
    assert told("ssh-hangs", home, outlive).code == 3


@pytest.mark.slow
def test_a_host_that_vanishes_midway(home: Home, server: SshServer) -> None:
    """The connection is cut while the data flows: no copy, and the earlier one stays as it was."""
    point_at(home, server.port, identity=server.identity, known_hosts=server.known_hosts)
    assert home.call("backup").code == 0
    before = {info: home.vault.get(info.key) for info in home.vault.walk("")}
    with (home.site / "large").open("wb") as file:
        for _ in range(300):
            file.write(os.urandom(1 << 20))
    process = home.spawn("backup")
    wait_until(lambda: len(list(home.vault.walk(""))) > len(before), "the first part")
    server.disconnect_all()
    server.stop()
    _, err = process.communicate(timeout=120)
    assert process.returncode in (3, 5), err
    assert "cure: " in err and "Traceback" not in err
    assert len(home.call("copies", "--json").document["copies"]) == 1
    assert {info: home.vault.get(info.key) for info in before} == before

"""A host key counts once a key exchange was finished with it, and nobody else's is taken for it."""

from __future__ import annotations

import socket
import struct
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import pytest

from outlive.errors import ConfigError, HostKeyChanged, HostUnreachable, LoginRejected
from outlive.model.host import Host
from outlive.transport import hostkey
from tests.world.need import need
from tests.world.sshd import SshServer, client_config, make_key

pytestmark = pytest.mark.slow


@pytest.fixture
def server() -> Iterator[SshServer]:
    """One's own, to be rekeyed and stopped."""
    server = need("sshd", SshServer().start)
    yield server
    server.close()


def stranger(server: SshServer, folder: Path, identity: Path | None = None) -> Host:
    """Somebody who has never met the server: an empty known_hosts."""
    known = folder / "strangers_known_hosts"
    known.touch()
    config = folder / "strangers_config"
    key = identity or server.identity
    config.write_text(client_config("web-1", "127.0.0.1", server.port, server.user, key, known))
    return Host(name="web-1", address="ssh://web-1", ssh_config=str(config))


def friend(server: SshServer) -> Host:
    return Host(name="web-1", address="ssh://web-1", ssh_config=str(server.config))


def test_a_key_that_the_person_knows_is_proven(ssh_server: SshServer, tmp_path: Path) -> None:
    key = hostkey.prove(friend(ssh_server), tmp_path / "known_hosts")
    assert (key.known_to, key.fingerprint) == ("user", ssh_server.host_key_fingerprint)
    assert not (tmp_path / "known_hosts").exists(), "proving writes nothing"


def test_a_key_that_nobody_knows_is_told_and_nobody_vouches(ssh_server: SshServer, tmp_path: Path) -> None:
    host = stranger(ssh_server, tmp_path)
    key = hostkey.prove(host, tmp_path / "known_hosts")
    assert (key.known_to, key.fingerprint) == ("", ssh_server.host_key_fingerprint)
    assert (tmp_path / "strangers_known_hosts").read_text() == "", "the person's own file is left alone"


def test_a_pinned_key_is_known_to_the_keeper(ssh_server: SshServer, tmp_path: Path) -> None:
    host, pins = stranger(ssh_server, tmp_path), tmp_path / "keeper" / "known_hosts"
    first = hostkey.prove(host, pins)
    hostkey.pin(first, pins)
    hostkey.pin(first, pins)
    assert pins.read_text() == f"{first.line}\n", "once, however often it is pinned"
    assert pins.stat().st_mode & 0o777 == 0o600
    assert hostkey.prove(host, pins).known_to == "keeper"


def test_a_pin_keeps_what_was_pinned_before(ssh_server: SshServer, tmp_path: Path) -> None:
    pins = tmp_path / "known_hosts"
    pins.write_text("other.example.com ssh-ed25519 AAAA")  # no line break at its end
    key = hostkey.prove(friend(ssh_server), pins)
    hostkey.pin(key, pins)
    assert pins.read_text() == f"other.example.com ssh-ed25519 AAAA\n{key.line}\n"


def test_the_fingerprint_is_that_of_ssh_keygen(tmp_path: Path) -> None:
    public = make_key(tmp_path / "key").with_suffix(".pub")
    told = subprocess.run(["ssh-keygen", "-lf", public], capture_output=True, text=True, check=True).stdout.split()[1]
    assert hostkey.fingerprint(f"web-1 {public.read_text()}") == told
    with pytest.raises(ValueError, match="not a line"):
        hostkey.fingerprint("web-1 ssh-ed25519 !!!")


def test_another_key_than_the_persons_is_refused(server: SshServer, tmp_path: Path) -> None:
    server.rekey()
    with pytest.raises(HostKeyChanged) as caught:
        hostkey.prove(friend(server), tmp_path / "known_hosts")
    assert caught.value.exit_code == 3


def test_another_key_than_the_pinned_one_is_refused_even_if_the_person_knows_it(
    server: SshServer, tmp_path: Path
) -> None:
    pins = tmp_path / "known_hosts"
    hostkey.pin(hostkey.prove(friend(server), pins), pins)
    server.rekey()
    key = " ".join(server.host_key.with_suffix(".pub").read_text().split()[:2])
    server.known_hosts.write_text(f"[127.0.0.1]:{server.port} {key}\n")
    with pytest.raises(HostKeyChanged):
        hostkey.prove(friend(server), pins)


def test_a_refused_login_proves_nothing(ssh_server: SshServer, tmp_path: Path) -> None:
    host = stranger(ssh_server, tmp_path, identity=make_key(tmp_path / "other"))
    with pytest.raises(LoginRejected, match="Permission denied"):
        hostkey.prove(host, tmp_path / "known_hosts")


def test_a_host_that_is_down_is_unreachable(server: SshServer, tmp_path: Path) -> None:
    server.stop()
    with pytest.raises(HostUnreachable, match="Connection refused"):
        hostkey.prove(friend(server), tmp_path / "known_hosts")


def test_whoever_shows_the_key_but_cannot_sign_with_it_proves_nothing(ssh_server: SshServer, tmp_path: Path) -> None:
    """What ssh-keyscan cannot see: it prints the key that is shown, and asks for no signature."""
    with SpoiledSignatures(ssh_server.port) as impostor:
        seen = subprocess.run(
            ["ssh-keyscan", "-t", "ed25519", "-p", str(impostor.port), "127.0.0.1"], capture_output=True, text=True
        )
        assert ssh_server.host_key.with_suffix(".pub").read_text().split()[1] in seen.stdout
        config = tmp_path / "config"
        config.write_text(
            client_config("web-1", "127.0.0.1", impostor.port, ssh_server.user, ssh_server.identity, tmp_path / "none")
        )
        with pytest.raises(HostUnreachable, match="incorrect signature"):
            hostkey.prove(Host(name="web-1", address="ssh://web-1", ssh_config=str(config)), tmp_path / "known_hosts")


class SpoiledSignatures:
    """A man in the middle who passes everything on but flips a bit of the host's signature, as one must who has none."""

    def __init__(self, target: int) -> None:
        self._target = target

    def __enter__(self) -> SpoiledSignatures:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._target))
                threading.Thread(target=self._pass_on, args=(client, server), daemon=True).start()
                threading.Thread(target=self._spoil, args=(server.makefile("rb"), client), daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)

    def _spoil(self, source: BinaryIO, client: socket.socket) -> None:
        """RFC 4253: a line, then packets of length, padding length, payload; 31 is the reply that carries the
        signature, at its end."""
        with suppress(OSError), client:
            client.sendall(source.readline())
            while head := source.read(5):
                length, padding = struct.unpack(">IB", head)
                body = bytearray(source.read(length - 1))
                if body[0] == 31:
                    body[-padding - 1] ^= 1
                client.sendall(head + body)


def test_where_nothing_can_be_written_it_is_said(ssh_server: SshServer, tmp_path: Path) -> None:
    key = hostkey.prove(friend(ssh_server), tmp_path / "none")
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="cannot be written"):
        hostkey.pin(key, tmp_path / "file" / "known_hosts")


def test_only_holds_one_key_and_is_gone_afterwards(ssh_server: SshServer, tmp_path: Path) -> None:
    key = hostkey.prove(friend(ssh_server), tmp_path / "none")
    with hostkey.only(key) as path:
        assert path.read_text() == f"{key.line}\n"
    assert not path.exists()

"""How often what is asked of a host, and what is said of it. Real sshd; the machine's own facts in `test_machine.py`."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from outlive.lab.ground.process import wait_until
from outlive.model.host import Host
from outlive.model.observation import Observation
from outlive.testing.clock import ManualClock
from outlive.transport.ssh_peer import SshPeer
from outlive.witnesses import ssh_identity
from outlive.witnesses.ssh_identity import SshWitness
from tests.world.need import need
from tests.world.sshd import SshServer, client_config, make_key

pytestmark = pytest.mark.slow


@pytest.fixture
def server() -> Iterator[SshServer]:
    server = need("sshd", SshServer().start)
    yield server
    server.close()


class Look:
    """A witness, its clock, and looks at will."""

    def __init__(self, server: SshServer, folder: Path, identity: Path | None = None) -> None:
        config = folder / "config"
        key = identity or server.identity
        config.write_text(client_config("web-1", "127.0.0.1", server.port, server.user, key, folder / "known"))
        host = Host(name="web-1", address="ssh://web-1", ssh_config=str(config))
        self.clock = ManualClock()
        self.peer = SshPeer(host, "127.0.0.1", folder, port=server.port)
        self.witness = SshWitness(self.peer, self.clock, lambda place, token: None, timeout_seconds=10)

    def __call__(self, later: float = 0) -> dict[str, Observation]:
        self.clock.advance(later)
        return {one.fact: one for one in asyncio.run(self.witness.look())}

    def close(self) -> None:
        asyncio.run(self.peer.close())


def logins(server: SshServer) -> int:
    return server.log.read_text().count("Accepted publickey")


def test_the_key_and_the_inside_come_together(server: SshServer, tmp_path: Path) -> None:
    look = Look(server, tmp_path)
    seen = look()
    assert seen["ssh.host_key"].value == server.host_key_fingerprint
    assert seen["ssh.host_key"].subject == f"127.0.0.1:{server.port}", "another port may be another machine"
    assert seen["ssh.login"].value == "accepted"
    assert seen["guest.machine_id"].value == Path("/etc/machine-id").read_text().strip()
    assert seen["guest.boot_id"].value == Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    look.close()


def test_a_key_exchange_is_made_once_a_minute_and_the_login_kept(server: SshServer, tmp_path: Path) -> None:
    look = Look(server, tmp_path)
    sources = [look(later)["ssh.host_key"].source for later in (0, 5, 30, 30)]
    assert sources == ["a key exchange", "the kept connection", "the kept connection", "a key exchange"]
    assert logins(server) == 1
    look(ssh_identity.RENEW_SECONDS)
    assert logins(server) == 2, "a kept connection would hide that new logins are refused"
    look.close()


def test_a_new_key_is_seen_by_the_next_exchange(server: SshServer, tmp_path: Path) -> None:
    look = Look(server, tmp_path)
    look()
    server.rekey()
    assert look(ssh_identity.SHAKE_SECONDS)["ssh.host_key"].value == server.host_key_fingerprint
    server.disconnect_all()
    look.close()


def test_when_the_kept_connection_breaks_the_same_look_asks_anew(server: SshServer, tmp_path: Path) -> None:
    """A machine that is replaced cuts its connections: whoever answers now is asked at once who it is."""
    look = Look(server, tmp_path)
    look()
    server.disconnect_all()
    server.rekey()
    seen = look(5)
    assert seen["ssh.host_key"].value == server.host_key_fingerprint
    assert "guest.machine_id" in seen, "and it was let in"
    look.close()


def test_a_refused_login_is_told_and_not_tried_all_the_time(server: SshServer, tmp_path: Path) -> None:
    look = Look(server, tmp_path, identity=make_key(tmp_path / "stranger"))
    assert look()["ssh.login"].value == "rejected"
    tries = server.log.read_text().count("Connection closed")
    seen = look(5)
    assert "ssh.login" not in seen and seen["ssh.host_key"].value == server.host_key_fingerprint
    wait_until(lambda: server.log.read_text().count("Connection closed") > tries, "the key exchange", 10)
    assert look(ssh_identity.REFUSED_SECONDS)["ssh.login"].value == "rejected"


def test_a_host_that_is_gone_is_no_data_and_seen_again_at_once(server: SshServer, tmp_path: Path) -> None:
    look = Look(server, tmp_path)
    server.stop()
    seen = look()
    assert (set(seen), seen["ssh.host_key"].error) == ({"ssh.host_key"}, "refused")
    server.start()
    assert look(5)["ssh.host_key"].value == server.host_key_fingerprint
    look.close()


def test_a_login_that_gives_no_shell_is_told(tmp_path: Path) -> None:
    server = need("sshd", SshServer(options={"ForceCommand": "echo no shell here"}).start)
    try:
        look = Look(server, tmp_path)
        seen = look()
        assert seen["ssh.login"].value == "accepted"
        assert seen["guest.machine_id"].error == "no_shell"
        look.close()
    finally:
        server.close()


def test_another_machine_is_asked_anew_although_the_one_before_refused(server: SshServer, tmp_path: Path) -> None:
    stranger = Look(server, tmp_path, identity=make_key(tmp_path / "stranger"))
    assert stranger()["ssh.login"].value == "rejected"
    server.rekey()
    assert stranger(ssh_identity.SHAKE_SECONDS)["ssh.login"].value == "rejected", "and not silent for five minutes"

"""Whose key answers, and that nothing is asked of anybody who has not proven one."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from outlive.errors import LoginRejected
from outlive.lab.ground.process import free_port
from outlive.model.host import Host
from outlive.transport import hostkey
from outlive.transport.net import NoAnswer
from outlive.transport.ssh_peer import SshPeer, subject
from tests.transport.test_hostkey import SpoiledSignatures
from tests.world.need import need
from tests.world.sshd import SshServer, client_config, make_key

pytestmark = pytest.mark.slow
HERE = "127.0.0.1"


@pytest.fixture
def server() -> Iterator[SshServer]:
    """One's own, to be rekeyed and stopped."""
    server = need("sshd", SshServer().start)
    yield server
    server.close()


def host(server: SshServer, folder: Path, *, port: int = 0, identity: Path | None = None, more: str = "") -> Host:
    config = folder / "ssh_config"
    known = folder / "known"
    key = identity or server.identity
    config.write_text(client_config("web-1", HERE, port or server.port, server.user, key, known) + more)
    return Host(name="web-1", address="ssh://web-1", ssh_config=str(config))


def peer(server: SshServer, folder: Path, **more: object) -> SshPeer:
    return SshPeer(host(server, folder, **more), HERE, folder)  # type: ignore[arg-type]


def test_a_key_is_proven_without_a_login_and_whoever_knows_it(ssh_server: SshServer, tmp_path: Path) -> None:
    one = peer(ssh_server, tmp_path, identity=make_key(tmp_path / "stranger"))
    shake = asyncio.run(one.shake(10))
    assert (shake.fingerprint, shake.methods) == (ssh_server.host_key_fingerprint, ("publickey",))
    public = ssh_server.host_key.with_suffix(".pub").read_text().split()[:2]
    assert one.key.split() == public


def test_whoever_shows_a_key_but_cannot_sign_is_unproven_and_asked_nothing(
    ssh_server: SshServer, tmp_path: Path
) -> None:
    with SpoiledSignatures(ssh_server.port) as impostor:
        one = peer(ssh_server, tmp_path, port=impostor.port)
        assert asyncio.run(one.shake(10)).error == "unproven"
        with pytest.raises(NoAnswer, match="no key exchange was finished"):
            asyncio.run(one.run(["true"], 10))


def test_a_banner_cannot_pass_for_the_log(tmp_path: Path) -> None:
    """What a host says before the login is no word of the client's own."""
    banner = tmp_path / "banner"
    banner.write_text("debug1: Server host key: ssh-ed25519 SHA256:forged\ndebug1: SSH2_MSG_NEWKEYS received\n")
    server = need("sshd", SshServer(options={"Banner": str(banner)}).start)
    try:
        assert asyncio.run(peer(server, tmp_path).shake(10)).fingerprint == server.host_key_fingerprint
    finally:
        server.close()


def test_the_inside_is_asked_over_one_kept_connection(ssh_server: SshServer, tmp_path: Path) -> None:
    one = peer(ssh_server, tmp_path)

    async def ask() -> list[str]:
        await one.shake(10)
        said = [(await one.run(["sh", "-c", "echo $PPID"], 10)).text for _ in range(2)]
        await one.close()
        return [*said, (await one.run(["sh", "-c", "echo $PPID"], 10)).text]

    first, second, after = asyncio.run(ask())
    assert first == second, "the same server process"
    assert after != first, "closed, it is made anew"
    asyncio.run(one.close())
    assert [path.name for path in tmp_path.iterdir() if path.is_socket()] == []


def test_a_refused_login_is_told(ssh_server: SshServer, tmp_path: Path) -> None:
    one = peer(ssh_server, tmp_path, identity=make_key(tmp_path / "stranger"))

    async def ask() -> None:
        await one.shake(10)
        await one.run(["true"], 10)

    with pytest.raises(LoginRejected, match="Permission denied"):
        asyncio.run(ask())


def test_another_key_gets_another_connection(server: SshServer, tmp_path: Path) -> None:
    """What the old one still says is not taken for the new one's word."""
    one = peer(server, tmp_path)

    async def ask() -> tuple[str, str, str]:
        await one.shake(10)
        before = (await one.run(["sh", "-c", "echo $PPID"], 10)).text
        server.rekey()
        changed = await one.shake(10)
        after = (await one.run(["sh", "-c", "echo $PPID"], 10)).text
        await one.close()
        return before, after, str(changed.fingerprint)

    before, after, key = asyncio.run(ask())
    assert key == server.host_key_fingerprint
    assert before != after
    server.disconnect_all()


def test_a_command_that_hangs_is_ended_and_the_next_one_is_answered(ssh_server: SshServer, tmp_path: Path) -> None:
    one = peer(ssh_server, tmp_path)

    async def ask() -> str:
        await one.shake(10)
        with pytest.raises(NoAnswer) as told:
            await one.run(["sleep", "60"], 2)
        assert told.value.word == "timeout"
        said = (await one.run(["echo", "here"], 10)).text
        await one.close()
        return said

    assert asyncio.run(ask()) == "here\n"


def test_who_is_not_there_is_told(server: SshServer, tmp_path: Path) -> None:
    server.stop()
    assert asyncio.run(peer(server, tmp_path).shake(5)).error == "refused"


def test_behind_a_jump_host_the_key_is_that_of_the_host(
    ssh_server: SshServer, server: SshServer, tmp_path: Path
) -> None:
    known = tmp_path / "jump_known"
    known.write_text(ssh_server.known_hosts.read_text())
    jump = client_config("jump", HERE, ssh_server.port, ssh_server.user, ssh_server.identity, known)
    target = host(server, tmp_path, more=f"  ProxyJump jump\n{jump}")
    assert hostkey.route(target).is_proxied
    assert asyncio.run(SshPeer(target, HERE, tmp_path).shake(20)).fingerprint == server.host_key_fingerprint


def test_where_ssh_would_go_and_under_which_name_it_keeps_keys(ssh_server: SshServer, tmp_path: Path) -> None:
    route = hostkey.route(host(ssh_server, tmp_path))
    assert (route.name, route.port, route.is_proxied) == (HERE, ssh_server.port, False)
    assert route.known_as == f"[{HERE}]:{ssh_server.port}"
    assert [subject("2001:db8::1", port) for port in (22, 2222)] == ["2001:db8::1", "[2001:db8::1]:2222"]
    assert subject(HERE, 2222) == "127.0.0.1:2222"


def test_a_host_can_be_pinned_anew(server: SshServer, tmp_path: Path) -> None:
    pins = tmp_path / "known_hosts"
    one = host(server, tmp_path)
    pins.write_text(f"other.example.com ssh-ed25519 AAAA\n{server.known_hosts.read_text()}")
    assert [key.fingerprint for key in hostkey.pinned(one, pins)] == [server.host_key_fingerprint]
    server.rekey()
    key = " ".join(server.host_key.with_suffix(".pub").read_text().split()[:2])
    hostkey.repin(one, key, pins)
    assert [(key.kind, key.fingerprint) for key in hostkey.pinned(one, pins)] == [
        ("ssh-ed25519", server.host_key_fingerprint)
    ]
    assert pins.read_text().startswith("other.example.com"), "what is pinned for others stays"
    assert not pins.with_name("known_hosts.old").exists()
    strict = ["ssh", "-F", one.ssh_config, "-o", f"UserKnownHostsFile={pins}", "web-1", "true"]
    assert subprocess.run(strict, capture_output=True, check=False).returncode == 0


def test_nothing_is_pinned_where_there_is_no_file(ssh_server: SshServer, tmp_path: Path) -> None:
    assert hostkey.pinned(host(ssh_server, tmp_path, port=free_port()), tmp_path / "none") == ()

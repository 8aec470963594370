"""Volumes on a server with its own Docker engine, reached over SSH."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from pyrage import x25519

from outlive.backup.restore.restore_files import restore_tar
from outlive.backup.streams.seal import SealPolicy
from outlive.backup.take import take
from outlive.clock import SystemClock
from outlive.commands.ssh import SshPaths
from outlive.errors import ConfigError, OutliveError, SourceFailed
from outlive.lab.ground.process import wait_until
from outlive.model.asset import DockerVolumeAsset, Hook
from outlive.model.host import Host
from outlive.sources import docker_volume
from outlive.sources.docker_volume import DockerVolumeSource
from outlive.testing.clock import ManualClock
from outlive.transport.ssh import SshShell
from outlive.vault.local import LocalVault
from tests.sources.trees import drain, names_in
from tests.world.docker import DockerEngine
from tests.world.machine import Machine
from tests.world.need import need

pytestmark = pytest.mark.docker

# Everything about a tree that a restore has to bring back, but for the times and the bytes of a SQLite file.
LOOK = r"""
cd -- "$1" && find . -printf '%p %y %m %U %G %l %n' \( -name notes.db -printf '\n' -o -printf ' %s %T@\n' \) | sort
find . -type f ! -name notes.db -print0 | sort -z | xargs -0 sha256sum; find . -print0 | sort -z >/tmp/names
xargs -0 getfacl -np -- </tmp/names; xargs -0 getfattr -dh -m - -- </tmp/names"""


@pytest.fixture(scope="module")
def machine(docker_host: DockerEngine) -> Iterator[Machine]:
    """A server that these tests may stop things on."""
    server = Machine(docker_host)
    try:
        yield need("docker", server.start)
    finally:
        server.close()


@pytest.fixture(scope="module")
def shell(machine: Machine) -> Iterator[SshShell]:
    yield from connected(machine, "root")


def connected(machine: Machine, user: str) -> Iterator[SshShell]:
    host = Host(name="web-1", address=f"ssh://{user}@{machine.name}", ssh_config=str(machine.config))
    shell = SshShell(host, SshPaths(machine.known_hosts, machine.home / "c"))
    yield shell
    shell.close()


@pytest.fixture(scope="module")
def big(machine: Machine) -> str:
    """A volume of more than what fits into all buffers on the way."""
    machine.docker("volume", "create", "big")
    machine.ssh("head -c 100000000 /dev/urandom >/var/lib/docker/volumes/big/_data/big")
    return "big"


def source(shell: SshShell, volume: str = "app_uploads", *, around: Hook | None = None) -> DockerVolumeSource:
    asset = DockerVolumeAsset(name="uploads", host="web-1", volume=volume, around=around or Hook())
    return DockerVolumeSource(asset, shell, ManualClock())


def is_running(machine: Machine, container: str = "app-web-1") -> bool:
    return machine.docker("inspect", "-f", "{{.State.Running}}", container) == "true"


def test_a_volume_goes_to_the_vault_and_comes_back_to_the_host(
    machine: Machine, shell: SshShell, tmp_path: Path
) -> None:
    key = x25519.Identity.generate()
    vault = LocalVault.create(tmp_path / "vault")
    policy = SealPolicy((key.to_public(),), part_bytes=1 << 20)
    asset = DockerVolumeAsset(name="uploads", host="web-1", volume="app_uploads")
    volume = DockerVolumeSource(asset, shell, SystemClock())
    manifest = take(asset, volume, vault, policy, state=tmp_path / "state", clock=SystemClock()).manifest
    assert [stream.name for stream in manifest.streams][-2:] == ["files.tar", "inventory.json"]
    assert manifest.lineage == volume.identify().id and re.fullmatch(r"vol-[0-9a-f]{16}", manifest.lineage)
    assert manifest.source["consistency"] == "live"
    assert "notes" not in str(manifest) and "photo" not in str(manifest)
    restored = restore_tar(vault, manifest, [key], shell, "/srv/back/uploads")
    was, back = (look(machine, path) for path in ("/var/lib/docker/volumes/app_uploads/_data", "/srv/back/uploads"))
    assert back == was and "photo.jpg" in was and "user.origin" in was and "user:1234" in was
    (tmp_path / "notes.db").write_bytes(fetch(machine, "/srv/back/uploads/notes.db"))
    with closing(sqlite3.connect(tmp_path / "notes.db")) as database:
        assert database.execute("pragma integrity_check").fetchall() == [("ok",)]
        assert database.execute("select count(*) from notes").fetchall() == [(500,)]
    assert restored.files > 300 and restored.warnings == ()


def fetch(machine: Machine, path: str) -> bytes:
    return subprocess.run(
        ["ssh", "-F", machine.config, machine.name, "cat", path], check=True, capture_output=True
    ).stdout


def look(machine: Machine, path: str) -> str:
    return machine.ssh(f"bash -s -- '{path}'", input=LOOK.encode())


def test_services_are_stopped_around_the_copy_and_started_again(machine: Machine, shell: SshShell) -> None:
    with source(shell, around=Hook(stop=("web",))).capture() as capture:
        (raw,) = capture.streams()
        chunks = iter(raw.chunks)
        next(chunks)
        assert not is_running(machine), "stopped while it is read"
        for _ in chunks:
            pass
        outcome = capture.finish()
    assert is_running(machine)
    assert outcome.source["consistency"] == "stopped"
    assert outcome.inventory["sqlite"] == [] and outcome.inventory["databases"], "at rest, SQLite stays in the tar"
    assert outcome.warnings == ()


@pytest.mark.parametrize("killed", ["client", "connection"])
def test_services_run_again_when_the_ssh_client_is_killed(
    machine: Machine, shell: SshShell, big: str, killed: str
) -> None:
    with pytest.raises(OutliveError), source(shell, big, around=Hook(stop=("app/web", "app/db"))).capture() as capture:
        (raw,) = capture.streams()
        chunks = iter(raw.chunks)
        next(chunks)
        assert not is_running(machine) and not is_running(machine, "app-db-1")
        os.kill(client_pid(shell) if killed == "client" else master_pid(shell), signal.SIGKILL)
        wait_until(lambda: is_running(machine) and is_running(machine, "app-db-1"), "the services", seconds=15)
        for _ in chunks:
            pass
    assert "tar" not in machine.ssh("ps -eo comm").split(), "nothing goes on reading"


def client_pid(shell: SshShell) -> int:
    """The ssh process that carries the stream: a child of ours."""
    found = subprocess.run(["pgrep", "-x", "-P", str(os.getpid()), "ssh"], capture_output=True, text=True)
    return int(found.stdout.split()[-1])


def master_pid(shell: SshShell) -> int:
    """The ssh process that holds the shared connection."""
    words = [*shell.command(["true"])]
    check = [*words[: words.index("--")], "-O", "check", *words[words.index("--") :][:2]]
    found = subprocess.run(check, capture_output=True, text=True)
    match = re.search(r"pid=(\d+)", found.stderr)
    assert match, found.stderr
    return int(match[1])


def test_services_run_again_when_the_copy_is_given_up(machine: Machine, shell: SshShell, big: str) -> None:
    with pytest.raises(KeyError), source(shell, big, around=Hook(stop=("app-web-1",))).capture() as capture:
        next(iter(next(capture.streams()).chunks))
        assert not is_running(machine)
        raise KeyError
    assert is_running(machine), "before the error is reported"


def test_services_that_do_not_start_again_are_shouted_about(machine: Machine, shell: SshShell) -> None:
    machine.docker("run", "-d", "--name", "brittle", "--stop-signal", "KILL", "outlive-test/busybox", "sleep", "1000")
    runs = "--rm --stop-signal KILL --name brittle outlive-test/busybox sleep 1000"  # gone as soon as it is stopped
    hook = Hook(stop=("brittle",), before=f"docker rm -f brittle; docker run -d {runs}")
    with pytest.raises(SourceFailed, match="DO NOT RUN AGAIN"):
        drain(source(shell, around=hook))


def test_only_what_ran_is_started_again(machine: Machine, shell: SshShell) -> None:
    machine.docker("create", "--name", "idle", "outlive-test/busybox", "sleep", "1000")
    drain(source(shell, around=Hook(stop=("idle", "web"))))
    assert not is_running(machine, "idle") and is_running(machine)


def test_an_unknown_service_is_a_mistake_in_the_configuration(machine: Machine, shell: SshShell) -> None:
    with pytest.raises(ConfigError, match="no such service"), source(shell, around=Hook(stop=("wbe",))).capture():
        pass


def test_a_volume_that_is_not_there(shell: SshShell) -> None:
    with pytest.raises(SourceFailed, match=r"(?i)no such volume"):
        drain(source(shell, "app_uplaods"))


def test_a_volume_made_anew_is_another_lineage(machine: Machine, shell: SshShell) -> None:
    machine.docker("volume", "create", "short")
    first = source(shell, "short").identify()
    machine.ssh("touch /var/lib/docker/volumes/short/_data/file")
    assert source(shell, "short").identify() == first, "though Docker's CreatedAt has moved"
    time.sleep(1)  # births are told in seconds, and the inode may be taken again
    machine.docker("volume", "rm", "short")
    machine.docker("volume", "create", "short")
    assert source(shell, "short").identify() != first


@pytest.fixture
def dev(machine: Machine) -> Iterator[SshShell]:
    """A user who may use Docker, and may not enter its folders."""
    machine.ssh("id dev 2>/dev/null || useradd --create-home --groups docker --shell /bin/bash dev; usermod -p '*' dev")
    machine.ssh("mkdir -p ~dev/.ssh; cp ~/.ssh/authorized_keys ~dev/.ssh/; chown -R dev: ~dev/.ssh")
    yield from connected(machine, "dev")


def test_without_root_it_is_read_through_a_container(machine: Machine, shell: SshShell, dev: SshShell) -> None:
    as_root, _ = drain(source(shell))
    streams, outcome = drain(source(dev))
    assert list(streams) == ["files.tar"]
    assert set(names_in(streams["files.tar"])) == {*names_in(as_root["files.tar"]), "./notes.db"}
    assert b"SCHILY.acl.access" in streams["files.tar"] and b"user.origin" in streams["files.tar"]
    assert "this login may not read them where they lie" in outcome.warnings[0]
    assert source(dev).identify() == source(shell).identify(), "the same volume, however it is reached"
    assert (
        machine.docker("ps", "-q", "--filter", "status=exited", "--filter", "ancestor=outlive-test/postgres:17") == ""
    )


def test_with_busybox_alone_it_is_copied_and_what_is_lost_is_said(
    machine: Machine, dev: SshShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(docker_volume, "TRIED_IMAGES", 1)
    streams, outcome = drain(source(dev))
    assert "./photo.jpg" in names_in(streams["files.tar"])
    assert any("GNU tar" in warning for warning in outcome.warnings)


def test_a_volume_that_is_mounted_only_in_use_is_read_through_a_container(machine: Machine, shell: SshShell) -> None:
    """Its mountpoint is an empty folder for everybody else: reading that would be a silently empty copy."""
    machine.ssh("mkdir -p /srv/bound; echo there >/srv/bound/file")
    machine.docker("volume", "create", "--opt", "type=none", "--opt", "o=bind", "--opt", "device=/srv/bound", "bound")
    streams, _ = drain(source(shell, "bound"))
    assert names_in(streams["files.tar"]) == ["./", "./file"]

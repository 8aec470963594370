"""Asking real hosts which machine they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from outlive.commands.ssh import SshPaths
from outlive.keeper.whereabouts import look_around, own_identity
from outlive.model.host import Host
from outlive.transport.base import Shell
from outlive.transport.local import LocalShell
from outlive.transport.ssh import SshShell
from tests.world.machine import Machine
from tests.world.sshd import SshServer


@pytest.fixture
def control() -> Iterator[Path]:
    """Short: a Unix socket's path may have only 107 bytes."""
    with TemporaryDirectory(prefix="ow-") as folder:
        yield Path(folder)


def reached(known_hosts: Path, control: Path) -> Callable[[Host], Shell]:
    return lambda host: LocalShell(host.name) if host.is_local else SshShell(host, SshPaths(known_hosts, control))


def test_this_machine_knows_itself() -> None:
    assert own_identity().boot_id


def test_a_local_host_is_this_machine(control: Path) -> None:
    found = look_around([Host(name="here", address="local")], reached(control, control), {})
    assert set(found.shared) == {"here"}


def test_by_ssh_to_itself_it_is_this_machine(ssh_server: SshServer, control: Path) -> None:
    host = Host(name="web-1", address=ssh_server.address, ssh_config=str(ssh_server.config))
    found = look_around([host], reached(ssh_server.known_hosts, control), {})
    assert set(found.shared) == {"web-1"}, found.unseen


def test_a_host_that_is_down_proves_nothing(ssh_server: SshServer, control: Path) -> None:
    host = Host(name="web-9", address="ssh://root@127.0.0.1:1")
    found = look_around([host, Host(name="here", address="local")], reached(ssh_server.known_hosts, control), {})
    assert (set(found.shared), set(found.unseen)) == ({"here"}, {"web-9"})


@pytest.mark.docker
def test_another_machine_is_apart_unless_the_vault_is_on_it(vm: Machine, control: Path) -> None:
    host = Host(name="web-1", address=f"ssh://root@{vm.address}", identity_file=str(vm.identity))
    shell = reached(vm.known_hosts, control)
    found = look_around([host], shell, {})
    assert (found.shared, found.unseen) == ({}, {})
    found = look_around([host], shell, {"the vault": f"http://{vm.address}:9000"})
    assert "the vault" in found.shared["web-1"]

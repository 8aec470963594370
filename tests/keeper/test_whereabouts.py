"""Asking real hosts which machine they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from outlive.commands.ssh import SshPaths
from outlive.errors import HostUnreachable
from outlive.keeper.whereabouts import look_around, own_identity, server_of_folder, server_of_url
from outlive.model.host import Host
from outlive.transport.base import Completed, Shell
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


@pytest.mark.slow
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
    found = look_around([host], shell, {"the vault": [vm.address]})
    assert "the vault" in found.shared["web-1"]
    found = look_around([host], shell, {"the vault": [vm.address, None]})
    assert found.shared == {}, "the mirror is elsewhere"


def test_what_is_at_a_hosts_address_is_on_it_although_it_cannot_be_asked(control: Path) -> None:
    host = Host(name="web-9", address="ssh://root@192.0.2.9")
    needed = {"the vault": ["192.0.2.9", "192.0.2.9"], "the keeper's memory": [None]}
    found = look_around([host], lambda host: Down(), needed)
    assert found.shared == {"web-9": "the vault is at the same address (192.0.2.9)"}
    found = look_around([host], lambda host: Down(), {})
    assert set(found.unseen) == {"web-9"}


class Down(LocalShell):
    """A host that does not answer."""

    def run(self, *_: object, **__: object) -> Completed:
        raise HostUnreachable("no answer")


def test_a_folder_is_on_this_machine_unless_the_kernel_says_otherwise(tmp_path: Path) -> None:
    assert server_of_folder(tmp_path) is None
    assert server_of_url("postgresql://keeper@db.example.com/x") == "db.example.com"
    assert server_of_url("sqlite:////srv/keeper.db") is None

"""The images of a compose project, saved on one server and loaded on another."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pyrage import x25519

from outlive.backup.restore.restore_files import restore_images
from outlive.backup.streams.seal import SealPolicy
from outlive.backup.take import take
from outlive.clock import SystemClock
from outlive.commands.ssh import SshPaths
from outlive.errors import SourceFailed
from outlive.model.asset import ImagesAsset
from outlive.model.host import Host
from outlive.sources.images import ImagesSource
from outlive.testing.clock import ManualClock
from outlive.transport.ssh import SshShell
from outlive.vault.local import LocalVault
from tests.sources.trees import drain
from tests.world.machine import Machine

pytestmark = pytest.mark.docker


def connect(machine: Machine) -> Iterator[SshShell]:
    host = Host(name=machine.name, address=f"ssh://{machine.name}", ssh_config=str(machine.config))
    shell = SshShell(host, SshPaths(machine.known_hosts, machine.home / "c"))
    yield shell
    shell.close()


@pytest.fixture
def shell(vm: Machine) -> Iterator[SshShell]:
    yield from connect(vm)


def test_images_are_saved_and_loaded_by_name(shell: SshShell, new_vm: Callable[..., Machine], tmp_path: Path) -> None:
    key = x25519.Identity.generate()
    vault = LocalVault.create(tmp_path / "vault")
    asset = ImagesAsset(name="images", host="web-1", project="app")
    policy = SealPolicy((key.to_public(),))
    source = ImagesSource(asset, shell, SystemClock())
    manifest = take(asset, source, vault, policy, state=tmp_path / "state", clock=SystemClock()).manifest
    names = [image["name"] for image in manifest.source["images"]]
    assert sorted(names) == ["outlive-test/busybox:latest", "outlive-test/postgres:17"]
    ids = {image["name"]: image["id"] for image in manifest.source["images"]}
    other = new_vm(name="web-2", stack=False)
    other.docker("image", "rm", *names)
    for there in connect(other):
        restored = restore_images(vault, manifest, [key], there)
    assert restored.files == 2
    assert {name: other.docker("image", "inspect", "-f", "{{.Id}}", name) for name in names} == ids


def test_a_project_that_runs_nothing(shell: SshShell) -> None:
    source = ImagesSource(ImagesAsset(name="images", host="web-1", project="apq"), shell, ManualClock())
    with pytest.raises(SourceFailed, match="no container of the compose project apq"):
        drain(source)


def test_the_archive_is_one_that_docker_reads(shell: SshShell, tmp_path: Path) -> None:
    source = ImagesSource(ImagesAsset(name="images", host="web-1", project="app"), shell, ManualClock())
    streams, outcome = drain(source)
    assert list(streams) == ["images.tar"]
    assert outcome.inventory["tar"]["members"] > 3
    assert json.dumps(outcome.source) and outcome.data_until == ManualClock().now()

"""The images of a compose project, saved on one server and loaded on another."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from outlive.backup.restore.restore import Restored, RestorePlan, restore
from outlive.backup.restore.target import parse_target
from outlive.clock import SystemClock
from outlive.commands.ssh import SshPaths
from outlive.errors import Refused, SourceFailed, UsageError
from outlive.model.asset import ImagesAsset
from outlive.model.host import Host
from outlive.sources.images import ImagesSource
from outlive.testing.clock import ManualClock
from outlive.transport.local import LocalShell
from outlive.transport.ssh import SshShell
from outlive.vault.encryption import read_identities
from tests.hand_restore.by_hand import Kept, Person, keep
from tests.sources.trees import drain
from tests.world import images
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


@pytest.fixture(scope="module")
def kept(vm: Machine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    for shell in connect(vm):
        asset = ImagesAsset(name="images", host="web-1", project="app")
        yield keep(
            asset, ImagesSource(asset, shell, SystemClock()), tmp_path_factory.mktemp("kept"), part_bytes=32 << 20
        )


@pytest.mark.slow
def test_images_come_back_under_their_names_and_ids(kept: Kept, new_vm: Callable[..., Machine]) -> None:
    """Into the Docker of another host, by the command and by hand; never over another image of that name."""
    ids = {image["name"]: image["id"] for image in kept.manifest.source["images"]}
    assert sorted(ids) == ["outlive-test/busybox:latest", "outlive-test/postgres:17"]
    other = new_vm(name="web-2", stack=False)

    def there() -> dict[str, str]:
        return {name: other.docker("image", "inspect", "-f", "{{.Id}}", name) for name in ids}

    def back(shell: SshShell) -> Restored:
        plan = RestorePlan(kept.vault, read_identities(kept.keys.recovery_identity), Path("/none"), SystemClock())
        return restore(kept.manifest, parse_target("ssh://web-2"), shell, plan)

    for shell in connect(other):
        assert len(back(shell).next_steps) == 2, "what is there already stays"
        other.docker("image", "rm", *ids)
        restored = back(shell)
        assert there() == ids
        assert f"web-2 has outlive-test/postgres:17: {ids['outlive-test/postgres:17']}" in restored.next_steps
        other.docker("tag", "outlive-test/busybox:latest", "outlive-test/postgres:17")
        with pytest.raises(Refused, match="another image by the name outlive-test/postgres:17"):
            back(shell)
        assert there()["outlive-test/postgres:17"] == ids["outlive-test/busybox:latest"]
    by_hand(kept, other)
    assert there() == ids


def by_hand(kept: Kept, machine: Machine) -> None:
    """RESTORE.md as written, on a host that has Docker and got `age` from Debian."""
    machine.docker("image", "rm", "outlive-test/postgres:17", "outlive-test/busybox:latest")
    engine = machine.engine
    stock = engine.run(images.hand_restore(engine), "sleep", "infinity")
    engine.docker("cp", f"{stock}:/usr/bin/age", str(kept.folder.parent / "age"))
    engine.remove(stock)
    machine.ssh("cat > /usr/bin/age; chmod +x /usr/bin/age", input=(kept.folder.parent / "age").read_bytes())
    folder = subprocess.run(["tar", "-C", str(kept.folder), "-c", "."], stdout=subprocess.PIPE, check=True).stdout
    machine.ssh("mkdir /copy; tar -x -C /copy", input=folder)
    assert machine.body is not None
    answer = Person(engine, kept, there=(machine.body.container, "/sbin/inside")).follow()
    assert answer.status == 0, answer.text


@pytest.mark.slow
def test_images_as_a_file_and_other_kinds_into_docker(kept: Kept, tmp_path: Path) -> None:
    plan = RestorePlan(kept.vault, read_identities(kept.keys.recovery_identity), Path("/none"), SystemClock())
    done = restore(kept.manifest, parse_target(str(tmp_path / "new")), LocalShell(), plan)
    assert done.next_steps == ("Give them to Docker: docker load < images.tar",)
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["images.tar", "inventory.json"]
    with pytest.raises(UsageError, match="kind path is nothing that Docker loads"):
        restore(replace(kept.manifest, kind="path"), parse_target("docker://"), LocalShell(), plan)


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

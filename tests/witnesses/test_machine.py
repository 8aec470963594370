"""What is asked inside, held against a real machine: its facts, its markers, and how it comes to be another."""

from __future__ import annotations

import asyncio
import shlex
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from outlive.clock import SystemClock
from outlive.commands import guest
from outlive.model.host import Host
from outlive.model.observation import Observation
from outlive.model.watching import Planted
from outlive.transport.ssh_peer import SshPeer
from outlive.watch.markers import state, tag
from outlive.witnesses.ssh_identity import SshWitness
from tests.world.machine import Machine

pytestmark = [pytest.mark.docker, pytest.mark.slow]
KEY = b"k" * 32
CLOCK = SystemClock()


class Look:
    """A witness of one machine, which is looked at again and again."""

    def __init__(self, machine: Machine, folder: Path, planted: list[Planted]) -> None:
        host = Host(name="web-1", address="ssh://web-1", ssh_config=str(machine.config))
        self.peer = SshPeer(host, machine.address, folder)

        def told(place: str, token: str) -> str | None:
            return state(KEY, planted, "web-1", place, token)

        self.witness = SshWitness(self.peer, CLOCK, told, ["app_uploads"], timeout_seconds=8)

    def __call__(self) -> dict[str, Observation]:
        return {one.fact: one for one in asyncio.run(self.witness.look())}

    def until(self, fact: str) -> dict[str, Observation]:
        """The first look that is answered: a machine that has just booted may let one wait in vain, and an sshd that begins
        anew hears nobody for a moment."""
        ends = time.monotonic() + 120
        while (told := (seen := self()).get(fact)) is None or told.error is not None:
            assert time.monotonic() < ends, [(one.fact, one.error, one.value, one.source) for one in seen.values()]
        return seen


def plant(machine: Machine, place: str, token: str) -> Planted:
    machine.ssh(shlex.join(guest.plant(place)), input=f"{token}\n".encode())
    return Planted("web-1", place, tag(KEY, token), CLOCK.now(), "alice")


def test_the_facts_are_those_of_the_machine(vm: Machine, tmp_path: Path) -> None:
    look = Look(vm, tmp_path, [])
    seen = asyncio.run(look.witness.look())
    facts = {one.fact: one.value for one in seen}
    assert facts["ssh.host_key"] == vm.host_key_fingerprint
    assert facts["guest.machine_id"] == vm.ssh("cat /etc/machine-id").strip()
    assert facts["guest.boot_id"] == vm.ssh("cat /proc/sys/kernel/random/boot_id").strip()
    assert facts["guest.docker_engine_id"] == vm.docker("info", "--format", "{{.ID}}").strip()
    assert facts["guest.hostname"] == "web-1"
    assert vm.address in facts["guest.addresses"]
    assert abs(facts["guest.skew_seconds"]) <= 2
    made = {one.value["volume"]: one.value["at"] for one in seen if one.fact == "volume.created_at"}
    vm.ssh("touch /var/lib/docker/volumes/app_uploads/_data/new; rm /var/lib/docker/volumes/app_uploads/_data/new")
    again = {one.value["volume"]: one.value["at"] for one in asyncio.run(look.witness.look()) if "created" in one.fact}
    assert set(made) == {"app_uploads", "app_pgdata"} and again == made, "what is written into it does not move it"
    assert {one.subject for one in seen} == {vm.address}
    asyncio.run(look.peer.close())


def test_a_machine_that_changes_is_seen_in_one_look(new_vm: Callable[..., Machine], tmp_path: Path) -> None:
    machine = new_vm(stack=False)
    machine.ssh("docker volume create app_uploads")
    planted = [plant(machine, "", "one"), plant(machine, "app_uploads", "two")]
    look = Look(machine, tmp_path, planted)
    before = look()
    assert (before["guest.marker"].value, before["volume.marker"].value["state"]) == ("ok", "ok")

    # re-keyed: the key files changed, so that the kept connection's proof is doubted at once
    machine.ssh("rm /etc/ssh/ssh_host_*; ssh-keygen -q -A; kill -HUP $(pgrep -of /usr/sbin/sshd)")
    rekeyed = look.until("ssh.host_key")
    assert rekeyed["ssh.host_key"].value == machine.host_key_fingerprint != before["ssh.host_key"].value
    assert rekeyed["guest.machine_id"].value == before["guest.machine_id"].value
    machine.trust_host_key()

    # a marker that we planted before, as after a rollback; then a wiped volume
    planted.append(Planted("web-1", "", tag(KEY, "three"), CLOCK.now(), "alice"))
    machine.ssh("docker volume rm app_uploads && docker volume create app_uploads")
    wiped = look()
    assert wiped["guest.marker"].value == "old"
    assert wiped["volume.marker"].value == {"volume": "app_uploads", "state": "missing"}

    machine.reboot()
    booted = look.until("guest.boot_id")
    assert booted["guest.boot_id"].value != before["guest.boot_id"].value
    assert booted["guest.boot_time"].value > before["guest.boot_time"].value
    assert booted["ssh.host_key"].value == rekeyed["ssh.host_key"].value

    machine.replace()
    replaced = look.until("guest.machine_id")
    assert replaced["ssh.host_key"].value == machine.host_key_fingerprint != rekeyed["ssh.host_key"].value
    assert replaced["guest.machine_id"].value != before["guest.machine_id"].value
    assert replaced["guest.docker_engine_id"].value != before["guest.docker_engine_id"].value
    assert replaced["guest.marker"].value == "missing"

    machine.pause()
    hung = look()
    machine.unpause()
    assert hung["ssh.host_key"].error in ("banner_timeout", "timeout")
    asyncio.run(look.peer.close())

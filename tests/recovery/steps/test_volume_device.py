"""The steps that mount a volume, copy to it and switch to it, on a machine with real block devices: nothing that holds
anything is ever formatted, nothing that differs is ever switched to, and a boot in the middle loses nothing."""

from __future__ import annotations

import itertools
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from outlive.commands import volume_mount
from outlive.commands.volume_shell import REFUSED
from outlive.errors import Failed, Refused, UsageError
from outlive.lab.ground.missing import ProgramFailed
from outlive.recovery import on_volume
from outlive.recovery.steps.base import Done, NotYet, Unknown
from outlive.recovery.steps.copy_to_volume import CopyToVolume
from outlive.recovery.steps.mount_volume import MountVolume
from outlive.recovery.steps.switch_to_volume import SwitchToVolume
from outlive.recovery.steps.use_volume import UseVolume
from tests.recovery.steps.volume_bench import HOLDS, PLACE, POINT, Bench, content, hold, plugged
from tests.world.docker import DockerEngine
from tests.world.machine import Machine
from tests.world.need import need
from tests.world.plugged_volumes import PluggedVolumes

pytestmark = [pytest.mark.docker, pytest.mark.slow]
MOUNT, COPY, SWITCH, USE = MountVolume(), CopyToVolume(), SwitchToVolume(), UseVolume()
TAKEN = "/var/lib/docker/volumes/app_taken/_data"
NUMBERS = itertools.count(4901)  # another device for each test


@pytest.fixture(scope="module")
def vm(docker_host: DockerEngine) -> Iterator[Machine]:
    machine = Machine(docker_host)
    try:
        yield need("docker", machine.start)
    finally:
        machine.close()


@pytest.fixture
def bench(vm: Machine, tmp_path: Path) -> Iterator[Bench]:
    with plugged(vm, PluggedVolumes, next(NUMBERS), tmp_path) as made:
        yield made
        vm.ssh(f"umount {PLACE} {POINT} 2>/dev/null; sed -i /outlive/d /etc/fstab")


def mounted(bench: Bench) -> Done:
    MOUNT.do(bench.world, bench.inputs(format="ext4"), 60)
    seen = MOUNT.look(bench.world, bench.inputs(format="ext4"))
    assert isinstance(seen, Done)
    return seen


@pytest.mark.parametrize("what", HOLDS)
def test_a_device_that_holds_anything_is_refused_and_untouched(bench: Bench, what: str) -> None:
    hold(bench, what)
    before = content(bench)
    seen = MOUNT.look(bench.world, bench.inputs(format="ext4"))
    if what != "what nobody knows":
        assert isinstance(seen, Unknown) and "left as it is" in seen.why
    with pytest.raises(Refused, match=r"not blank|left as it is"):
        MOUNT.do(bench.world, bench.inputs(format="ext4"), 60)
    with pytest.raises(Refused, match="not blank"):  # nor by the script alone
        one = on_volume.mounting(bench.world, bench.inputs())
        on_volume.ended(bench.world.there.run(volume_mount.make(one, 10)), "making")
    assert content(bench) == before


def test_one_of_another_size_than_was_ordered_is_not_formatted(bench: Bench) -> None:
    bench.volume["size"] = 20
    with pytest.raises(Refused, match="not the size that was ordered"):
        MOUNT.do(bench.world, bench.inputs(format="ext4"), 60)
    assert MOUNT.look(bench.world, bench.inputs(format="ext4")) == NotYet(f"{bench.volume['linux_device']} is blank")


def test_without_leave_none_is_made_and_what_is_there_is_mounted(bench: Bench) -> None:
    with pytest.raises(UsageError, match="blank"):
        MOUNT.do(bench.world, bench.inputs(), 60)
    subprocess.run(["mkfs.ext4", "-q", "-F", bench.file], check=True)
    assert isinstance(MOUNT.look(bench.world, bench.inputs()), NotYet)
    MOUNT.do(bench.world, bench.inputs(), 60)
    seen = MOUNT.look(bench.world, bench.inputs())
    assert isinstance(seen, Done) and seen.facts["mount_point"] == POINT
    MOUNT.undo(bench.world, replace(bench.inputs(), facts={**bench.inputs().facts, "it": dict(seen.facts)}))
    assert "outlive" not in bench.vm.ssh(f"cat /etc/fstab; ls -d {POINT} 2>&1 || true").replace(f"'{POINT}'", "")


def test_a_volume_that_is_not_seen_there_is_another_machines(bench: Bench) -> None:
    bench.vm.ssh(f"rm {bench.volume['linux_device']}")
    seen = MOUNT.look(bench.world, bench.inputs(format="ext4"))
    assert isinstance(seen, Unknown) and "another machine" in seen.why


def test_a_format_that_was_killed_is_begun_again(bench: Bench) -> None:
    """mke2fs had written some of its tables, and the superblock, which comes last, was not there yet."""
    one = on_volume.mounting(bench.world, bench.inputs())
    bench.vm.ssh(f"mkdir -p /var/lib/outlive && touch /var/lib/outlive/formatting-{one.mark}")
    hold(bench, "what nobody knows")
    uuid = mounted(bench).facts["filesystem_uuid"]
    assert uuid == one.uuid
    bench.vm.ssh(f"echo data > {POINT}/file; umount {POINT}")
    MOUNT.do(bench.world, bench.inputs(format="ext4"), 60)
    assert bench.vm.ssh(f"cat {POINT}/file").strip() == "data", "what is ours already is never made anew"
    again = bench.world.there.run(volume_mount.make(one, 10))
    assert again.status == REFUSED


def test_there_and_back_with_everything_and_never_to_what_differs(bench: Bench) -> None:
    vm, here, given = bench.vm, bench.world, bench.inputs()
    before = bench.tree(PLACE)
    given = replace(given, facts={**given.facts, "mount": dict(mounted(bench).facts)})
    with pytest.raises(Refused, match="app-web-1 runs on"):
        COPY.do(here, given, 60)
    vm.docker("stop", "app-web-1")
    vm.ssh(f"mkdir {POINT}/.data.outlive-partial && touch {POINT}/.data.outlive-partial/half")  # of one that was killed
    COPY.do(here, given, 60)
    assert bench.tree(f"{POINT}/data") == before

    spoil = "cd $1; touch -r photo.jpg /t; printf x | dd of=photo.jpg bs=1 seek=9 conv=notrunc; touch -r /t photo.jpg"
    vm.ssh("sh", "-s", "--", f"{POINT}/data", input=spoil.encode())
    with pytest.raises(Refused, match=r"not what is at .*photo\.jpg"):
        SWITCH.do(here, given, 60)
    assert isinstance(COPY.look(here, given), NotYet), "so that it is made again"
    assert bench.tree(PLACE) == before and isinstance(SWITCH.look(here, given), NotYet)

    COPY.do(here, given, 60)
    SWITCH.do(here, given, 60)
    assert isinstance(SWITCH.look(here, given), Done) and bench.tree(PLACE) == before
    unit = vm.ssh("cat /etc/systemd/system/docker.service.d/outlive-*.conf")
    assert unit == f"[Unit]\nRequiresMountsFor={POINT} {PLACE}\n"
    vm.ssh(f"umount {PLACE}")  # as a boot without the volume finds it
    with pytest.raises(ProgramFailed, match="not permitted"):
        vm.ssh(f"touch {PLACE}/new")
    assert isinstance(SWITCH.look(here, given), Unknown)
    vm.ssh(f"mount {PLACE}; echo more > {PLACE}/written-since")

    vm.ssh(f"umount {PLACE} && umount {POINT}")
    with pytest.raises(Failed, match="not mounted"):
        SWITCH.undo(here, given)
    vm.ssh(f"mount {POINT} && mount {PLACE}")
    assert "came back from the volume" in SWITCH.undo(here, given)
    assert vm.ssh(f"cat {PLACE}/written-since; rm {PLACE}/written-since").strip() == "more"
    vm.ssh(f"touch -r {on_volume.switch(here, given).before} {PLACE}")
    assert bench.tree(PLACE) == before
    SWITCH.undo(here, given)
    assert bench.tree(PLACE) == before, "and again, as after a kill"

    taken = replace(given, args={"asset": "taken", "mount_point": POINT})  # as another machine takes it over
    USE.do(here, taken, 60)
    assert isinstance(USE.look(here, taken), Done) and "written-since" in vm.ssh(f"ls {TAKEN}")
    USE.undo(here, taken)
    assert vm.ssh(f"touch {TAKEN}/new; ls -A {TAKEN}").strip() == "new" and "written-since" in vm.ssh(
        f"ls {POINT}/data"
    )
    with pytest.raises(Refused, match="holds something"):
        USE.do(here, taken, 60)


def test_a_boot_in_the_middle_of_the_switch_loses_nothing(bench: Bench) -> None:
    """All is prepared, the place is not yet moved aside: the boot mounts the copy over it, and services write there."""
    vm, here, given = bench.vm, bench.world, bench.inputs()
    given = replace(given, facts={**given.facts, "mount": dict(mounted(bench).facts)})
    vm.docker("stop", "app-web-1")
    COPY.do(here, given, 60)
    one = on_volume.switch(here, given)
    drop_in, unit = one.words[6:8]
    vm.ssh(f"mkdir -p $(dirname {drop_in}) && cat > {drop_in}", input=unit.encode())
    vm.ssh(f"mount --bind {POINT}/data {PLACE} && echo newer > {PLACE}/newer")
    SWITCH.do(here, given, 60)
    assert isinstance(SWITCH.look(here, given), Done)
    assert vm.ssh(f"cat {PLACE}/newer; ls {one.before}/newer 2>&1 || true").startswith("newer\nls: ")
    vm.ssh(f"rm -rf {one.before}")  # a person needed the room
    assert "came back" in SWITCH.undo(here, given) and vm.ssh(f"cat {PLACE}/newer; rm {PLACE}/newer").strip() == "newer"

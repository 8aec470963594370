"""Another machine where ours was, or ours in another state. What was there is put aside, so that it can come back."""

from __future__ import annotations

from pathlib import Path

from outlive.lab.breaks.base import Options
from outlive.lab.ground.machine import Hardware
from outlive.lab.provider.documents import Server
from outlive.lab.record import PREVIEW, WEB, Broken
from outlive.lab.world import PAGES, SERVER_IDS, Lab

NEW_ADDRESS = 21
CLONE = f"{WEB} (clone)"
CLONE_ADDRESS = 31
CLONE_ID = 700103
KEYS = "/etc/ssh/ssh_host_*"


def reboot(lab: Lab, broken: Broken, options: Options) -> None:
    lab.machine(broken.host).reboot()
    lab.shop(broken.host).wait(PAGES[broken.host], lab.authority)


def replace(lab: Lab, broken: Broken, options: Options) -> None:
    """Other hardware, other disk. The provider tells of a new address, but of nothing else."""
    _install(lab, broken, options, Hardware())


def reinstall(lab: Lab, broken: Broken, options: Options) -> None:
    """The same hardware, an empty disk."""
    _install(lab, broken, options, lab.machine(broken.host).hardware)


def rollback(lab: Lab, broken: Broken, options: Options) -> None:
    """The same hardware, its disk as it was when the lab came up."""
    before = _put_aside(lab, broken)
    machine = lab.new_machine(broken.host, before)
    machine.disk.create_from(lab.snapshot, same_uuid=True)
    machine.boot(address=broken.kept["address"])
    lab.put(broken.host, machine)
    lab.shop(broken.host).wait(PAGES[broken.host], lab.authority)


def undo_exchange(lab: Lab, broken: Broken) -> None:
    """The machine that was put aside goes on where it stopped, with the same boot."""
    lab.remove(broken.host)
    lab.bring_back(broken.host, broken.kept["address"])
    lab.provider.change(SERVER_IDS[broken.host], address=broken.kept["address"])
    lab.shop(broken.host).wait(PAGES[broken.host], lab.authority)


def rekey(lab: Lab, broken: Broken, options: Options) -> None:
    machine = lab.machine(broken.host)
    machine.inside("sh", "-euc", f"mkdir -p /root/.old-keys && mv {KEYS} /root/.old-keys/ && ssh-keygen -A")
    machine.restart_sshd()


def undo_rekey(lab: Lab, broken: Broken) -> None:
    machine = lab.machine(broken.host)
    machine.inside("sh", "-euc", f"rm {KEYS} && mv /root/.old-keys/* /etc/ssh/ && rmdir /root/.old-keys")
    machine.restart_sshd()


def swap_addresses(lab: Lab, broken: Broken, options: Options) -> None:
    """Also in the provider's API. DNS goes on leading to the old addresses."""
    web, preview = lab.machine(WEB), lab.machine(PREVIEW)
    there, here = web.address, preview.address
    web.plug_out()
    preview.plug_out()
    for place, machine, address in ((WEB, web, here), (PREVIEW, preview, there)):
        machine.plug_in(address)
        lab.put(place, machine)
        lab.provider.change(SERVER_IDS[place], address=address)


def undo_swap(lab: Lab, broken: Broken) -> None:
    swap_addresses(lab, broken, Options())


def clone(lab: Lab, broken: Broken, options: Options) -> None:
    """A copy of the running machine's disk in other hardware, at an address of its own; the provider lists it."""
    original = lab.machine(WEB)
    machine = lab.new_machine(original.name, Hardware())
    with original.disk.frozen() as image:
        machine.disk.create_from(image, same_uuid=True)
    machine.boot(address=lab.record.address(CLONE_ADDRESS))
    lab.put(CLONE, machine)
    lab.provider.add(Server(CLONE_ID, original.name, machine.address, lab.now()))
    lab.shop(CLONE).wait(PAGES[WEB], lab.authority)


def undo_clone(lab: Lab, broken: Broken) -> None:
    lab.remove(CLONE)
    lab.provider.drop(CLONE_ID)


def suspend(lab: Lab, broken: Broken, options: Options) -> None:
    """The credit is used up, and the provider switches the server off."""
    lab.machine(broken.host).power_off()
    lab.provider.credit(0)
    lab.provider.change(SERVER_IDS[broken.host], state="inactive", power="off")


def undo_suspend(lab: Lab, broken: Broken) -> None:
    lab.provider.credit(1000)
    lab.provider.change(SERVER_IDS[broken.host], state="active", power="on")
    lab.machine(broken.host).power_on()
    lab.shop(broken.host).wait(PAGES[broken.host], lab.authority)


def _install(lab: Lab, broken: Broken, options: Options, hardware: Hardware) -> None:
    """What a provider does: its image on a new disk, our key in it."""
    _put_aside(lab, broken)
    machine = lab.new_machine(broken.host, hardware)
    machine.disk.create_from(Path(lab.record.seed))
    address = lab.record.address(NEW_ADDRESS) if options.other_address else broken.kept["address"]
    machine.boot(address=address, authorized_key="" if options.no_login else lab.public_key)
    lab.put(broken.host, machine)
    lab.provider.change(SERVER_IDS[broken.host], address=address)


def _put_aside(lab: Lab, broken: Broken) -> Hardware:
    """The hardware of the machine that is put aside."""
    machine = lab.machine(broken.host)
    broken.kept["address"] = machine.address
    lab.put_aside(broken.host)
    return machine.hardware

"""Between the keeper and its hosts: names that lead elsewhere, and a keeper that is cut off."""

from __future__ import annotations

from pathlib import Path

from outlive.lab.breaks.base import Options
from outlive.lab.ground.machine import Hardware
from outlive.lab.ground.process import run
from outlive.lab.record import Broken
from outlive.lab.world import SITES, Lab

STRANGER = "stranger"
STRANGER_ADDRESS = 66


def dns_elsewhere(lab: Lab, broken: Broken, options: Options) -> None:
    """To a machine that is not ours, and that the provider's API does not list."""
    machine = lab.new_machine("vps-4711", Hardware())
    machine.disk.create_from(Path(lab.record.seed))
    machine.boot(address=lab.record.address(STRANGER_ADDRESS))
    lab.put(STRANGER, machine)
    lab.publish(dict.fromkeys(SITES[broken.host], machine.address))


def undo_dns(lab: Lab, broken: Broken) -> None:
    lab.publish({site: lab.machine(broken.host).address for site in SITES[broken.host]})
    lab.remove(STRANGER)


def partition_keeper(lab: Lab, broken: Broken, options: Options) -> None:
    """Whatever comes from the lab's network to this machine is lost: from hosts, nameservers and provider."""
    rule = _rule(lab)
    lab.engine.ledger.note("firewall", rule)
    run(["iptables", "-w", "-I", *rule.split()])


def undo_partition(lab: Lab, broken: Broken) -> None:
    rule = _rule(lab)
    run(["iptables", "-w", "-D", *rule.split()])
    lab.engine.ledger.strike("firewall", rule)


def _rule(lab: Lab) -> str:
    return f"INPUT -s {lab.record.subnet} -m comment --comment {lab.record.name} -j DROP"

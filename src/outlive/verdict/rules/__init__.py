"""One rule a file. The first that finds something is the verdict; what the later ones find is told with it.

The order is an argument. We ourselves come first: who cannot see does not judge. Then which machine it is, from two of them
to none of ours; then whether its data is whole; then whether the service answers, because users feel that before anything
below; then whether somebody else is at work there; last the things that are well or not known.
"""

from __future__ import annotations

from collections.abc import Callable

from outlive.model.verdict import Verdict
from outlive.verdict.case import Case
from outlive.verdict.rules.address_moved import address_moved
from outlive.verdict.rules.cloned import cloned
from outlive.verdict.rules.data_replaced import data_replaced
from outlive.verdict.rules.dns_elsewhere import dns_elsewhere
from outlive.verdict.rules.duplicate import duplicate
from outlive.verdict.rules.keeper_blind import keeper_blind
from outlive.verdict.rules.machine_replaced import machine_replaced
from outlive.verdict.rules.no_data import no_data
from outlive.verdict.rules.os_reinstalled import os_reinstalled
from outlive.verdict.rules.possible_compromise import possible_compromise
from outlive.verdict.rules.rebooted import rebooted
from outlive.verdict.rules.rekeyed import rekeyed
from outlive.verdict.rules.rolled_back import rolled_back
from outlive.verdict.rules.same_machine_app_down import same_machine_app_down
from outlive.verdict.rules.same_machine_app_hung import same_machine_app_hung
from outlive.verdict.rules.same_machine_ok import same_machine_ok
from outlive.verdict.rules.suspended import suspended
from outlive.verdict.rules.unknown_machine import unknown_machine
from outlive.verdict.rules.unreachable_unproven import unreachable_unproven
from outlive.verdict.rules.wrong_machine import wrong_machine

RULES: tuple[Callable[[Case], Verdict | None], ...] = (
    keeper_blind,
    cloned,
    wrong_machine,
    machine_replaced,
    os_reinstalled,
    unknown_machine,
    data_replaced,
    rolled_back,
    rekeyed,
    address_moved,
    suspended,
    same_machine_app_hung,
    same_machine_app_down,
    possible_compromise,
    duplicate,
    dns_elsewhere,
    rebooted,
    same_machine_ok,
    unreachable_unproven,
    no_data,
)

"""Verdicts: what the observations of a host come to, with reasons. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from outlive.model.observation import Observation


class Name(StrEnum):
    """The verdicts of the contract. Scripts compare these words."""

    SAME_MACHINE_OK = "same_machine_ok"
    SAME_MACHINE_APP_DOWN = "same_machine_app_down"
    SAME_MACHINE_APP_HUNG = "same_machine_app_hung"
    REBOOTED = "rebooted"
    REKEYED = "rekeyed"
    OS_REINSTALLED = "os_reinstalled"
    MACHINE_REPLACED = "machine_replaced"
    DATA_REPLACED = "data_replaced"
    ROLLED_BACK = "rolled_back"
    CLONED = "cloned"
    ADDRESS_MOVED = "address_moved"
    WRONG_MACHINE = "wrong_machine"
    UNKNOWN_MACHINE = "unknown_machine"
    DUPLICATE = "duplicate"
    SUSPENDED = "suspended"
    DNS_ELSEWHERE = "dns_elsewhere"
    UNREACHABLE_UNPROVEN = "unreachable_unproven"
    NO_DATA = "no_data"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is true of a host, as far as anyone can tell. `confirmed` only when two independent channels say so.

    `in_favour` and `against` are observations; `missing` names what was not seen and would make it surer; `advice` what
    may safely be done; `forbidden` what must not be done and why. `accepted`: a person announced the change beforehand.
    """

    host: str
    name: Name
    confirmed: bool
    in_favour: tuple[Observation, ...] = ()
    against: tuple[Observation, ...] = ()
    missing: tuple[str, ...] = ()
    advice: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    accepted: bool = False

    def to_json(self) -> dict[str, Any]:
        return {
            "host": self.host,
            "verdict": self.name.value,
            "confirmed": self.confirmed,
            "for": [one.to_json() for one in self.in_favour],
            "against": [one.to_json() for one in self.against],
            "missing": list(self.missing),
            "advice": list(self.advice),
            "forbidden": list(self.forbidden),
            "accepted": self.accepted,
        }


@dataclass(frozen=True, slots=True)
class Address:
    """An address of the ledger: who told us of it, and as whom it answers: a host's name, "unknown" for a machine that
    nobody enrolled, None for silence."""

    address: str
    told_by: tuple[str, ...]
    answers_as: str | None = None

    def to_json(self) -> dict[str, Any]:
        return {"address": self.address, "told_by": list(self.told_by), "answers_as": self.answers_as}

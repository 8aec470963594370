"""Verdicts: what the observations of a host come to, with reasons. Pure."""

from __future__ import annotations

from collections.abc import Mapping
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
    POSSIBLE_COMPROMISE = "possible_compromise"
    DUPLICATE = "duplicate"
    SUSPENDED = "suspended"
    DNS_ELSEWHERE = "dns_elsewhere"
    UNREACHABLE_UNPROVEN = "unreachable_unproven"
    NO_DATA = "no_data"


# What each says, in words.
MEANING: Mapping[Name, str] = {
    Name.SAME_MACHINE_OK: "the machine is the one that was enrolled, and nothing is wrong with it",
    Name.SAME_MACHINE_APP_DOWN: "the machine is ours and alive; its service is down",
    Name.SAME_MACHINE_APP_HUNG: "the machine is ours and alive; its service hangs",
    Name.REBOOTED: "the machine is ours and was started again",
    Name.REKEYED: "the machine is ours; its SSH host key is new",
    Name.OS_REINSTALLED: "the same server with a new disk: what was on it is gone",
    Name.MACHINE_REPLACED: "another machine stands in its place",
    Name.DATA_REPLACED: "the machine is ours; its data is not the data we knew",
    Name.ROLLED_BACK: "an earlier state of itself was put back: later writes are gone",
    Name.CLONED: "a copy of its disk answers as well",
    Name.ADDRESS_MOVED: "the machine is whole, at another address",
    Name.WRONG_MACHINE: "its address answers as another of our machines",
    Name.UNKNOWN_MACHINE: "its address answers as a machine that nobody enrolled",
    Name.POSSIBLE_COMPROMISE: "the machine is ours; its logs show signs that somebody else is at work on it",
    Name.DUPLICATE: "a second server goes by its name",
    Name.SUSPENDED: "the provider has switched it off",
    Name.DNS_ELSEWHERE: "the machine is well; its name leads elsewhere",
    Name.UNREACHABLE_UNPROVEN: "it does not answer, and that proves nothing",
    Name.NO_DATA: "nothing can be told",
}


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

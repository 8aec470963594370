"""The provider's API as it is on bad days, and projects as they are after somebody's mistake. No machine is touched."""

from __future__ import annotations

from typing import Any

from outlive.lab.breaks.base import Options
from outlive.lab.provider.documents import Server
from outlive.lab.record import Broken
from outlive.lab.world import Lab

ALWAYS = 10**9
ORPHAN_ID, TWIN_ID = 700198, 700199
ORPHAN_ADDRESS, TWIN_ADDRESS = 41, 42
CREDIT_HOURS = 6586  # as a new lab has it
MISBEHAVIOURS: dict[str, tuple[str, dict[str, Any]]] = {
    "provider-down": ("the provider's API answers with an error", {"status": 500}),
    "provider-slow": ("the provider's API takes 20 seconds for an answer", {"delay_seconds": 20.0}),
    "provider-limited": (
        "the provider's API is asked too often, it says",
        {"status": 429, "message": "Too many requests.", "headers": {"Retry-After": "120"}},
    ),
    "provider-redirects": (
        "the provider's API sends everybody to another host",
        {"status": 302, "headers": {"Location": "http://elsewhere.example/v1/"}},
    ),
    "provider-wrong-types": (
        "the provider's API writes None for dates, and no text for states",
        {"rewrite": {"created_at": "None", "state": None}},
    ),
    "provider-truncates": ("the provider's API breaks off in the middle of its answers", {"truncate": True}),
}


def misbehave(lab: Lab, broken: Broken, options: Options) -> None:
    lab.provider.faults({"times": ALWAYS} | MISBEHAVIOURS[broken.what][1])


def behave(lab: Lab, broken: Broken) -> None:
    lab.provider.faults()


def go_stale(lab: Lab, broken: Broken, options: Options) -> None:
    """Before a swap, so that its document is the old one after it."""
    lab.provider.stale(True)


def undo_stale(lab: Lab, broken: Broken) -> None:
    lab.provider.stale(False)


def spend_credit(lab: Lab, broken: Broken, options: Options) -> None:
    lab.provider.credit(24)


def undo_credit(lab: Lab, broken: Broken) -> None:
    lab.provider.credit(CREDIT_HOURS)


def add_orphan(lab: Lab, broken: Broken, options: Options) -> None:
    """Forgotten by everybody, and paid for."""
    lab.provider.add(Server(ORPHAN_ID, "old-web", lab.record.address(ORPHAN_ADDRESS), lab.now()))


def undo_orphan(lab: Lab, broken: Broken) -> None:
    lab.provider.drop(ORPHAN_ID)


def add_twin(lab: Lab, broken: Broken, options: Options) -> None:
    """As an apply in the wrong workspace leaves it."""
    name = lab.machine(broken.host).name
    lab.provider.add(Server(TWIN_ID, name, lab.record.address(TWIN_ADDRESS), lab.now()))


def undo_twin(lab: Lab, broken: Broken) -> None:
    lab.provider.drop(TWIN_ID)

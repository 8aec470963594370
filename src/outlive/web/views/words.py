"""Words that several views share. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from outlive.model.words import brief

Document = dict[str, Any]

SENTENCES = {
    "same_machine_ok": "It is our machine, and it is well.",
    "same_machine_app_down": "It is our machine; the app on it is down. Do not rebuild it.",
    "same_machine_app_hung": "It is our machine; the app on it hangs. Do not rebuild it.",
    "rebooted": "It is our machine; it was rebooted.",
    "rekeyed": "It looks like our machine, with a new SSH key.",
    "os_reinstalled": "The operating system was installed anew.",
    "machine_replaced": "Another machine stands in its place.",
    "data_replaced": "It is our machine, but the database on it is another one.",
    "rolled_back": "It was set back to an earlier state: newer writes are missing.",
    "cloned": "A clone of our machine answers.",
    "address_moved": "Our machine is at another address now.",
    "wrong_machine": "One of our other machines answers at this address.",
    "unknown_machine": "A machine that nobody enrolled answers here.",
    "possible_compromise": "It is our machine; somebody else may be at work on it.",
    "duplicate": "Two machines claim to be this one.",
    "suspended": "The provider has suspended it.",
    "dns_elsewhere": "Its name leads to another machine.",
    "unreachable_unproven": "It does not answer. That proves no loss.",
    "no_data": "Nobody can tell: there is no data.",
}
GOOD, BAD, UNKNOWN = "good", "bad", "unknown"
WORST_FIRST = {BAD: 0, UNKNOWN: 1, GOOD: 2}
MARKS = {GOOD: "OK", BAD: "AT RISK", UNKNOWN: "UNKNOWN"}
UNTOLD = ("no_data", "unreachable_unproven")


def ago(at: datetime, now: datetime) -> str:
    return f"{brief(max(0.0, (now - at).total_seconds()))} ago"


def state_of(verdict: str) -> str:
    return GOOD if verdict == "same_machine_ok" else UNKNOWN if verdict in UNTOLD else BAD


def plain(forbidden: Iterable[str]) -> tuple[str, ...]:
    """Below the words "Do not"."""
    return tuple(one.removeprefix("do not ") for one in forbidden)


def value_words(value: object) -> str:
    """What was seen, as people read it: `port 443, error refused`; what is empty is left out."""
    if isinstance(value, dict):
        told = ((name, one) for name, one in value.items() if one not in (None, "", [], {}))
        return ", ".join(f"{name} {value_words(one)}" for name, one in told)
    if isinstance(value, list | tuple):
        return ", ".join(value_words(one) for one in value)
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)

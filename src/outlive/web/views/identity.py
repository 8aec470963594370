"""Who answered at a host's addresses, and since when: what was proven, beside what was pinned. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from outlive.model.words import moment
from outlive.web.views.words import BAD, GOOD, UNKNOWN, Document, value_words

CHANGING = ("guest.boot_id", "pg.timeline")  # of one and the same machine they may become others
MOST = 60


@dataclass(frozen=True, slots=True)
class SeenLine:
    """`value` answered at `address` in that time."""

    address: str
    fact: str
    value: str
    state: str
    mark: str
    since: str
    until: str


def seen_lines(seen: Sequence[Document], known: Document) -> tuple[SeenLine, ...]:
    """Beside the last of the host's `enrolments`; newest first."""
    enrolments: Sequence[Document] = known.get("enrolments", ())
    pinned = enrolments[-1].get("facts", {}) if enrolments else {}
    newest = sorted(seen, key=lambda one: one["to"], reverse=True)[:MOST]
    return tuple(_line(one, pinned) for one in newest)


def _line(one: Document, pinned: dict[str, Any]) -> SeenLine:
    fact, value = one["fact"], one["value"]
    cluster = one.get("cluster") or ""
    state, mark = _against(fact, value, pinned, cluster)
    name = f"{fact} of {cluster}" if cluster else fact
    return SeenLine(one["address"], name, value_words(value), state, mark, moment(one["from"]), moment(one["to"]))


def _against(fact: str, value: Any, pinned: dict[str, Any], cluster: str) -> tuple[str, str]:
    """What it is beside what is pinned; clusters are pinned by their names. Silence is no answer by another."""
    if isinstance(value, dict) and "error" in value:
        return UNKNOWN, "NO DATA"
    if fact in CHANGING:
        return UNKNOWN, "MAY CHANGE"
    known = pinned.get(fact)
    if isinstance(known, dict):
        known = known.get(cluster)
    if known is None:
        return UNKNOWN, "NOT PINNED"
    return (GOOD, "AS PINNED") if known == value else (BAD, "ANOTHER")

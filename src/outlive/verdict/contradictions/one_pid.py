"""Many lines about one process are taken for many deaths.

In a crash loop every start has another process id, and in a container the counting begins anew. Dozens of entries that name
one id are one error that is printed again and again: the process hangs and lives (research/watch.md 0, row 8;
research/incident-and-provider.md 3.4).
"""

from __future__ import annotations

from collections.abc import Iterator

from outlive.model.observation import Observation
from outlive.verdict.contradictions.model import Contradiction
from outlive.verdict.evidence import field, number, text
from outlive.verdict.health import names_one_pid, pid_of
from outlive.verdict.hearing import Hearing, text_of

_LOOP = ("loop", "crash", "restart", "killed")


def one_pid(hearing: Hearing) -> Iterator[Contradiction]:
    if hearing.case.health.looping:
        return
    lines = [
        one for one in hearing.seen_at(*hearing.own_places) if one.fact == "log.signature" and pid_of(one) is not None
    ]
    for pid in dict.fromkeys(map(pid_of, lines)):
        same = tuple(one for one in lines if pid_of(one) == pid)
        if len(same) > 1 or names_one_pid(same[0]):
            claims = [text_of(one) for one in hearing.claims if any(word in text_of(one).lower() for word in _LOOP)]
            yield Contradiction(_about_loop(claims), (*same, *_unbroken(hearing)), _why(same, pid))


def _about_loop(claims: list[str]) -> str:
    """What a person called a crash loop; else what the lines look like."""
    loops = [one for one in claims if "loop" in one.lower()]
    return (loops or claims or ["the repeated lines are a crash loop"])[0]


def _why(same: tuple[Observation, ...], pid: float | None) -> str:
    count = sum(int(number(field(one, "count")) or 1) for one in same)
    return (
        f"not a crash loop: process {pid:.0f} is named in all {count} lines. One process printed one error again and again; "
        "in a crash loop every start has another id"
    )


def _unbroken(hearing: Hearing) -> tuple[Observation, ...]:
    """Containers that were never restarted."""
    boxes = hearing.case.main.values("container")
    return tuple(one for one in boxes if text(field(one, "restart_count")) == "0")

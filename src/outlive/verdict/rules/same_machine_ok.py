"""The machine that answers is the one that was enrolled, and nothing was seen to be wrong.

Identity comes first: a page that answers 200 may be anybody's (research/watch.md 1.3: other watchers log in to the wrong
server and report green). Confirmed when two channels say that it is the machine, and something that it serves was seen to
work. Without the second it is only known that nobody saw a fault.
"""

from __future__ import annotations

from collections.abc import Iterator

from outlive.model.observation import Observation
from outlive.model.verdict import Name, Verdict
from outlive.verdict.case import Case
from outlive.verdict.finding import found, missing, seen
from outlive.verdict.rules.same_machine_app_down import ask_first, is_ours, listed_here


def same_machine_ok(case: Case) -> Verdict | None:
    if not is_ours(case):
        return None
    working = tuple(_working(case))
    nothing_seen = () if working else (f"a look at what {case.host} serves (http.response, container, pg.lsn)",)
    return found(
        case,
        Name.SAME_MACHINE_OK,
        (*seen(case.like.same), *case.vouchers, *listed_here(case), *working),
        against=(*seen(case.like.changed), *(one for pair in case.main.conflicts for one in pair)),
        missing=(*missing(case), *nothing_seen),
        advice=(*ask_first(case), *case.health.notes),
        sure=bool(working),
    )


def _working(case: Case) -> Iterator[Observation]:
    """Pages that answer, containers that run, a database that can be asked."""
    yield from case.health.good
    for fact in ("container", "pg.lsn", "pg.system_identifier"):
        yield from (one for one in case.main.values(fact) if one not in case.health.bad)

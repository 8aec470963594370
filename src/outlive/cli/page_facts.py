"""What the page is told: the very documents that `status`, `copies` and the keeper's memory give."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from outlive import wiring
from outlive.backup.copies import catalog
from outlive.cli.copies import listed
from outlive.cli.incident_words import line
from outlive.cli.status_look import look_around
from outlive.cli.status_looking import Looking
from outlive.cli.status_report import report
from outlive.cli.status_words import document
from outlive.clock import Clock
from outlive.config.schema import Settings
from outlive.keeper.loop import Keeper
from outlive.state.store import Store
from outlive.state.telling import Telling
from outlive.state.watching import Watching
from outlive.web.board import Kept
from outlive.web.facts import Facts

LOOK_AGAIN_SECONDS = 600.0  # a look asks the hosts for the sizes of everything


def page_facts(settings: Settings, clock: Clock, store: Store, keeper: Keeper) -> Facts:
    """From the keeper that serves the page. Status is asked at most every few seconds, hosts and the mirror more seldom,
    and only while somebody reads the page."""
    vault = wiring.vault(settings, clock)
    pool = ThreadPoolExecutor(1, "page-look")
    looking = Looking(partial(look_around, settings, clock), clock.monotonic, pool, LOOK_AGAIN_SECONDS)
    return Facts(
        status=Kept(lambda: document(report(settings, clock, looking(), "being looked at")), clock.monotonic),
        copies=lambda asset: listed(vault, [catalog.listing(vault, asset)]),
        hosts=_hosts(Watching(store)),
        request=keeper.request,
        running=keeper.running,
        incidents=partial(_incidents, Telling(store), clock),
        outcomes=store.outcomes,
        now=clock.now,
    )


def _incidents(telling: Telling, clock: Clock) -> list[str]:
    return [line(one, clock.now()) for one in telling.incidents() if one.ended_at is None]


def _hosts(watching: Watching) -> Callable[[], dict[str, dict[str, Any]]]:
    def known() -> dict[str, dict[str, Any]]:
        standing, told = watching.standing(), watching.addresses()
        verdicts, enrolled = watching.verdicts(), watching.enrolments()
        names = {*standing, *(one.host for one in told), *(one.host for one in enrolled)}
        return {
            name: {
                "judged": standing[name].document if name in standing else None,
                "changes": [
                    {"since": one.since, "verdict": one.verdict} for one in reversed(verdicts) if one.host == name
                ],
                "enrolments": [{"at": one.at, "how": one.how, "by": one.by} for one in enrolled if one.host == name],
                "addresses": [
                    {"address": one.address, "told_by": one.told_by, "last_at": one.last_at}
                    for one in told
                    if one.host == name and one.is_asked
                ],
            }
            for name in names
        }

    return known

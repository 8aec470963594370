"""What the page is told: the documents that `status`, `copies` and the keeper's memory give; and what it may ask for."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from outlive import wiring
from outlive.cli.metrics import gauges
from outlive.cli.page_memory import PageMemory
from outlive.cli.page_settings import settings_words
from outlive.cli.page_vault import copies_document, vault_document
from outlive.cli.status_look import look_around
from outlive.cli.status_looking import Looking
from outlive.cli.status_report import report
from outlive.cli.status_words import document
from outlive.clock import Clock
from outlive.config.schema import Settings
from outlive.errors import OutliveError
from outlive.keeper.asking import Asking
from outlive.state.pulse import pulse
from outlive.state.store import Store
from outlive.web.board import Kept
from outlive.web.facts import Facts, Wishes

LOOK_AGAIN_SECONDS = 600.0  # a look asks the hosts for the sizes of everything
MEMORY_SECONDS = 10.0  # ninety days of it are read
VAULT_SECONDS = 60.0  # its view asks for every copy of every asset


def page_facts(settings: Settings, clock: Clock, store: Store, asking: Asking) -> Facts:
    """From the keeper that serves the page. Status is asked at most every few seconds, hosts and the mirror more seldom,
    and only while somebody reads the page."""
    vault, memory = wiring.vault(settings, clock), PageMemory(settings, store, clock)
    looking = Looking(
        partial(look_around, settings, clock), clock.monotonic, ThreadPoolExecutor(1, "page-look"), LOOK_AGAIN_SECONDS
    )

    def told() -> tuple[dict[str, Any], str]:
        one = report(settings, clock, looking(), "being looked at")
        shown = document(one)
        return shown, gauges(one, shown)

    status = Kept(told, clock.monotonic)
    return Facts(
        status=lambda: status()[0],
        metrics=lambda: status()[1],
        copies=partial(copies_document, vault),
        hosts=Kept(memory.hosts, clock.monotonic, MEMORY_SECONDS),
        answers=memory.answers,
        hours=memory.hours,
        seen=memory.seen,
        incidents=memory.incidents,
        incident=memory.incident,
        report=memory.report,
        recoveries=memory.recoveries,
        vault=Kept(partial(vault_document, settings, vault), clock.monotonic, VAULT_SECONDS),
        settings=lambda: settings_words(settings),
        running=asking.running,
        outcomes=store.outcomes,
        restores=asking.restores,
        pulse=_pulse(store, asking, status),
        now=clock.now,
        wishes=Wishes(asking.request, asking.restore, memory.acknowledge, memory.note),
    )


def _pulse(store: Store, asking: Asking, status: Kept[tuple[dict[str, Any], str]]) -> Callable[[], Hashable]:
    """What is kept of the status is forgotten when something happened: who asks because of it wants to see it."""
    last: list[Hashable] = [None]

    def felt() -> Hashable:
        try:
            found: Hashable = (pulse(store), tuple(sorted(asking.running())))
        except OutliveError:
            found = "away"
        if found != last[0]:
            status.forget()
            last[0] = found
        return found

    return felt

"""`outlive keep`: the keeper. Backups, drills and pruning by schedule, write-ahead log streamed between them."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from outlive import wiring, wiring_keeper
from outlive.backup.copies.lock import Busy, only_one
from outlive.cli.app import ConfigOption, app, rfc3339
from outlive.cli.voice import complain
from outlive.clock import SystemClock
from outlive.config.load import load
from outlive.config.schema import Settings
from outlive.keeper.apart import insist
from outlive.keeper.lean import give_memory_back
from outlive.keeper.loop import Keeper, Parts


@app.command()
def keep(config: ConfigOption = None) -> int:
    """Guard by schedule until stopped. SIGTERM lets what runs come to its end (at most a minute); what is cut off is gone
    on with at the next start."""
    give_memory_back()
    settings = load(config)
    with _alone(settings):
        _insist_on_distance(settings)
        parts = wiring_keeper.keeper_parts(settings, SystemClock(), _say)
        parts.store.hold()
        keeper = Keeper(parts)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda *_: keeper.stop())
        parts.engine.launch()
        names = ", ".join(plan.asset for plan in parts.streams) or "nothing"
        _say(f"keeping {len(settings.assets)} assets; streaming {names}")
        try:
            with _page(settings, parts, keeper):
                keeper.run()
        finally:
            parts.store.close()
    os._exit(0)  # threads may be held by a job that could not be killed, or by a vault that is away and tried again


@contextmanager
def _page(settings: Settings, parts: Parts, keeper: Keeper) -> Iterator[None]:
    """The page, once somebody has made a password for it."""
    if not wiring.serves_page(settings):
        if settings.page.enabled:
            _say("no page is served: `outlive page` makes a password for it")
        if settings.crons:
            _say("no cron job can tell anything, because no page is served: none is called missing")
        yield
        return
    from outlive import wiring_page
    from outlive.cli.page_facts import page_facts  # the web's libraries are loaded only where there is a page
    from outlive.web import tokens
    from outlive.web.app import Doors, make_app
    from outlive.web.house import CronDoor
    from outlive.web.server import PageServer

    facts = page_facts(settings, parts.clock, parts.store, keeper.asking)
    doors = Doors(
        facts=facts,
        password=lambda: wiring.page_password(settings) or "",
        names=settings.page.names,
        tokens=lambda: tokens.read(wiring.page_tokens_file(settings)),
        is_public=settings.page.public,
        oidc=wiring_page.oidc_door(settings, _say),
        crons=CronDoor(wiring_keeper.cron_ids(settings), wiring_keeper.cron_heard(parts)),
    )
    server = PageServer(make_app(doors), settings.page.listen, _say, _certificate(settings))
    server.start()
    try:
        yield
    finally:
        server.stop()


def _certificate(settings: Settings) -> tuple[Path, Path] | None:
    page = settings.page
    return (page.tls_certificate, page.tls_key) if page.tls_certificate and page.tls_key else None


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    with ExitStack() as stack:
        try:
            stack.enter_context(only_one(settings.keeper.state / "locks", "outlive keep"))
        except Busy:
            raise Busy(
                f"Another `outlive keep` works with the state in {settings.keeper.state}.",
                hint="Stop that one first, or leave the work to it: two would take every copy twice.",
            ) from None
        yield


def _insist_on_distance(settings: Settings) -> None:
    found = wiring_keeper.whereabouts(settings)
    insist(found.shared, settings.keeper.allow_same_host)
    for name, why in found.shared.items():
        _say(f"host {name}: {why}. Allowed in outlive.toml: {settings.keeper.allow_same_host}")
    for name, why in found.unseen.items():
        _say(f"host {name} cannot be asked whether the keeper is on it: {why}")


def _say(words: str) -> None:
    complain(f"{rfc3339(SystemClock().now())} {' '.join(words.split())}\n")

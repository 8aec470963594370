"""The keeper's parts, made and joined. Apart from `wiring.py`, because its engine and database weigh 50 MB that no other
command needs."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path

from outlive.alerts.ping import ping
from outlive.alerts.send import send
from outlive.backup.copies import catalog
from outlive.clock import Clock
from outlive.config.schema import Settings, VaultSettings
from outlive.config.secrets import resolve
from outlive.engine.dbos_engine import DbosEngine
from outlive.errors import ConfigError
from outlive.keeper.acts import acts, alert
from outlive.keeper.alerting import Alerting, AlertParts
from outlive.keeper.children import Children
from outlive.keeper.counting import Counting
from outlive.keeper.jobs import ALERT, is_streamed
from outlive.keeper.loop import Parts
from outlive.keeper.proving import Proving, late_rehearsals, not_proven
from outlive.keeper.whereabouts import Whereabouts, look_around, server_of_folder, server_of_url
from outlive.model.asset import PostgresAsset
from outlive.model.cron import Signal, digest
from outlive.state.crons import Crons
from outlive.state.recovering import Recovering
from outlive.state.tallies import Tallies
from outlive.vault.base import Vault
from outlive.wiring import host_shell, serves_page, stream_plan, vault
from outlive.wiring_state import database, sqlite, store
from outlive.wiring_watch import looks

_CRON_ID = re.compile(r"[A-Za-z0-9_-]{16,64}")


def keeper_parts(settings: Settings, clock: Clock, say: Callable[[str], None]) -> Parts:
    """What the keeper's loop joins."""
    there, opened = vault(settings, clock), store(settings)
    children = Children(settings.path.absolute())
    runs = database(settings) or sqlite(settings.keeper.state / "runs.db")
    streamed = [one for one in settings.assets if isinstance(one, PostgresAsset) and is_streamed(settings, one)]
    engine = DbosEngine(runs, {**acts(children, there), ALERT: alert(partial(channel_url, settings), send)})
    beat = settings.alerts.heartbeat
    pinging = None if beat is None else lambda words: ping(resolve(beat, settings.base), words)
    counting = Counting(Tallies(opened))
    journal = Recovering(opened)
    proving = Proving(lambda now: [*not_proven(settings, there, now), *late_rehearsals(settings, journal, now)], clock)
    return Parts(
        settings=settings,
        clock=clock,
        store=opened,
        engine=engine,
        streams=tuple(stream_plan(settings, asset, there, clock) for asset in streamed),
        say=say,
        last_copy=partial(_last_copy, there),
        end_jobs=children.end_all,
        looks=partial(looks, settings, clock, opened, say, counting.looked) if settings.hosts else None,
        counting=counting,
        alerting=Alerting(
            AlertParts(settings, clock, opened, engine, say, pinging, proving.failures, serves_page(settings))
        ),
    )


def channel_url(settings: Settings, name: str) -> str:
    """The secret URL of a channel. Raises `ConfigError`."""
    channel = next((one for one in settings.alerts.channels if one.name == name), None)
    if channel is None:
        raise ConfigError(f"There is no channel {name}.", hint="See [[alerts.channels]] in outlive.toml.")
    return resolve(channel.url, settings.base)


def cron_ids(settings: Settings) -> dict[bytes, str]:
    """The name of each cron job by the digest of its secret id. Raises `ConfigError`."""
    found: dict[bytes, str] = {}
    for one in settings.crons:
        secret = resolve(one.id, settings.base)
        if not _CRON_ID.fullmatch(secret):
            raise ConfigError(
                f"The id of the cron job {one.name} is none: it is in an address, and nobody may guess it.",
                hint="Make one with `uuidgen`: 16 to 64 letters, digits, - and _.",
            )
        if found.setdefault(digest(secret), one.name) != one.name:
            raise ConfigError(
                f"The cron jobs {found[digest(secret)]} and {one.name} have one id.", hint="Give each its own."
            )
    return found


def cron_heard(parts: Parts) -> Callable[[str, Signal, int | None], None]:
    """Notes what a cron job tells, by the keeper's clock."""
    crons = Crons(parts.store)
    return lambda name, signal, status: crons.hear(name, signal, status, parts.clock.now())


def whereabouts(settings: Settings) -> Whereabouts:
    """Whether the keeper, all its vaults or its memory is on a host that it guards. Asks every host."""
    vaults = [settings.vault, *([settings.mirror] if settings.mirror else [])]
    named = database(settings)
    memory = server_of_folder(settings.keeper.state) if named is None else server_of_url(named)
    needed = {"the vault": [_server(one) for one in vaults], "the keeper's memory": [memory]}
    return look_around(settings.hosts, partial(host_shell, settings), needed)


def _server(wanted: VaultSettings) -> str | None:
    if wanted.is_s3:
        return server_of_url(wanted.endpoint) if wanted.endpoint else None
    return server_of_folder(Path(wanted.url.removeprefix("file://")))


def _last_copy(there: Vault, asset: str) -> datetime | None:
    copies = catalog.listing(there, asset).copies
    return max((copy.manifest.started_at for copy in copies if not copy.is_damaged), default=None)

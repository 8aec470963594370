"""The keeper's parts, made and joined. Apart from `wiring.py`, because its engine and database weigh 50 MB that no other
command needs."""

from __future__ import annotations

from collections.abc import Callable

from outlive.backup.ship import ShipPolicy
from outlive.clock import Clock
from outlive.config.schema import Settings
from outlive.config.secrets import resolve
from outlive.engine.dbos_engine import DbosEngine
from outlive.keeper.acts import acts
from outlive.keeper.loop import Parts
from outlive.keeper.streams import StreamPlan, slot_name
from outlive.model.asset import PostgresAsset
from outlive.state.store import Store
from outlive.vault.base import Vault
from outlive.vault.encryption import parse_recipients
from outlive.wiring import state_file, vault, way


def store(settings: Settings) -> Store:
    """The keeper's memory, its tables brought up to date."""
    return Store(_state_url(settings))


def keeper_parts(settings: Settings, clock: Clock, say: Callable[[str], None]) -> Parts:
    """What the keeper's loop joins."""
    there = vault(settings, clock)
    engine = DbosEngine(_engine_url(settings), acts(settings.path.absolute(), there))
    streamed = [asset for asset in settings.assets if isinstance(asset, PostgresAsset) and settings.schedule.stream]
    plans = tuple(stream_plan(settings, asset, there, clock) for asset in streamed)
    return Parts(settings, clock, store(settings), engine, plans, say)


def stream_plan(settings: Settings, asset: PostgresAsset, there: Vault, clock: Clock) -> StreamPlan:
    """How one cluster's log is streamed."""
    policy = ShipPolicy(parse_recipients(settings.keys.recipients), settings.schedule.ship_every_seconds)
    return StreamPlan(asset.name, way(settings, asset), slot_name(asset.name), there, policy, clock)


def _state_url(settings: Settings) -> str:
    return _database(settings) or f"sqlite:///{state_file(settings)}"


def _engine_url(settings: Settings) -> str:
    return _database(settings) or f"sqlite:///{settings.keeper.state / 'runs.db'}"


def _database(settings: Settings) -> str | None:
    named = settings.schedule.database
    return None if named is None else resolve(named, settings.base)

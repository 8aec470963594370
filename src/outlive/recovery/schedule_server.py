"""The Temporal server that a step works on, and what was exported of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from outlive.backup.copies import catalog
from outlive.backup.restore.restore_temporal import read_export
from outlive.commands.temporal import Export
from outlive.config.temporal_access import access
from outlive.errors import Failed
from outlive.model.asset import TemporalAsset
from outlive.recovery.steps.base import Inputs, World
from outlive.transport.temporal import way
from outlive.transport.temporal_door import Door


def asset_of(world: World, inputs: Inputs) -> TemporalAsset:
    """Raises `Failed`."""
    asset = world.settings.asset(inputs.args["asset"])
    if not isinstance(asset, TemporalAsset):
        raise Failed(f"{inputs.args['asset']!r} is no asset of kind temporal.", hint="Compare with outlive.toml.")
    return asset


@contextmanager
def door_of(world: World, asset: TemporalAsset) -> Iterator[Door]:
    """On the machine that is worked on, or at the asset's address, wherever that leads."""
    with way(asset, world.there, access(asset, world.settings.base)).open() as door:
        yield door


def exported(world: World, copy: str) -> Export:
    return read_export(world.vault, catalog.find(world.vault, copy).manifest, world.identities)


def database_until(asset: TemporalAsset, inputs: Inputs) -> datetime | None:
    """Until when the database is that this run has brought back: of the asset that is named (`stored_in`), else of the one
    that came back newest, so that nothing is taken for older than it is. None when none came back."""
    restored = [one for one in inputs.facts.values() if "until" in one and one.get("asset")]
    named = [one for one in restored if one["asset"] == asset.stored_in] if asset.stored_in else restored
    return max((datetime.fromisoformat(str(one["until"])) for one in named), default=None)

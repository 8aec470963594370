"""How the mirror stands, for `outlive status` and `outlive mirror`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from outlive import wiring
from outlive.backup.copies import catalog
from outlive.backup.restore.recover_to import windows
from outlive.backup.upkeep.loss import Loss
from outlive.backup.upkeep.mirror_standing import MirrorStanding, standing
from outlive.cli.words import duration
from outlive.clock import Clock
from outlive.config.schema import Settings
from outlive.errors import OutliveError
from outlive.model.asset import Asset
from outlive.vault.base import Vault


@dataclass(frozen=True, slots=True)
class MirrorLook:
    """What was seen, and when. `blind`: why the mirror could not be looked at, "" when it could."""

    url: str
    at: datetime
    standings: tuple[MirrorStanding, ...]
    blind: str = ""

    def by(self, now: datetime) -> MirrorLook:
        """The same some time later: as far as is known nothing was mirrored since, so that the losses have grown."""
        passed = max(0.0, (now - self.at).total_seconds())
        return replace(self, at=now, standings=tuple(_grown(one, passed) for one in self.standings))

    @property
    def risks(self) -> tuple[str, ...]:
        return tuple(f"{one.asset}: {risk}" for one in self.standings for risk in one.risks)

    @property
    def document(self) -> dict[str, Any]:
        """For `status --json`, under `mirror`."""
        assets = [standing_document(one) for one in self.standings]
        return {"url": self.url, "at": self.at, "assets": assets, "blind": self.blind or None}

    @property
    def lines(self) -> tuple[str, ...]:
        """For people: what would be lost with the mirror alone."""
        return tuple(
            f"{one.asset}: with the mirror alone, {lost_words(one.loss)} would be lost" for one in self.standings
        )


def look_at_mirror(settings: Settings, clock: Clock) -> MirrorLook | None:
    """None when there is no [mirror]. Never raises for a mirror that is away: that is said, not taken for well."""
    if settings.mirror is None:
        return None
    now = clock.now()
    try:
        source, target = wiring.vault(settings, clock), wiring.mirror(settings, clock)
        found = tuple(stands(asset, source, target, now) for asset in settings.assets)
    except OutliveError as error:
        return MirrorLook(settings.mirror.url, now, (), str(error))
    return MirrorLook(target.url, now, found)


def stands(asset: Asset, source: Vault, target: Vault, now: datetime) -> MirrorStanding:
    """One asset, from what both vaults hold now."""
    mirrored = catalog.listing(target, asset.name).copies
    opened = windows(target, mirrored) if asset.kind == "postgres" else []
    return standing(asset, catalog.listing(source, asset.name).copies, mirrored, now, opened)


def standing_document(one: MirrorStanding) -> dict[str, Any]:
    """The mirror's part of one asset's JSON."""
    newest = one.newest
    return {
        "asset": one.asset,
        "loss": {"seconds": one.loss.seconds, "everything": one.loss.everything},
        "last_copy": newest and {"id": newest.id, "at": newest.manifest.data_until},
        "behind": list(one.behind),
        "risks": list(one.risks),
    }


def _grown(one: MirrorStanding, seconds: float) -> MirrorStanding:
    lost = one.loss
    return one if lost.seconds is None else replace(one, loss=replace(lost, seconds=lost.seconds + seconds))


def lost_words(lost: Loss) -> str:
    """`EVERYTHING`, or `the last 3 min 5 s`."""
    return "EVERYTHING" if lost.seconds is None else f"the last {duration(lost.seconds)}"

"""How the mirror stands: what would be lost if the host *and* the first vault were gone. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from outlive.backup.log.windows import Window
from outlive.backup.upkeep.loss import Loss, loss
from outlive.model.asset import Asset
from outlive.model.copy import Copy


@dataclass(frozen=True, slots=True)
class MirrorStanding:
    """One asset in the mirror. `loss` is as in `status`, counted from what the mirror holds alone; `behind` are copies
    that the vault has and the mirror has not. `risks` are sentences."""

    asset: str
    loss: Loss
    newest: Copy | None
    behind: tuple[str, ...]
    window: Window | None
    risks: tuple[str, ...]


def standing(
    asset: Asset,
    copies: Sequence[Copy],
    mirrored: Sequence[Copy],
    now: datetime,
    windows: Sequence[Window] = (),
) -> MirrorStanding:
    """From the copies in the vault and those in the mirror, and the windows that the mirror's log opens."""
    lost = loss(mirrored, now)
    window = max(windows, key=lambda one: one.until, default=None)
    if window is not None and lost.seconds is not None:
        lost = replace(lost, seconds=min(lost.seconds, max(0.0, (now - window.until).total_seconds())))
    there = {copy.id for copy in mirrored}
    newest_there = max((copy.manifest.sequence for copy in mirrored), default=0)
    behind = tuple(copy.id for copy in copies if copy.id not in there and copy.manifest.sequence > newest_there)
    return MirrorStanding(asset.name, lost, lost.since, behind, window, _risks(asset, lost))


def _risks(asset: Asset, lost: Loss) -> tuple[str, ...]:
    if lost.everything:
        return ("the mirror has no whole copy: `outlive mirror` brings them there.",)
    if lost.seconds is not None and lost.seconds > asset.max_age_seconds:
        hours = asset.max_age_seconds / 3600
        return (f"the mirror's newest copy is older than allowed ({hours:.0f} h): `outlive mirror`.",)
    return ()

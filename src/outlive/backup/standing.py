"""How an asset stands: what would be lost now, how well that is proven, and why it is at risk. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from outlive.backup.lineage import Alarm, alarms
from outlive.backup.loss import Loss, loss
from outlive.model.asset import Asset
from outlive.model.copy import Copy, Proof, ProofRecord


@dataclass(frozen=True, slots=True)
class Standing:
    """One asset. `risks` are sentences; none means that all is well."""

    asset: str
    kind: str
    host: str | None
    loss: Loss
    newest: Copy | None
    last_drill: ProofRecord | None
    alarms: tuple[Alarm, ...]
    risks: tuple[str, ...]


def standing(asset: Asset, copies: Sequence[Copy], accepted: Collection[str], now: datetime) -> Standing:
    """From the asset's settings and all its copies."""
    lost = loss(copies, now)
    drills = [copy.last_drill for copy in copies if copy.last_drill is not None]
    last_drill = max(drills, key=lambda record: record.at, default=None)
    found = alarms(copies, accepted)
    risks = (*_loss_risks(asset, lost), *_proof_risks(copies, lost), *(str(alarm) for alarm in found))
    return Standing(asset.name, asset.kind, asset.host, lost, lost.since, last_drill, found, risks)


def _loss_risks(asset: Asset, lost: Loss) -> tuple[str, ...]:
    if lost.everything:
        return (f"no whole copy: everything is lost with its host. `outlive backup {asset.name}` takes one.",)
    if lost.seconds is not None and lost.seconds > asset.max_age_seconds:
        return (f"the newest copy is older than allowed ({asset.max_age_seconds / 3600:.0f} h): `outlive backup`.",)
    return ()


def _proof_risks(copies: Sequence[Copy], lost: Loss) -> tuple[str, ...]:
    if lost.everything or any(copy.proof is Proof.RESTORED for copy in copies):
        return ()
    return ("no copy was ever restored: until `outlive drill` is green, the backup is only a claim.",)

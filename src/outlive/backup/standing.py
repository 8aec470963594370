"""How an asset stands: what would be lost now, how well that is proven, and why it is at risk. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from outlive.backup.lineage import Alarm, alarms
from outlive.backup.loss import Loss, loss
from outlive.backup.windows import Window
from outlive.model.asset import Asset
from outlive.model.copy import Copy, Proof, ProofRecord

AWAY_SECONDS = 60.0  # a stream that has told nothing for so long is at risk, not merely busy


@dataclass(frozen=True, slots=True)
class StreamFacts:
    """What the keeper last told of a stream: every commit before `until` is in the vault, up to `position`."""

    health: str
    until: datetime | None
    position: int
    bytes_at_risk: int | None
    told_at: datetime
    why: str = ""
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """One asset. `risks` are sentences; none means that all is well. `notes` are advice that can wait for the day."""

    asset: str
    kind: str
    host: str | None
    loss: Loss
    bytes_at_risk: int | None
    newest: Copy | None
    window: Window | None
    last_drill: ProofRecord | None
    alarms: tuple[Alarm, ...]
    risks: tuple[str, ...]
    notes: tuple[str, ...]


def standing(
    asset: Asset,
    copies: Sequence[Copy],
    accepted: Collection[str],
    now: datetime,
    *,
    windows: Sequence[Window] = (),
    stream: StreamFacts | None = None,
) -> Standing:
    """From the asset's settings, all its copies, the windows that log in the vault opens, and what the keeper told."""
    lost = loss(copies, now)
    window = max(windows, key=lambda one: one.until, default=None)
    lost = _with_log(lost, window, stream, now)
    drills = [copy.last_drill for copy in copies if copy.last_drill is not None]
    found = alarms(copies, accepted)
    risks = (*_loss_risks(asset, lost), *_proof_risks(copies, lost), *_stream_risks(stream, window, now))
    return Standing(
        asset=asset.name,
        kind=asset.kind,
        host=asset.host,
        loss=lost,
        bytes_at_risk=stream.bytes_at_risk if stream else None,
        newest=lost.since,
        window=window,
        last_drill=max(drills, key=lambda record: record.at, default=None),
        alarms=found,
        risks=(*risks, *(str(alarm) for alarm in found)),
        notes=_notes(stream),
    )


def _with_log(lost: Loss, window: Window | None, stream: StreamFacts | None, now: datetime) -> Loss:
    """Log that joins a base copy makes the loss smaller. What the keeper tells of the last seconds counts only when it is
    about the same stretch of log: behind a gap it would promise what no base copy can reach."""
    if lost.everything or window is None or lost.seconds is None:
        return lost
    until = window.until
    if stream and stream.until and stream.position == window.end and not window.gap:
        until = max(until, stream.until)
    return replace(lost, seconds=min(lost.seconds, max(0.0, (now - until).total_seconds())))


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


def _stream_risks(stream: StreamFacts | None, window: Window | None, now: datetime) -> tuple[str, ...]:
    if stream is None:
        return ()
    silent = (now - stream.told_at).total_seconds()
    if stream.health == "broken":
        return (f"log is missing for good ({stream.why}) A new base copy begins a new window: `outlive backup`.",)
    if stream.health == "away":
        return (f"its log is not streamed: {stream.why}",)
    if silent > AWAY_SECONDS:
        return (f"the keeper has not told of its log for {silent:.0f} s: is `outlive keep` running?",)
    if window is not None and window.gap:
        return (f"{window.gap}: a new base copy is needed, `outlive backup`.",)
    return ()


def _notes(stream: StreamFacts | None) -> tuple[str, ...]:
    if stream is None or not stream.advice:
        return ()
    return (f"a slot nobody reads would fill the server's disk; say there: {stream.advice}",)

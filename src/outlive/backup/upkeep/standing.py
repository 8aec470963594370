"""How an asset stands: what would be lost now, how well that is proven, and why it is at risk. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from outlive.backup.copies.lineage import Alarm, alarms
from outlive.backup.log.windows import Window
from outlive.backup.upkeep.loss import Loss, loss
from outlive.backup.upkeep.rto import Rto, rto
from outlive.model.asset import Asset, TemporalAsset
from outlive.model.copy import Copy, Proof, ProofRecord
from outlive.model.schedule import Outcome

SKEW_SECONDS = 2.0  # a server's clock this far from ours is worth a word: moments to restore to are the server's
AWAY_SECONDS = 60.0  # a stream that has told nothing for so long is at risk, not merely busy
SKEW = timedelta(minutes=5)  # a copy from further ahead than that was taken by a clock that was wrong


@dataclass(frozen=True, slots=True)
class StreamFacts:
    """What the keeper last told of a stream: every commit before `until` is in the vault, up to `position`. `safe_bytes`:
    how much more the server may write before it gives the slot up; None: it never does, or could not be asked."""

    health: str
    until: datetime | None
    position: int
    bytes_at_risk: int | None
    told_at: datetime
    why: str = ""
    advice: str = ""
    skew_seconds: float | None = None
    safe_bytes: int | None = None

    @property
    def is_slot_short(self) -> bool:
        """More room is advised although there is a limit: most of it is used up."""
        return self.safe_bytes is not None and bool(self.advice)

    def is_heard(self, now: datetime) -> bool:
        """True while it streams and has told so lately; a word from the future counts for nothing."""
        return self.health == "streaming" and abs((now - self.told_at).total_seconds()) <= AWAY_SECONDS


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
    rto: Rto | None
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
    unreadable: Sequence[str] = (),
    failed: Sequence[Outcome] = (),
    log_proof: ProofRecord | None = None,
    slow_seconds: float = AWAY_SECONDS,
) -> Standing:
    """From the asset's settings, all its copies, the windows that log in the vault opens, what the keeper told, what
    could not be read in the vault, the jobs whose last run failed, and the newest drill of the log. A stream whose log is
    not in the vault after `slow_seconds` is at risk."""
    believable = [copy for copy in copies if copy.manifest.data_until <= now + SKEW]
    opened = [one for one in windows if one.since <= now + SKEW]
    window = max(opened, key=lambda one: one.until, default=None)
    lost = _with_log(loss(believable, now), window, stream, now)
    drills = [drill for drill in (*(copy.last_drill for copy in copies), log_proof) if drill is not None]
    found, measured = alarms(copies, accepted), rto(copies)
    return Standing(
        asset=asset.name,
        kind=asset.kind,
        host=asset.host,
        loss=lost,
        bytes_at_risk=stream.bytes_at_risk if stream and stream.is_heard(now) else None,
        newest=lost.since,
        window=window,
        last_drill=max(drills, key=lambda record: record.at, default=None),
        rto=measured,
        alarms=found,
        risks=(
            *_loss_risks(asset, lost),
            *_future_risks(copies, believable),
            *_proof_risks(copies, lost),
            *_stream_risks(stream, window, now, slow_seconds),
            *_log_risks(log_proof),
            *unreadable,
            *(str(alarm) for alarm in found),
        ),
        notes=(
            *_stream_notes(stream),
            *_rto_notes(measured),
            *_temporal_notes(asset),
            *(f"{one.job} failed: {one.said}" for one in failed),
        ),
    )


def _with_log(lost: Loss, window: Window | None, stream: StreamFacts | None, now: datetime) -> Loss:
    """Log that joins a base copy makes the loss smaller. What the keeper tells of the last seconds counts only when it is
    about the same stretch of log: behind a gap it would promise what no base copy can reach. A moment that has not come
    yet is no proof of anything."""
    if lost.everything or window is None or lost.seconds is None:
        return lost
    until = window.until
    if stream and stream.until and stream.position == window.end and not window.gap:
        until = max(until, stream.until)
    if until > now + SKEW:
        return lost
    return replace(lost, seconds=min(lost.seconds, max(0.0, (now - until).total_seconds())))


def _loss_risks(asset: Asset, lost: Loss) -> tuple[str, ...]:
    if lost.everything:
        return (f"no whole copy: everything is lost with its host. `outlive backup {asset.name}` takes one.",)
    if lost.seconds is not None and lost.seconds > asset.max_age_seconds:
        return (f"the newest copy is older than allowed ({asset.max_age_seconds / 3600:.0f} h): `outlive backup`.",)
    return ()


def _future_risks(copies: Sequence[Copy], believable: Sequence[Copy]) -> tuple[str, ...]:
    count = len(copies) - len(believable)
    if not count:
        return ()
    return (
        f"{count} cop{'y claims' if count == 1 else 'ies claim'} to be from the future: a clock was wrong. Not counted.",
    )


def _log_risks(proof: ProofRecord | None) -> tuple[str, ...]:
    """Red until a later drill of a moment is green: a new base copy begins log that can be replayed."""
    if proof is None or proof.ok:
        return ()
    why = next((check.detail or check.name for check in proof.checks if check.ok is False), "")
    return (
        f"red drill: the log after copy {proof.copy} could not be brought back at {proof.at:%Y-%m-%d %H:%M:%S}Z ({why}). "
        "A new base copy begins anew: `outlive backup`, then `outlive drill --at random`.",
    )


def _proof_risks(copies: Sequence[Copy], lost: Loss) -> tuple[str, ...]:
    if lost.everything or any(copy.proof is Proof.RESTORED for copy in copies):
        return ()
    return ("no copy was ever restored: until `outlive drill` is green, the backup is only a claim.",)


def _stream_risks(
    stream: StreamFacts | None, window: Window | None, now: datetime, slow_seconds: float
) -> tuple[str, ...]:
    if stream is None:
        return ()
    silent = (now - stream.told_at).total_seconds()
    if stream.health == "broken":
        return (f"log is missing for good ({stream.why}) A new base copy begins a new window: `outlive backup`.",)
    if stream.health == "away":
        return (f"its log is not streamed: {stream.why}{_left(stream)}",)
    if silent > AWAY_SECONDS:
        return (f"the keeper has not told of its log for {silent:.0f} s: is `outlive keep` running?",)
    late = (now - stream.until).total_seconds() if stream.until else 0.0
    if late > slow_seconds:
        return (f"its log is {late:.0f} s late: the vault is slow, or hangs.{_left(stream)}",)
    if stream.is_slot_short:
        return (f"the slot is nearly used up.{_left(stream)} Make room, on the server: {stream.advice}",)
    if window is not None and window.gap:
        return (f"{window.gap}: a new base copy is needed, `outlive backup`.",)
    return ()


def _left(stream: StreamFacts) -> str:
    if stream.safe_bytes is None:
        return ""
    left = max(0, stream.safe_bytes) >> 20
    return f" After {left} MiB more of log the server gives the slot up, and the window is broken."


def _temporal_notes(asset: Asset) -> tuple[str, ...]:
    """Until somebody has said where it is, nothing here knows whether what runs is guarded."""
    if not isinstance(asset, TemporalAsset) or asset.stored_in is not None:
        return ()
    return (
        "it holds namespaces and schedules only: workflows and their histories come back with Temporal's database alone. "
        'Guard that, and name its asset here: stored_in = "..."',
    )


def _rto_notes(measured: Rto | None) -> tuple[str, ...]:
    if measured is None or not measured.is_slower:
        return ()
    return (
        f"being back took {measured.seconds:.0f} s in the last drill, {measured.usual_seconds:.0f} s is usual: it grew, "
        "or the machine that drills is busy.",
    )


def _stream_notes(stream: StreamFacts | None) -> tuple[str, ...]:
    if stream is None:
        return ()
    notes = []
    if stream.advice and not stream.is_slot_short:
        notes.append(f"a slot nobody reads would fill the server's disk; say there: {stream.advice}")
    if stream.skew_seconds is not None and abs(stream.skew_seconds) > SKEW_SECONDS:
        way = "ahead of" if stream.skew_seconds > 0 else "behind"
        far = abs(stream.skew_seconds)
        notes.append(f"the server's clock is {far:.0f} s {way} this one; times for --at are the server's")
    return tuple(notes)

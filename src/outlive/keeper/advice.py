"""What there is to say about the keeper itself: whether it runs, what it could not do, and what a person should do. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from outlive.backup.drill.selftest import SelfTest
from outlive.config.schema import Settings
from outlive.model.schedule import Beat, Outcome

SILENT_SECONDS = 60.0  # it tells every 15
KEY_DRILL_DAYS = 90
LONG_AGO = timedelta(days=KEY_DRILL_DAYS)


@dataclass(frozen=True, slots=True)
class Memory:
    """What a keeper left in its memory; no `beat` when none ever ran."""

    beat: Beat | None = None
    outcomes: tuple[Outcome, ...] = ()

    @property
    def told_at(self) -> datetime | None:
        return self.beat.told_at if self.beat else None

    def is_running(self, now: datetime) -> bool:
        """True also when none ever ran: then people guard by hand, and nothing is expected. A sign of life from the
        future (the clock was set back) is none."""
        return self.beat is None or abs((now - self.beat.told_at).total_seconds()) <= SILENT_SECONDS

    def failed(self, asset: str) -> tuple[Outcome, ...]:
        """The jobs of the asset whose last run failed."""
        return tuple(one for one in self.outcomes if not one.ok and one.job.partition(":")[2] == asset)

    def failed_of(self, kind: str) -> dict[str, str]:
        """Of the jobs of that kind (`kind:name`) whose last run failed: why, by name."""
        found = (one for one in self.outcomes if not one.ok and one.job.startswith(f"{kind}:"))
        return {one.job.partition(":")[2]: one.said for one in found}


def keeper_risks(memory: Memory, now: datetime) -> tuple[str, ...]:
    """A keeper that ran once and is gone guards nothing."""
    if memory.is_running(now) or memory.beat is None:
        return ()
    since = f"{memory.beat.told_at:%Y-%m-%d %H:%M:%S}Z"
    return (f"the keeper has not been heard of since {since}: nothing is copied by itself. Start `outlive keep`.",)


def keeper_notes(memory: Memory) -> tuple[str, ...]:
    """Failed jobs that belong to no asset."""
    return tuple(f"{one.job} failed: {one.said}" for one in memory.outcomes if not one.ok and ":" not in one.job)


def selftest_risks(last: SelfTest | None) -> tuple[str, ...]:
    """A verifier that found a spoilt copy whole: nothing that it calls green is proven, until it notices again."""
    if last is None or last.noticed:
        return ()
    return (
        f"the verifier is broken: at {last.at:%Y-%m-%d %H:%M:%S}Z it found a copy of {last.asset} whole that had been "
        f"spoilt ({last.mutation}). Do not trust green results; try again with `outlive selftest --seed {last.seed}`.",
    )


def key_notes(last: datetime | None, now: datetime) -> tuple[str, ...]:
    """The recovery key on paper has to be tried from time to time, by a person."""
    cure = "type it in: `outlive keys test`."
    if last is None:
        return (f"whether the recovery key opens the copies was never tried: {cure}",)
    if now - last > LONG_AGO:
        return (f"the recovery key was last tried {(now - last).days} days ago: {cure}",)
    return ()


def place_notes(settings: Settings, same: Mapping[str, str]) -> tuple[str, ...]:
    """Hosts that this machine is on, so that one disk takes both along."""
    allowed = settings.keeper.allow_same_host
    end = f"Allowed: {allowed}" if allowed else "Run the keeper elsewhere."
    return tuple(
        f"this runs on host {name} itself ({why}): they are lost together. {end}" for name, why in same.items()
    )

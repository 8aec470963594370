"""From what `outlive.toml` says to what is done how often. Pure."""

from __future__ import annotations

from datetime import datetime

from outlive.config.schema import Settings
from outlive.keeper.schedule import Job
from outlive.keeper.upkeep import upkeep
from outlive.model.asset import Asset, PostgresAsset
from outlive.model.runbook import Runbook, Step
from outlive.model.schedule import REHEARSAL

CEILING_SECONDS = 6 * 3600.0
WEEK_SECONDS = 7 * 86400.0
FIRST_STREAM_SECONDS = 60.0  # how long a first base copy waits for the slot that keeps the log after it
PRUNE = "prune"
ALERT = "alert"  # runs that carry a message: no job of the schedule
DAY_SECONDS = 86400.0
REHEARSAL_SECONDS = 12 * 3600.0
BACKUP, DRILL, VERIFY, PROVE = "backup", "drill", "verify", "prove"


def jobs(settings: Settings, now: datetime) -> list[Job]:
    """For each asset a backup (first at once), a drill by itself and a re-reading of one copy; and one pruning."""
    schedule = settings.schedule
    found = []
    for asset in settings.assets:
        wait = FIRST_STREAM_SECONDS if is_streamed(settings, asset) else 0
        taking = backup(asset, now, prove=can_prove(settings))
        found.append(Job(job_name(BACKUP, asset), asset.name, taking, schedule.backup_every_seconds, wait))
        if can_prove(settings):
            every = schedule.drill_every_seconds
            drilling = drill(asset, now, moment=is_streamed(settings, asset))
            found.append(Job(job_name(DRILL, asset), asset.name, drilling, every, every))
        found.append(Job(job_name(VERIFY, asset), asset.name, verify(asset, now), WEEK_SECONDS, WEEK_SECONDS))
    if schedule.prune_every_seconds:
        step = Step(PRUNE, "command", {"argv": ["prune", "--yes"]}, CEILING_SECONDS)
        found.append(Job(PRUNE, None, Runbook(PRUNE, (step,)), schedule.prune_every_seconds, 6 * 3600))
    return [*found, *upkeep(settings), *(_rehearsal(one.host, one.every_seconds) for one in settings.rehearsals)]


def _rehearsal(host: str, every_seconds: float) -> Job:
    """First a day after it is named, when there are copies; one that failed is not repeated every hour."""
    step = Step("rehearse", "command", {"argv": ["rehearse", host]}, REHEARSAL_SECONDS)
    return Job(
        f"{REHEARSAL}:{host}",
        None,
        Runbook(f"rehearse {host}", (step,)),
        every_seconds,
        DAY_SECONDS,
        retry_seconds=DAY_SECONDS,
    )


def job_name(act: str, asset: Asset) -> str:
    return f"{act}:{asset.name}"


def is_alert(run_id: str) -> bool:
    return run_id.startswith(f"{ALERT}:")


def is_streamed(settings: Settings, asset: Asset) -> bool:
    """Whether the asset's log goes into the vault between its copies."""
    return isinstance(asset, PostgresAsset) and settings.schedule.stream


def can_prove(settings: Settings) -> bool:
    """Drills need a private key here."""
    return settings.keys.drill_identity is not None


def backup(asset: Asset, since: datetime, *, prove: bool) -> Runbook:
    """Takes a copy unless one was begun at or after `since` (tried three times), then proves it by a drill."""
    args = {"asset": asset.name, "since": since.isoformat()}
    take = Step(
        "take a copy",
        BACKUP,
        {**args, "argv": ["backup", asset.name]},
        CEILING_SECONDS,
        attempts=3,
        pause_seconds=60,
    )
    proof = Step("prove it", PROVE, {**args, "argv": ["drill", asset.name]}, CEILING_SECONDS)
    return Runbook(f"backup {asset.name}", (take, proof) if prove else (take,))


def drill(asset: Asset, since: datetime, *, moment: bool) -> Runbook:
    """Drills the newest copy unless one was drilled since; where there is log, a random `moment` of the window."""
    words = ["drill", asset.name, *(["--at", "random"] if moment else [])]
    args = {"asset": asset.name, "since": since.isoformat(), "argv": words}
    return Runbook(f"drill {asset.name}", (Step("restore it elsewhere", DRILL, args, CEILING_SECONDS),))


def verify(asset: Asset, since: datetime) -> Runbook:
    """Re-reads the bytes of the copy that was looked at longest ago, unless any was since."""
    args = {"asset": asset.name, "since": since.isoformat()}
    return Runbook(f"verify {asset.name}", (Step("read one again", VERIFY, args, CEILING_SECONDS),))

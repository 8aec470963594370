"""From what `outlive.toml` says to what is done how often. Pure."""

from __future__ import annotations

from datetime import datetime

from outlive.config.schema import Settings
from outlive.keeper.schedule import Job
from outlive.model.asset import Asset
from outlive.model.runbook import Runbook, Step

CEILING_SECONDS = 6 * 3600.0
PRUNE = "prune"


def jobs(settings: Settings, now: datetime) -> list[Job]:
    """A backup and a drill for each asset, and one pruning. A drill is first due an hour after the first backup."""
    schedule = settings.schedule
    found = []
    for asset in settings.assets:
        found.append(Job(f"backup:{asset.name}", backup(asset, now), schedule.backup_every_seconds))
        found.append(Job(f"drill:{asset.name}", drill(asset, now), schedule.drill_every_seconds, 3600))
    if schedule.prune_every_seconds:
        step = Step(PRUNE, "command", {"argv": ["prune", "--yes"]}, CEILING_SECONDS)
        found.append(Job(PRUNE, Runbook(PRUNE, (step,)), schedule.prune_every_seconds, 6 * 3600))
    return found


def backup(asset: Asset, since: datetime) -> Runbook:
    """Takes a copy unless one was begun at or after `since`; tried three times."""
    args = {"asset": asset.name, "since": since.isoformat(), "argv": ["backup", asset.name]}
    step = Step("take a copy", "backup", args, CEILING_SECONDS, attempts=3, pause_seconds=120)
    return Runbook(f"backup {asset.name}", (step,))


def drill(asset: Asset, since: datetime) -> Runbook:
    """Drills the newest copy unless one was drilled since."""
    args = {"asset": asset.name, "since": since.isoformat(), "argv": ["drill", asset.name]}
    return Runbook(f"drill {asset.name}", (Step("restore it elsewhere", "drill", args, CEILING_SECONDS),))

"""What the keeper does for the vaults themselves: tests the verifier, brings copies to the mirror and prunes there. Pure."""

from __future__ import annotations

from outlive.config.schema import Settings
from outlive.keeper.schedule import Job
from outlive.model.runbook import Runbook, Step

DAY_SECONDS = 86400.0
SELFTEST_CEILING_SECONDS = 1800.0
CEILING_SECONDS = 12 * 3600.0
SELFTEST, MIRROR, PRUNE_MIRROR = "selftest", "mirror", "prune mirror"


def upkeep(settings: Settings) -> list[Job]:
    """A self-test every day, first when there must be a copy; where there is a mirror, bringing it up to date and pruning
    it."""
    schedule = settings.schedule
    found = [_job(SELFTEST, ["selftest"], DAY_SECONDS, 2 * 3600, SELFTEST_CEILING_SECONDS)]
    if settings.mirror is not None:
        found.append(_job(MIRROR, ["mirror"], schedule.mirror_every_seconds, 600, CEILING_SECONDS))
        if schedule.prune_every_seconds:
            words = ["prune", "--yes", "--from", "mirror"]
            found.append(_job(PRUNE_MIRROR, words, schedule.prune_every_seconds, 7 * 3600, CEILING_SECONDS))
    return found


def _job(name: str, argv: list[str], every: float, first: float, ceiling: float) -> Job:
    step = Step(name, "command", {"argv": argv}, ceiling)
    return Job(name, None, Runbook(name, (step,)), every, first)

"""What the keeper does for the vaults themselves."""

from __future__ import annotations

from dataclasses import replace

from outlive.cli.overview import COMMANDS
from outlive.config.load import REFERENCE, load
from outlive.keeper.jobs import jobs
from outlive.keeper.upkeep import upkeep
from outlive.testing.clock import ManualClock


def argvs(mirrored: bool = True, prune: float = 86400) -> dict[str, list[str]]:
    settings = load(REFERENCE)
    settings = replace(settings, schedule=replace(settings.schedule, prune_every_seconds=prune))
    found = upkeep(settings if mirrored else replace(settings, mirror=None))
    return {job.name: job.runbook.steps[0].args["argv"] for job in found}


def test_the_verifier_is_tested_every_day_and_the_mirror_kept() -> None:
    assert argvs() == {
        "selftest": ["selftest"],
        "mirror": ["mirror"],
        "prune mirror": ["prune", "--yes", "--from", "mirror"],
    }
    assert list(argvs(mirrored=False)) == ["selftest"]
    assert list(argvs(prune=0)) == ["selftest", "mirror"]
    assert all(argv[0] in COMMANDS for argv in argvs().values())


def test_they_are_among_the_keepers_jobs() -> None:
    settings = load(REFERENCE)
    wanted = upkeep(settings)
    found = jobs(settings, ManualClock().now())
    assert all(job in found for job in wanted)
    assert len({job.name for job in found}) == len(found)

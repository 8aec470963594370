"""One look at the lab as `outlive check` takes it, and waiting until what earlier tests broke is no longer told."""

from __future__ import annotations

import time

from outlive.cli.looking import Look, look
from outlive.clock import SystemClock
from outlive.config.load import load
from outlive.lab.world import Lab

# A loop that was mended is believed to be over after ten minutes at the latest: so long its deaths are counted.
CEILING_SECONDS = 660.0
PAUSE_SECONDS = 5.0


def looked(lab: Lab) -> Look:
    return look(load(lab.folder / "outlive.toml"), SystemClock(), None)


def verdicts(found: Look) -> dict[str, str]:
    return {one.host: one.name for one in found.hosts}


def reasons(found: Look) -> list[str]:
    """Why a host is not well: a verdict that differs is of no use to a reader without its evidence."""
    ill = [one for one in found.hosts if one.name != "same_machine_ok"]
    return [f"{host.host}: {one.fact} {one.value}" for host in ill for one in (*host.in_favour, *host.against)]


def until_well(lab: Lab) -> None:
    ends = time.monotonic() + CEILING_SECONDS
    while set(verdicts(found := looked(lab)).values()) != {"same_machine_ok"}:
        assert time.monotonic() < ends, reasons(found)
        time.sleep(PAUSE_SECONDS)

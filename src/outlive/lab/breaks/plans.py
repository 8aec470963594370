"""Plans as they come out of somebody's mistake. Nothing is applied: no machine and no provider hears of it."""

from __future__ import annotations

from outlive.lab import infra
from outlive.lab.breaks.base import Options
from outlive.lab.record import PREVIEW, WEB, Broken
from outlive.lab.world import SERVER_IDS, Lab


def wrong_workspace(lab: Lab, broken: Broken, options: Options) -> None:
    """24 minutes after an apply like that, the people of the outage wrote themselves a note to prevent it."""
    infra.write(lab.folder, SERVER_IDS[WEB], lab.machine(WEB).address, PREVIEW)


def undo_wrong_workspace(lab: Lab, broken: Broken) -> None:
    infra.write(lab.folder, SERVER_IDS[WEB], lab.machine(WEB).address)

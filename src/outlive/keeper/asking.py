"""What people may ask of a keeper that runs, and what of it is at work. From any thread."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from outlive.clock import Clock
from outlive.config.schema import Settings
from outlive.engine.port import Engine
from outlive.keeper import restoring
from outlive.keeper.folders import make_folder
from outlive.keeper.schedule import job_of

RECENT_RUNS = 500  # messages are runs too


class Asking:
    """`wanted` makes a job due. Raises what the engine raises."""

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        engine: Engine,
        say: Callable[[str], None],
        wanted: Callable[[str, datetime], None],
    ) -> None:
        self._settings, self._clock, self._engine = settings, clock, engine
        self._say, self._wanted = say, wanted

    def request(self, act: str, asset: str) -> None:
        """The job is due now, and is begun as soon as it may. Returns at once."""
        self._wanted(f"{act}:{asset}", self._clock.now())

    def restore(self, asset: str, at: datetime | None) -> None:
        """The asset is restored, as it was at the moment (None: as late as can be), into a new folder of the keeper's own.
        Returns at once. Raises `Failed` when the folder cannot be made."""
        asked = restoring.asked(self._settings, asset, at, self._clock.now())
        make_folder(asked.folder.parent, restoring.PASSABLE)
        make_folder(asked.folder, asked.mode)
        self._engine.start(asked.run_id, asked.runbook)
        self._say(f"started {asked.runbook.name} ({asked.run_id})")

    def restores(self, asset: str) -> list[dict[str, Any]]:
        """Those that were asked for, newest first."""
        return restoring.told(self._settings, asset, self._engine.list(limit=RECENT_RUNS))

    def running(self) -> dict[str, datetime]:
        """The names of the jobs whose runs have not ended, and when those began."""
        return {job_of(run.id): run.started_at for run in self._engine.running()}

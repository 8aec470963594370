"""A restore that somebody asked for on the page: into a new folder below the keeper's state, never anywhere else. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from outlive.config.schema import Settings
from outlive.engine.port import Run, RunStatus
from outlive.keeper.jobs import CEILING_SECONDS
from outlive.keeper.schedule import job_of
from outlive.model.observation import rfc3339
from outlive.model.runbook import Runbook, Step

RESTORE = "restore"
FOLDER = "restored"


def asked(settings: Settings, asset: str, at: datetime | None, now: datetime) -> tuple[str, Runbook]:
    """The run's id, of which one a second can be, and what it does: what `outlive restore` does."""
    run_id = f"{RESTORE}:{asset}:{now:%Y%m%dT%H%M%SZ}"
    words = [RESTORE, asset, "--to", _folder(settings, asset, run_id), *(["--at", rfc3339(at)] if at else [])]
    step = Step("restore it elsewhere", "command", {"argv": words}, CEILING_SECONDS)
    return run_id, Runbook(f"restore {asset}", (step,))


def told(settings: Settings, asset: str, runs: Iterable[Run]) -> list[dict[str, Any]]:
    """What became of the asset's: `at`, `status`, `to`, and what there is to say."""
    return [
        {"at": run.started_at, "status": str(run.status), "to": _folder(settings, asset, run.id), "said": _said(run)}
        for run in runs
        if job_of(run.id) == f"{RESTORE}:{asset}"
    ]


def _folder(settings: Settings, asset: str, run_id: str) -> str:
    return str(settings.keeper.state / FOLDER / f"{asset}-{run_id.rpartition(':')[2]}")


def _said(run: Run) -> str:
    if run.status is not RunStatus.DONE:
        return run.error
    steps = (run.result or {}).get("steps", {}).values()
    documents = [one["document"] for one in steps if isinstance(one, dict) and isinstance(one.get("document"), dict)]
    reached = [f"It holds everything until {one['reached_time']}." for one in documents if one.get("reached_time")]
    warnings = [str(line) for one in documents for line in one.get("warnings", ())]
    return " ".join([*reached, *(f"AT RISK: {line}" for line in warnings)])

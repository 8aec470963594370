"""A restore that somebody asked for on the page: into a new folder below the keeper's state, never anywhere else. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from outlive.config.schema import Settings
from outlive.engine.port import Run, RunStatus
from outlive.keeper.jobs import CEILING_SECONDS
from outlive.keeper.schedule import job_of
from outlive.model.observation import rfc3339
from outlive.model.runbook import Runbook, Step

RESTORE = "restore"
FOLDER = "restored"
PASSABLE = 0o711


@dataclass(frozen=True, slots=True)
class Asked:
    """A run, of which one a second can be, that does what `outlive restore` does; and the `folder` that must be there
    before, with its `mode`. Of a cluster others may pass through it, for Postgres is another user when the keeper is root,
    and its data directory lets nobody else in. Anything else keeps the modes that it had: there the folder keeps others
    out."""

    run_id: str
    runbook: Runbook
    folder: Path
    mode: int


def asked(settings: Settings, asset: str, at: datetime | None, now: datetime) -> Asked:
    run_id = f"{RESTORE}:{asset}:{now:%Y%m%dT%H%M%SZ}"
    target = _target(settings, asset, run_id)
    words = [RESTORE, asset, "--to", str(target), *(["--at", rfc3339(at)] if at else [])]
    step = Step("restore it elsewhere", "command", {"argv": words}, CEILING_SECONDS)
    found = settings.asset(asset)
    mode = PASSABLE if found is not None and found.kind == "postgres" else 0o700
    return Asked(run_id, Runbook(f"restore {asset}", (step,)), target.parent, mode)


def told(settings: Settings, asset: str, runs: Iterable[Run]) -> list[dict[str, Any]]:
    """What became of the asset's: `at`, `status`, `to`, and what there is to say."""
    return [
        {
            "at": run.started_at,
            "status": str(run.status),
            "to": str(_target(settings, asset, run.id)),
            "said": _said(run),
        }
        for run in runs
        if job_of(run.id) == f"{RESTORE}:{asset}"
    ]


def _target(settings: Settings, asset: str, run_id: str) -> Path:
    return settings.keeper.state / FOLDER / f"{asset}-{run_id.rpartition(':')[2]}" / asset


def _said(run: Run) -> str:
    if run.status is not RunStatus.DONE:
        return run.error
    steps = (run.result or {}).get("steps", {}).values()
    documents = [one["document"] for one in steps if isinstance(one, dict) and isinstance(one.get("document"), dict)]
    reached = [f"It holds everything until {one['reached_time']}." for one in documents if one.get("reached_time")]
    warnings = [str(line) for one in documents for line in one.get("warnings", ())]
    return " ".join([*reached, *(f"AT RISK: {line}" for line in warnings)])

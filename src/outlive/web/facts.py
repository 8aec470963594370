"""What the page is given: the same documents that the commands print, and the one thing that it may ask for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from outlive.model.schedule import Outcome

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Facts:
    """`status` and `copies` give what the commands give with `--json` (copies of one asset); `hosts` what the keeper
    remembers of each host: `judged` (the verdict that stands, as `check --json`), `changes`, `enrolments`, `addresses`.
    All raise `OutliveError`. `request` has the keeper do an act (`backup`, `drill`, `verify`) to an asset as soon as it may;
    `running` names the jobs at work (`backup:shop-db`), `outcomes` how the last run of each job ended; `incidents` the open
    ones, a line each."""

    status: Callable[[], Document]
    copies: Callable[[str], Document]
    hosts: Callable[[], dict[str, Document]]
    request: Callable[[str, str], None]
    running: Callable[[], list[str]]
    incidents: Callable[[], list[str]]
    outcomes: Callable[[], dict[str, Outcome]]
    now: Callable[[], datetime]

"""What the page is given: the same documents that the commands print, and the few things that it may ask for."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from outlive.model.schedule import Outcome

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the page leaves with the keeper. `act` has an act (`backup`, `drill`, `verify`) done to an asset as soon as it
    may; `restore` has an asset restored, as it was at a moment (None: as late as can be), into a new folder of the
    keeper's own. `acknowledge` says that somebody sees to an incident, or (False) takes that back; `note` adds what a
    person says of it; both are told who: "" for who typed the password. All raise `OutliveError`."""

    act: Callable[[str, str], None]
    restore: Callable[[str, datetime | None], None]
    acknowledge: Callable[[int, bool, str], None]
    note: Callable[[int, str, str], None]


@dataclass(frozen=True, slots=True)
class Facts:
    """`status` and `copies` give what the commands give with `--json` (copies of one asset, and its `drills`). `hosts` is
    what the keeper remembers of each host: `judged` (the verdict that stands, as `check --json`), `changes`, `enrolments`,
    `addresses`, `blind` times; `seen` who was at its addresses. `answers` tell of each of its pages and ports how it
    answered in the last hour and over a week, `hours` of one of them (or of the `log` of an asset) each hour. `incidents`
    are all that are remembered, newest first; `incident` one with its `messages` and `notes` (None: there is none);
    `report` its postmortem in Markdown. `recoveries` are the latest, newest first, with the names of their `steps` and
    their journal (`entries`). `vault` and `settings` describe themselves; `metrics` is what `outlive metrics` prints.

    `running` gives the jobs at work (`backup:shop-db`) with the moment of their beginning, `outcomes` how the last run of
    each job ended, `restores` those that the page was asked for. `pulse` is another value whenever something happened that
    an open page should show; it costs little. All but `now` and `pulse` raise `OutliveError`."""

    status: Callable[[], Document]
    metrics: Callable[[], str]
    copies: Callable[[str], Document]
    hosts: Callable[[], dict[str, Document]]
    answers: Callable[[str], list[Document]]
    hours: Callable[[str, str], list[Document]]
    seen: Callable[[str], list[Document]]
    incidents: Callable[[], list[Document]]
    incident: Callable[[int], Document | None]
    report: Callable[[int], str]
    recoveries: Callable[[], list[Document]]
    vault: Callable[[], Document]
    settings: Callable[[], list[tuple[str, list[tuple[str, str]]]]]
    running: Callable[[], Mapping[str, datetime]]
    outcomes: Callable[[], Mapping[str, Outcome]]
    restores: Callable[[str], list[Document]]
    pulse: Callable[[], Hashable]
    now: Callable[[], datetime]
    wishes: Wishes

"""One host: who answers, what speaks for the verdict and against it, how it was for ninety days. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from outlive.model.words import duration, moment
from outlive.web.views.calendar import Day, host_days
from outlive.web.views.charts import Chart, tally_chart
from outlive.web.views.identity import SeenLine, seen_lines
from outlive.web.views.lines import AssetLine, HostLine, asset_line, host_line
from outlive.web.views.words import BAD, GOOD, UNKNOWN, Document, ago, plain, value_words

MOST_FACTS = 50  # of each kind; that there are more is said
MOST_CHECKS = 60


@dataclass(frozen=True, slots=True)
class CheckLine:
    """Something that is asked again and again: how it answered in the last hour, and over the last week."""

    name: str
    state: str
    last: str
    mean: str
    worst: str
    answered: str


@dataclass(frozen=True, slots=True)
class HostView:
    line: HostLine
    pro: tuple[str, ...]
    contra: tuple[str, ...]
    missing: tuple[str, ...]
    advice: tuple[str, ...]
    forbidden: tuple[str, ...]
    addresses: tuple[tuple[str, str, str], ...]
    changes: tuple[tuple[str, str], ...]
    enrolments: tuple[tuple[str, str], ...]
    assets: tuple[AssetLine, ...]
    seen: tuple[SeenLine, ...]
    days: tuple[Day, ...]
    checks: tuple[CheckLine, ...]
    more_checks: int
    chosen: str
    chart: Chart | None


def host_view(
    name: str,
    status: Document,
    known: Document,
    seen: Sequence[Document] = (),
    answers: Sequence[Document] = (),
    hours: Sequence[Document] = (),
) -> HostView | None:
    """One host, from `status --json` and what the keeper remembers; None when there is no such host. `hours` are those of
    the check of which there is a chart."""
    found = next((one for one in status["hosts"] if one["host"] == name), None)
    if found is None:
        return None
    at, judged, changes = status["at"], known.get("judged") or {}, known.get("changes", ())
    checks, chosen = _checks(answers), hours[0]["check"] if hours else ""
    return HostView(
        line=host_line(found, at),
        pro=_facts(judged.get("for", ())),
        contra=_facts(judged.get("against", ())),
        missing=tuple(judged.get("missing", ())),
        advice=tuple(judged.get("advice", ())),
        forbidden=plain(judged.get("forbidden", ())),
        addresses=tuple(
            (one["address"], one["told_by"], ago(one["last_at"], at)) for one in known.get("addresses", ())
        ),
        changes=tuple((moment(one["since"]), one["verdict"]) for one in changes)[:MOST_FACTS],
        enrolments=tuple((moment(one["at"]), f"{one['how']}, by {one['by']}") for one in known.get("enrolments", ())),
        assets=tuple(asset_line(one, at) for one in status["assets"] if one["host"] == name),
        seen=seen_lines(seen, known),
        days=host_days(changes, known.get("blind", ()), at),
        checks=tuple(checks[:MOST_CHECKS]),
        more_checks=max(0, len(checks) - MOST_CHECKS),
        chosen=chosen,
        chart=tally_chart(f"How long {chosen} took to answer", hours),
    )


def chosen_check(answers: Sequence[Document], asked: str) -> str:
    """The check of which a chart is shown: what was asked for, else the first of the list; empty when there is none."""
    names = [one.name for one in _checks(answers)]
    return asked if asked in names else next(iter(names), "")


def _checks(answers: Sequence[Document]) -> list[CheckLine]:
    """Those that do not answer first."""
    return sorted((_check(one) for one in answers), key=lambda one: (one.state == GOOD, one.name))


def _check(one: Document) -> CheckLine:
    state = GOOD if not one["failed"] else BAD if one["failed"] == one["looks"] else UNKNOWN
    said = {GOOD: "answers", BAD: "does not answer as it should", UNKNOWN: "answers now and then"}[state]
    return CheckLine(
        name=one["check"],
        state=state,
        last=said + (f": {one['why']}" if one["why"] and state != GOOD else ""),
        mean="-" if one["mean_seconds"] is None else duration(one["mean_seconds"]),
        worst="-" if one["most_seconds"] is None else duration(one["most_seconds"]),
        answered=f"{100 * (1 - one['all_failed'] / one['all_looks']):.2f} % of {one['all_looks']}",
    )


def _facts(observations: Sequence[Document]) -> tuple[str, ...]:
    told = (
        f"{one['fact']} at {one['subject']} ({one['channel']}): {value_words(one['value'])}" for one in observations
    )
    found = tuple(dict.fromkeys(told))
    more = len(found) - MOST_FACTS
    return (*found[:MOST_FACTS], *([f"and {more} more: `outlive check --json`"] if more > 0 else ()))

"""How a status report is told: to people in 80 columns, to machines as CONTRACT has it. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from rich.console import RenderableType
from rich.table import Table

from outlive.alerts.crons import CronStanding
from outlive.backup.upkeep.standing import Standing
from outlive.cli import status_provider, status_recovery
from outlive.cli.incident_words import document as incident_document
from outlive.cli.status_report import Report
from outlive.cli.window_words import window_document
from outlive.cli.words import duration, moment, size
from outlive.model.incident import Incident
from outlive.model.verdict import Name
from outlive.model.words import brief
from outlive.survey.proposal import LeftOut

COLUMNS = ("asset", "lost", "copied", "proof", "any second of", "last drill")


def words(report: Report, width: int) -> list[RenderableType]:
    """For people; one thing a line, wrapped at `width`."""
    parts: list[RenderableType] = [f"If its host vanished at {moment(report.at)}, this would be lost:", ""]
    table = Table(box=None, pad_edge=False, padding=(0, 1))
    for column in COLUMNS:
        table.add_column(column, no_wrap=column != "asset", overflow="fold")
    for one in report.standings:
        table.add_row(*_row(one, report.at))
    parts.append(table if report.standings else "nothing: outlive.toml names no asset")
    told = (
        ("At risk", _risks(report)),
        ("Open incidents", [_incident(one) for one in report.remembered.incidents]),
        ("The mirror", report.mirror.lines if report.mirror else ()),
        ("Hosts", [_verdict(one) for one in report.hosts]),
        ("Cron jobs", [_cron(one) for one in report.remembered.crons]),
        ("Rehearsed", _rehearsed(report)),
        ("The provider", list(status_provider.lines(report.providers))),
        ("Not seen", [f"{one['what']}: {one['why']}" for one in report.blind]),
        ("Not seen for a time", [_blind_time(one) for one in report.blind_before]),
        ("Left unguarded on purpose", [f"{one.kind} {one.name}: {one.why}" for one in report.settings.unguarded]),
        ("To do", [*_notes(report), *report.notes]),
    )
    for title, lines in told:
        if lines:
            parts += ["", f"{title}:", *(_line(line, width) for line in lines)]
    if report.exit_code == 0:
        parts += ["", "Nothing is at risk beyond the seconds above."]
    return parts


def _rehearsed(report: Report) -> list[str]:
    told = report.remembered
    return status_recovery.lines(told.recoveries, report.at, told.rehearsals, at_work=told.rehearses)


def _notes(report: Report) -> Iterator[str]:
    for one in report.standings:
        yield from (f"{one.asset}: {note}" for note in one.notes)
    for host in report.hosts:
        yield from (f"{host['host']}: {advice}" for advice in host.get("advice", ()))


def _incident(one: Incident) -> str:
    seen_to = ", acknowledged" if one.is_acknowledged else ""
    return f"{one.id}, since {moment(one.trouble.since)}{seen_to}: {one.trouble.what}"


def _cron(one: CronStanding) -> str:
    last = f", last heard {moment(one.last_at)}" if one.last_at else ""
    return f"{one.name}: {one.state}{last}{f': {one.why}' if one.why else ''}"


def _verdict(host: dict[str, Any]) -> str:
    """Why it is well nobody asks; `check` tells."""
    if host["verdict"] == Name.SAME_MACHINE_OK and host["confirmed"]:
        return f"{host['host']}: {host['verdict']} since {moment(host['since'])}, seen {moment(host['seen_at'])}"
    sure = "" if host["confirmed"] or host["verdict"] == "no_data" else " (not confirmed)"
    return f"{host['host']}: {host['verdict']}{sure}: {'; '.join(host['because'])}"


def _blind_time(one: dict[str, Any]) -> str:
    return f"{one['what']}, {moment(one['from'])} to {moment(one['to'])}: {one['why']}"


def document(report: Report) -> dict[str, Any]:
    """As CONTRACT has it, and more: `window`, `rto`, `risks`, `notes` of each asset, `risks` and `notes` of the whole, the
    mirror, the last self-test, the open incidents, and with what is unguarded why, and whether that is accepted in
    outlive.toml."""
    accepted, tested = report.settings.unguarded, report.selftest
    return {
        "at": report.at,
        "hosts": list(report.hosts),
        "assets": [_asset(one) for one in report.standings],
        "unguarded": [
            {"kind": one.kind, "name": one.name, "host": host, "bytes": one.bytes, "why": one.why, "accepted": False}
            for host, one in report.looked.unguarded
        ]
        + [
            {"kind": one.kind, "name": one.name, "host": one.host, "bytes": None, "why": one.why, "accepted": True}
            for one in accepted
        ],
        "blind": [*report.blind, *report.blind_before],
        "mirror": report.mirror and report.mirror.document,
        "selftest": tested
        and {"at": tested.at, "ok": tested.noticed, "asset": tested.asset, "mutation": tested.mutation},
        "incidents": [incident_document(one) for one in report.remembered.incidents],
        "crons": [
            {
                "cron": one.name,
                "host": one.host,
                "state": one.state,
                "why": one.why,
                "last_at": one.last_at,
                "due_at": one.due_at,
            }
            for one in report.remembered.crons
        ],
        "providers": [one.to_json() for one in report.providers],
        "rehearsals": status_recovery.rto(report.remembered.recoveries, report.remembered.rehearsals, report.at),
        "rehearsal_plan": status_recovery.plan_document(report.remembered.rehearsals),
        "risks": list(report.risks),
        "notes": list(report.notes),
    }


def _line(text: str, width: int) -> str:
    """Hanging, so that a wrapped line is seen to belong to the one above."""
    return textwrap.fill(text, width, initial_indent=" - ", subsequent_indent="   ", break_on_hyphens=False)


def _risks(report: Report) -> list[str]:
    """What concerns the whole, then each asset, then what nobody guards."""
    return [
        *report.risks,
        *(f"{one.asset}: {risk}" for one in report.standings for risk in one.risks),
        *(report.mirror.risks if report.mirror else ()),
        *(
            f"{host}: {one.kind} {one.name} ({_bytes(one)}) is not guarded: {one.why}"
            for host, one in report.looked.unguarded
        ),
    ]


def _row(one: Standing, now: datetime) -> tuple[str, ...]:
    lost = "EVERYTHING" if one.loss.seconds is None else f"last {duration(one.loss.seconds)}"
    copied = "never" if one.newest is None else f"{_ago(one.newest.manifest.data_until, now)} ago"
    proof = "-" if one.newest is None else str(one.newest.proof)
    window = one.window
    reach = brief((window.until - window.since).total_seconds()) if window and window.until > window.since else "-"
    return one.asset, lost, copied, proof, reach, _drill(one, now)


def _drill(one: Standing, now: datetime) -> str:
    record = one.last_drill
    if record is None:
        return "never"
    ago = f"{_ago(record.at, now)} ago"
    if not record.ok:
        return f"RED {ago}"
    return ago if record.rto_seconds is None else f"back in {brief(record.rto_seconds)}, {ago}"


def _ago(at: datetime, now: datetime) -> str:
    return brief(max(0.0, (now - at).total_seconds()))


def _bytes(one: LeftOut) -> str:
    return "size unknown" if one.bytes is None else size(one.bytes)


def _asset(one: Standing) -> dict[str, Any]:
    newest, drill, window = one.newest, one.last_drill, one.window
    return {
        "asset": one.asset,
        "kind": one.kind,
        "host": one.host,
        "loss": {"seconds": one.loss.seconds, "everything": one.loss.everything, "bytes_at_risk": one.bytes_at_risk},
        "last_copy": newest
        and {
            "id": newest.id,
            "at": newest.manifest.data_until,
            "proof": newest.proof,
            "lineage": newest.manifest.lineage,
        },
        "window": window and window_document(window),
        "last_drill": drill and {"at": drill.at, "ok": drill.ok, "rto_seconds": drill.rto_seconds},
        "rto": one.rto and {"seconds": one.rto.seconds, "usual_seconds": one.rto.usual_seconds},
        "alarms": [str(alarm) for alarm in one.alarms],
        "risks": list(one.risks),
        "notes": list(one.notes),
    }

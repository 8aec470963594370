"""One asset: what would be lost, to which moments it can be restored, and how that is proven. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from outlive.model.words import duration, moment, size
from outlive.web.views.calendar import Day, copy_days
from outlive.web.views.charts import Chart, rto_chart, tally_chart
from outlive.web.views.lines import AssetLine, asset_line
from outlive.web.views.words import BAD, GOOD, Document

MOST = 60  # copies and drills that are listed, the newest; the calendar has all


@dataclass(frozen=True, slots=True)
class CopyLine:
    id: str
    until: str
    stored: str
    proof: str
    broken: str


@dataclass(frozen=True, slots=True)
class WindowLine:
    """Any second of it can be restored. `since` and `until` as a form takes them, without the zone: UTC."""

    said: str
    gap: str
    since: str
    until: str


@dataclass(frozen=True, slots=True)
class DrillLine:
    at: str
    state: str
    mark: str
    copy: str
    took: str
    said: str


@dataclass(frozen=True, slots=True)
class AssetView:
    line: AssetLine
    window: str
    rto: str
    notes: tuple[str, ...]
    copies: tuple[CopyLine, ...]
    more_copies: int
    unreadable: tuple[str, ...]
    days: tuple[Day, ...]
    windows: tuple[WindowLine, ...]
    drills: tuple[DrillLine, ...]
    rto_chart: Chart | None
    lag_chart: Chart | None


def asset_view(name: str, status: Document, copies: Document, lag: Sequence[Document] = ()) -> AssetView | None:
    """One asset, from `status --json`, `copies ASSET --json` with its `drills`, and how far its log was behind; None when
    there is no such asset."""
    found = next((one for one in status["assets"] if one["asset"] == name), None)
    if found is None:
        return None
    return AssetView(
        line=asset_line(found, status["at"]),
        window=_window(found.get("window")) if found["last_copy"] else "nothing: there is no whole copy",
        rto=_rto(found.get("rto")),
        notes=tuple(found["notes"]),
        copies=tuple(_copy(one) for one in reversed(copies["copies"][-MOST:])),
        more_copies=max(0, len(copies["copies"]) - MOST),
        unreadable=tuple(f"{one['key']}: {one['why']}" for one in copies["unreadable"]),
        days=copy_days(copies["copies"], status["at"]),
        windows=tuple(_window_line(one) for one in reversed(copies["windows"])),
        drills=tuple(_drill(one) for one in reversed(copies["drills"][-MOST:])),
        rto_chart=rto_chart(copies["drills"]),
        lag_chart=tally_chart("How far the log in the vault was behind", lag),
    )


def _window(window: Document | None) -> str:
    if window is None or window["to"] <= window["from"]:
        return "only to the moments of its copies"
    broken = f" (broken there: {window['gap']})" if window["gap"] else ""
    return f"any second from {moment(window['from'])} to {moment(window['to'])}{broken}"


def _rto(rto: Document | None) -> str:
    if rto is None:
        return "not measured: no drill was green"
    usual = "" if rto["usual_seconds"] is None else f" ({duration(rto['usual_seconds'])} is usual)"
    return duration(rto["seconds"]) + usual


def _copy(one: Document) -> CopyLine:
    stored, broken = size(one["stored_bytes"]), one.get("broken") or ""
    return CopyLine(one["id"], moment(one["data_until"]), stored, str(one["proof"]), broken)


def _window_line(one: Document) -> WindowLine:
    return WindowLine(
        said=f"{moment(one['from'])} to {moment(one['to'])}",
        gap=one["gap"] or "",
        since=_for_a_form(one["from"]),
        until=_for_a_form(one["to"]),
    )


def _for_a_form(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}"


def _drill(one: Document) -> DrillLine:
    took = "-" if one["rto_seconds"] is None else duration(one["rto_seconds"])
    state, mark = (GOOD, "GREEN") if one["ok"] else (BAD, "RED")
    return DrillLine(moment(one["at"]), state, mark, one["copy"], took, one["said"])

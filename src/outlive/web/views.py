"""What each view shows, from the documents that the commands print. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from outlive.model.schedule import Outcome
from outlive.model.words import brief, duration, moment, size

Document = dict[str, Any]

SENTENCES = {
    "same_machine_ok": "It is our machine, and it is well.",
    "same_machine_app_down": "It is our machine; the app on it is down. Do not rebuild it.",
    "same_machine_app_hung": "It is our machine; the app on it hangs. Do not rebuild it.",
    "rebooted": "It is our machine; it was rebooted.",
    "rekeyed": "It looks like our machine, with a new SSH key.",
    "os_reinstalled": "The operating system was installed anew.",
    "machine_replaced": "Another machine stands in its place.",
    "data_replaced": "It is our machine, but the database on it is another one.",
    "rolled_back": "It was set back to an earlier state: newer writes are missing.",
    "cloned": "A clone of our machine answers.",
    "address_moved": "Our machine is at another address now.",
    "wrong_machine": "One of our other machines answers at this address.",
    "unknown_machine": "A machine that nobody enrolled answers here.",
    "possible_compromise": "It is our machine; somebody else may be at work on it.",
    "duplicate": "Two machines claim to be this one.",
    "suspended": "The provider has suspended it.",
    "dns_elsewhere": "Its name leads to another machine.",
    "unreachable_unproven": "It does not answer. That proves no loss.",
    "no_data": "Nobody can tell: there is no data.",
}
GOOD, BAD, UNKNOWN = "good", "bad", "unknown"
MARKS = {GOOD: "OK", BAD: "AT RISK", UNKNOWN: "UNKNOWN"}
UNTOLD = ("no_data", "unreachable_unproven")
ACTS = {
    "backup": ("Back up now", "takes a copy and proves it by a drill; the host is read, nothing on it is replaced"),
    "drill": ("Drill now", "restores the newest copy into a throwaway place and checks it; the host is not touched"),
    "verify": ("Verify now", "re-reads the bytes of the copy looked at longest ago; nothing is changed"),
}


@dataclass(frozen=True, slots=True)
class HostLine:
    name: str
    state: str
    sentence: str
    word: str
    because: tuple[str, ...]
    seen: str

    @property
    def mark(self) -> str:
        return MARKS[self.state]


@dataclass(frozen=True, slots=True)
class AssetLine:
    """`lost` is what would be gone if the host vanished now."""

    name: str
    host: str
    kind: str
    state: str
    lost: str
    copied: str
    proof: str
    drill: str
    risks: tuple[str, ...]

    @property
    def mark(self) -> str:
        return MARKS[self.state]


@dataclass(frozen=True, slots=True)
class Now:
    """`headline` is one sentence about everything, `state` the worst of all."""

    at: str
    state: str
    headline: str
    hosts: tuple[HostLine, ...]
    assets: tuple[AssetLine, ...]
    risks: tuple[str, ...]
    blind: tuple[str, ...]
    blind_before: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def mark(self) -> str:
        return MARKS[self.state]


def now_view(status: Document) -> Now:
    """The first view, from `status --json`."""
    at = status["at"]
    hosts = tuple(host_line(one, at) for one in status["hosts"])
    assets = tuple(asset_line(one, at) for one in status["assets"])
    unguarded = [one for one in status["unguarded"] if not one["accepted"]]
    mirror = (status.get("mirror") or {}).get("risks", ())
    risks = (
        *status["risks"],
        *(f"{one.name}: {risk}" for one in assets for risk in one.risks),
        *mirror,
        *(f"{one['host']}: {one['kind']} {one['name']} is not guarded: {one['why']}" for one in unguarded),
    )
    unseen = tuple(one for one in status["blind"] if one["to"] >= at)
    state = BAD if risks or any(one.state == BAD for one in hosts) else GOOD
    if state == GOOD and (unseen or not hosts or any(one.state == UNKNOWN for one in hosts)):
        state = UNKNOWN
    return Now(
        at=moment(at),
        state=state,
        headline=_headline(state, assets, risks),
        hosts=hosts,
        assets=assets,
        risks=risks,
        blind=tuple(_blind(one, at) for one in unseen),
        blind_before=tuple(_blind(one, at) for one in status["blind"] if one["to"] < at),
        notes=tuple(status["notes"]),
    )


def host_line(one: Document, at: datetime) -> HostLine:
    """A host of `status --json`. A verdict that is not confirmed is said to be so."""
    verdict = one["verdict"]
    state = GOOD if verdict == "same_machine_ok" else UNKNOWN if verdict in UNTOLD else BAD
    unsure: str = "" if one["confirmed"] or state == UNKNOWN else " (not confirmed by a second channel)"
    seen = f"seen {ago(one['seen_at'], at)}" if one["seen_at"] else "not seen"
    sentence = f"{SENTENCES.get(verdict, verdict)}{unsure}"
    return HostLine(one["host"], state, sentence, verdict, tuple(one["because"]), seen)


def asset_line(one: Document, at: datetime) -> AssetLine:
    """An asset of `status --json`."""
    loss, copy, drill = one["loss"], one["last_copy"], one["last_drill"]
    lost = "everything" if loss["seconds"] is None else f"the last {duration(loss['seconds'])}"
    return AssetLine(
        name=one["asset"],
        host=one["host"] or "",
        kind=one["kind"],
        state=BAD if one["risks"] else GOOD,
        lost=lost,
        copied=ago(copy["at"], at) if copy else "never",
        proof=str(copy["proof"]) if copy else "none",
        drill=_drill(drill, at),
        risks=tuple(one["risks"]),
    )


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


def host_view(name: str, status: Document, known: Document) -> HostView | None:
    """One host, from `status --json` and what the keeper remembers; None when there is no such host."""
    found = next((one for one in status["hosts"] if one["host"] == name), None)
    if found is None:
        return None
    at, judged = status["at"], known.get("judged") or {}
    return HostView(
        line=host_line(found, at),
        pro=_facts(judged.get("for", ())),
        contra=_facts(judged.get("against", ())),
        missing=tuple(judged.get("missing", ())),
        advice=tuple(judged.get("advice", ())),
        forbidden=tuple(judged.get("forbidden", ())),
        addresses=tuple(
            (one["address"], one["told_by"], ago(one["last_at"], at)) for one in known.get("addresses", ())
        ),
        changes=tuple((moment(one["since"]), one["verdict"]) for one in known.get("changes", ())),
        enrolments=tuple((moment(one["at"]), f"{one['how']}, by {one['by']}") for one in known.get("enrolments", ())),
        assets=tuple(asset_line(one, at) for one in status["assets"] if one["host"] == name),
    )


@dataclass(frozen=True, slots=True)
class CopyLine:
    id: str
    until: str
    stored: str
    proof: str
    broken: str


@dataclass(frozen=True, slots=True)
class AssetView:
    line: AssetLine
    window: str
    rto: str
    notes: tuple[str, ...]
    copies: tuple[CopyLine, ...]
    unreadable: tuple[str, ...]


def asset_view(name: str, status: Document, copies: Document) -> AssetView | None:
    """One asset, from `status --json` and `copies ASSET --json`; None when there is no such asset."""
    found = next((one for one in status["assets"] if one["asset"] == name), None)
    if found is None:
        return None
    return AssetView(
        line=asset_line(found, status["at"]),
        window=_window(found.get("window")) if found["last_copy"] else "nothing: there is no whole copy",
        rto=_rto(found.get("rto")),
        notes=tuple(found["notes"]),
        copies=tuple(_copy(one) for one in reversed(copies["copies"])),
        unreadable=tuple(f"{one['key']}: {one['why']}" for one in copies["unreadable"]),
    )


def progress(
    asset: str, asked: str, since: datetime | None, running: Sequence[str], outcomes: Mapping[str, Outcome]
) -> tuple[str, ...]:
    """What becomes of an act that was `asked` for at `since` (empty and None: nobody did), and what else is at work."""
    at_work = [act for act in ACTS if f"{act}:{asset}" in running]
    lines = [f"At work: {', '.join(at_work)}."] if at_work else []
    if asked not in ACTS or since is None or asked in at_work:
        return tuple(lines)
    ended = outcomes.get(f"{asked}:{asset}")
    if ended is None or ended.ended_at < since:
        return (*lines, f"Asked for: {asked}. The keeper begins it as soon as it may.")
    came = "done" if ended.ok else f"FAILED: {ended.said}"
    return (*lines, f"{asked}, ended {moment(ended.ended_at)}: {came}")


def ago(at: datetime, now: datetime) -> str:
    return f"{brief(max(0.0, (now - at).total_seconds()))} ago"


def _headline(state: str, assets: Sequence[AssetLine], risks: Sequence[str]) -> str:
    if state == BAD:
        return "One thing is at risk." if len(risks) == 1 else f"{max(1, len(risks))} things are at risk."
    if state == UNKNOWN:
        return "Nothing is known to be wrong, but not everything could be seen."
    if not assets:
        return "All is well, but nothing is guarded: outlive.toml names no asset."
    return "All is well."


def _blind(one: Document, at: datetime) -> str:
    until = "now" if one["to"] >= at else moment(one["to"])
    return f"{one['what']}, {moment(one['from'])} to {until}: {one['why']}"


def _drill(drill: Document | None, at: datetime) -> str:
    if drill is None:
        return "never"
    if not drill["ok"]:
        return f"RED {ago(drill['at'], at)}"
    took = "" if drill["rto_seconds"] is None else f"back in {brief(drill['rto_seconds'])}, "
    return took + ago(drill["at"], at)


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


def _facts(observations: Sequence[Document]) -> tuple[str, ...]:
    told = (f"{one['fact']} at {one['subject']} ({one['channel']}): {one['value']}" for one in observations)
    return tuple(dict.fromkeys(told))

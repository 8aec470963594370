"""A host and an asset in a line, as several views show them. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

from outlive.model.words import brief, duration
from outlive.web.views.words import BAD, GOOD, MARKS, SENTENCES, UNKNOWN, Document, ago, state_of


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
    """`lost` is what would be gone if the host vanished now; `lost_share` the same as a length of 0 to 100."""

    name: str
    host: str
    kind: str
    state: str
    lost: str
    copied: str
    proof: str
    drill: str
    risks: tuple[str, ...]
    lost_share: int

    @property
    def mark(self) -> str:
        return MARKS[self.state]


@dataclass(frozen=True, slots=True)
class CronLine:
    """A cron job that tells how it went."""

    name: str
    state: str
    mark: str
    said: str


@dataclass(frozen=True, slots=True)
class RehearsalLine:
    """How long a whole host took to be back on another machine, and whether that can be relied on."""

    host: str
    state: str
    said: str

    @property
    def mark(self) -> str:
        return MARKS[self.state]


def cron_line(one: Document, at: datetime) -> CronLine:
    """A cron job of `status --json`. Only what told that it is well is well, only what is known to be down is bad."""
    state = {"up": GOOD, "down": BAD}.get(one["state"], UNKNOWN)
    last = f"last heard {ago(one['last_at'], at)}" if one["last_at"] else "never heard"
    return CronLine(one["cron"], state, str(one["state"]).upper(), "; ".join(filter(None, (last, one["why"]))))


def host_line(one: Document, at: datetime) -> HostLine:
    """A host of `status --json`. A verdict that is not confirmed is said to be so."""
    verdict = one["verdict"]
    state = state_of(verdict)
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
        lost_share=_share(loss["seconds"]),
    )


def rehearsal_lines(status: Document) -> tuple[RehearsalLine, ...]:
    """The RTO of the whole stack of each host that was rehearsed, or is to be, from `status --json`."""
    done = {one["host"]: one for one in status.get("rehearsals", ())}
    plan = {one["host"]: one for one in status.get("rehearsal_plan", ())}
    return tuple(_rehearsal(host, done.get(host), plan.get(host), status["at"]) for host in {**done, **plan})


def _rehearsal(host: str, done: Document | None, planned: Document | None, at: datetime) -> RehearsalLine:
    plan = planned or {}
    said = ["not rehearsed yet"]
    if done is not None:
        took = "" if done["rto_seconds"] is None else f" in {duration(done['rto_seconds'])}"
        said = [f"the whole stack was back{took}, rehearsed {ago(done['at'], at)}"]
    is_stale = bool(plan.get("late") or (done or {}).get("stale"))
    said += ["too long ago to rely on"] if is_stale else []
    said += ["the last one failed"] if plan.get("failed") else []
    said += [f"the next waits: {plan['waits']}"] if plan.get("waits") else []
    state = BAD if plan.get("late") or plan.get("failed") else GOOD if done and not is_stale else UNKNOWN
    return RehearsalLine(host, state, "; ".join(said))


def mirror_risks(status: Document) -> tuple[str, ...]:
    """What of the second vault is at risk, from `status --json`."""
    mirror = status.get("mirror") or {"assets": []}
    return tuple(f"{one['asset']}: {risk}" for one in mirror["assets"] for risk in one["risks"])


def _drill(drill: Document | None, at: datetime) -> str:
    if drill is None:
        return "never"
    if not drill["ok"]:
        return f"RED {ago(drill['at'], at)}"
    took = "" if drill["rto_seconds"] is None else f"back in {brief(drill['rto_seconds'])}, "
    return took + ago(drill["at"], at)


def _share(seconds: float | None) -> int:
    """On a scale on which a second is next to nothing, an hour is half, and what nobody can bring back all."""
    return 100 if seconds is None else min(95, round(14 * math.log10(1 + max(0.0, seconds))))

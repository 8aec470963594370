"""What is wrong now, from what the keeper remembers. Pure.

What was not seen is neither wrong nor well: its cause is `unknown`, and an incident about it stays as it is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from outlive.alerts import crons, projects, signs
from outlive.model.incident import Trouble, Urgency
from outlive.model.observation import Observation
from outlive.model.schedule import REHEARSAL, Outcome
from outlive.model.verdict import MEANING, Name
from outlive.model.watching import Blind, Judged, Settlement

NO_NETWORK = "the hosts, over the network"  # how the keeper calls it when none of its canaries answers
HOST, STREAM, CHANNEL, KEEPER = "host", "stream", "channel", "keeper"
DATA_GONE = (Name.OS_REINSTALLED, Name.MACHINE_REPLACED, Name.DATA_REPLACED, Name.ROLLED_BACK)
CAN_WAIT = (Name.REBOOTED,)
JOBS_THAT_CAN_WAIT = ("prune", "mirror", "selftest")
STREAMING = "streaming"
UNTOLD_SECONDS = 300.0  # a verdict that says nothing is a trouble when it goes on
STREAM_SECONDS = 120.0  # a stream that is away for a moment comes back by itself
MOST_ADVICE = 2


@dataclass(frozen=True, slots=True)
class StreamSeen:
    """How the stream of an asset is: its health, since when, and why."""

    asset: str
    health: str
    since: datetime
    why: str


@dataclass(frozen=True, slots=True)
class Memory:
    """What is remembered. `fresh_seconds`: by host, how old a verdict may be to count; hosts that are not in it are not
    guarded any more. `on_host`: by asset, where it lives. `deaf`: channels whose last message could not be delivered, and
    why. `signs`: critical leaks and signs of compromise in logs, of the last `signs.TOLD`; `settled`: what people said of
    them. `crons`: people's cron jobs. `projects`: what the providers told."""

    standing: Mapping[str, Judged] = field(default_factory=dict)
    fresh_seconds: Mapping[str, float] = field(default_factory=dict)
    blind: Sequence[Blind] = ()
    outcomes: Sequence[Outcome] = ()
    streams: Sequence[StreamSeen] = ()
    on_host: Mapping[str, str | None] = field(default_factory=dict)
    deaf: Mapping[str, tuple[datetime, str]] = field(default_factory=dict)
    signs: Sequence[Observation] = ()
    settled: Sequence[Settlement] = ()
    crons: Sequence[crons.CronStanding] = ()
    projects: Sequence[projects.Project] = ()


@dataclass(frozen=True, slots=True)
class Seen:
    """`unknown`: causes of which nothing can be told; `all_unknown`: of none anything can."""

    troubles: tuple[Trouble, ...]
    unknown: frozenset[str] = frozenset()
    all_unknown: bool = False

    def is_unknown(self, cause: str) -> bool:
        return self.all_unknown or cause in self.unknown


def seen(memory: Memory, now: datetime) -> Seen:
    """Everything that is wrong. While the keeper has no network it knows nothing and says nothing."""
    blind = [one for one in memory.blind if one.until is None]
    if any(one.what == NO_NETWORK for one in blind):
        return Seen((), all_unknown=True)
    fresh, unknown = _fresh(memory, now)
    troubles = [
        *(_host(one) for one in fresh if _is_wrong(one)),
        *_streams(memory, now),
        *(_job(one, memory.on_host) for one in memory.outcomes if not one.ok),
        *(_keeper(one) for one in blind),
        *(_channel(name, since, why) for name, (since, why) in memory.deaf.items()),
        *signs.troubles(signs.unsettled(memory.signs, memory.settled)),
        *crons.troubles(memory.crons),
        *projects.troubles(memory.projects, now),
    ]
    return Seen(tuple(troubles), unknown | crons.unknown(memory.crons))


def cause_of(host: str) -> str:
    return f"{HOST}:{host}"


def _fresh(memory: Memory, now: datetime) -> tuple[list[Judged], frozenset[str]]:
    fresh, unknown = [], set()
    for host, seconds in memory.fresh_seconds.items():
        judged = memory.standing.get(host)
        is_fresh = judged is not None and abs(now - judged.judged_at) <= timedelta(seconds=seconds)
        if judged is not None and is_fresh and not _says_nothing_yet(judged, now):
            fresh.append(judged)
        else:
            unknown.add(cause_of(host))
    return fresh, frozenset(unknown)


def _says_nothing_yet(judged: Judged, now: datetime) -> bool:
    return judged.verdict == Name.NO_DATA and now - judged.since < timedelta(seconds=UNTOLD_SECONDS)


def _is_wrong(judged: Judged) -> bool:
    return judged.verdict != Name.SAME_MACHINE_OK and not judged.document.get("accepted")


def _host(judged: Judged) -> Trouble:
    name = Name(judged.verdict)
    urgency = Urgency.DATA_LOSS if name in DATA_GONE else Urgency.LOW if name in CAN_WAIT else Urgency.HIGH
    return Trouble(
        cause=cause_of(judged.host),
        name=name,
        host=judged.host,
        urgency=urgency,
        since=judged.since,
        what=f"{judged.host}: {MEANING[name]}",
        sure=judged.confirmed,
        safe=tuple(judged.document.get("advice", ()))[:MOST_ADVICE],
        forbidden=tuple(judged.document.get("forbidden", ()))[:MOST_ADVICE],
        flapping=bool(judged.document.get("flapping")),
        same_as=signs.named(judged.document.get("for", ())) if name is Name.POSSIBLE_COMPROMISE else (),
    )


def _streams(memory: Memory, now: datetime) -> Iterator[Trouble]:
    for one in memory.streams:
        if one.health == STREAMING or now - one.since < timedelta(seconds=STREAM_SECONDS):
            continue
        what = f"the log of {one.asset} is not saved: {one.why or one.health}"
        safe = ("the newest copy is not touched", "outlive status shows what would be lost now")
        host = memory.on_host.get(one.asset)
        yield Trouble(f"{STREAM}:{one.asset}", one.health, host, Urgency.HIGH, one.since, what, safe=safe)


def _job(one: Outcome, on_host: Mapping[str, str | None]) -> Trouble:
    kind, _, asset = one.job.partition(":")
    waits = kind in JOBS_THAT_CAN_WAIT and "ALARM" not in one.said
    host = asset if kind == REHEARSAL else on_host.get(asset)
    what = f"{kind}{f' of {asset}' if asset else ''} failed: {one.said or 'it did not say why'}"
    return Trouble(
        cause=one.job,
        name=kind,
        host=host,
        urgency=Urgency.LOW if waits else Urgency.HIGH,
        since=one.ended_at,
        what=what,
        safe=("copies that are there stay; it is tried again by itself",),
        forbidden=("do not delete older copies",) if kind in ("backup", "drill", "verify") else (),
    )


def _keeper(one: Blind) -> Trouble:
    cause = f"{KEEPER}:{one.what}"
    what = f"the keeper does not see {one.what}: {one.why}"
    return Trouble(cause, "blind", None, Urgency.HIGH, one.since, what, safe=("nothing is concluded meanwhile",))


def _channel(name: str, since: datetime, why: str) -> Trouble:
    what = f"alerts do not reach anybody by {name}: {why}"
    safe = (f"mend it, then: outlive alerts test {name}",)
    return Trouble(f"{CHANNEL}:{name}", "unreachable", None, Urgency.HIGH, since, what, safe=safe)


def explained(trouble: Trouble, by: Collection[Trouble]) -> Trouble | None:
    """The trouble of its host that explains this one: it is a symptom; or that which is the same news. What happens on the
    keeper's own side (drills, re-reading, pruning, the mirror) no host explains."""
    if (same := next((one for one in by if one.cause in trouble.same_as), None)) is not None:
        return same
    if trouble.cause == cause_of(trouble.host or ""):
        return None
    kind = trouble.cause.partition(":")[0]
    for one in by:
        if one.host == trouble.host and one.cause == cause_of(one.host or "") and kind in _EXPLAINS.get(one.name, ()):
            return one
    return None


_WAYS_IN = ("backup", STREAM, crons.CRON)
# What the provider itself tells of such a host is the same news.
_IN_ITS_PROJECT = (Name.OS_REINSTALLED, Name.MACHINE_REPLACED, Name.ADDRESS_MOVED, Name.SUSPENDED)
_EXPLAINS: Mapping[str, tuple[str, ...]] = {
    name: (*_WAYS_IN, *([projects.PROJECT] if name in _IN_ITS_PROJECT else []))
    for name in Name
    if name
    not in (
        Name.SAME_MACHINE_OK,
        Name.DNS_ELSEWHERE,
        Name.DUPLICATE,
        Name.CLONED,
        Name.POSSIBLE_COMPROMISE,
        Name.NO_DATA,
    )
} | {Name.DUPLICATE: (projects.PROJECT,)}

"""Time in steps: what is wrong when, and who is told what."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from outlive.alerts import telling
from outlive.alerts.incidents import follow
from outlive.alerts.telling import Channel, Notice, Policy
from outlive.alerts.troubles import Memory, Seen, seen
from outlive.model.incident import Incident, Kind, Trouble, Urgency
from outlive.model.schedule import Outcome
from outlive.model.watching import Blind, Judged, Window

NOON = datetime(2026, 2, 7, 12, tzinfo=UTC)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
PHONE, MAIL = Channel("phone"), Channel("mail", step=2)
POLICY = Policy((PHONE, MAIL))


def trouble(cause: str = "host:web-1", name: str = "same_machine_app_down", **more: object) -> Trouble:
    kind, _, about = cause.partition(":")
    values: dict[str, object] = {
        "host": about if kind == "host" else None,
        "urgency": Urgency.HIGH,
        "since": NOON,
        "what": f"{about} is wrong",
    }
    return Trouble(cause, name, **{**values, **more})  # type: ignore[arg-type]


def judged(
    verdict: str, host: str = "web-1", at: datetime = NOON, *, confirmed: bool = True, **document: object
) -> Judged:
    return Judged(host, at, at, verdict, confirmed, dict(document))


def failed(job: str, at: datetime = NOON, said: str = "no route") -> Outcome:
    return Outcome(job, "run", at, False, said)


def memory(
    *verdicts: Judged,
    outcomes: Sequence[Outcome] = (),
    blind: Sequence[Blind] = (),
    hosts: Collection[str] = ("web-1",),
) -> Memory:
    return Memory(
        standing={one.host: one for one in verdicts},
        fresh_seconds=dict.fromkeys(hosts, 120.0),
        blind=blind,
        outcomes=outcomes,
        on_host={"shop-db": "web-1", "files": None},
    )


@dataclass
class Replay:
    """`told` are (channel, kind, cause) in order; tests have the cause ""."""

    policy: Policy = POLICY
    now: datetime = NOON
    windows: Sequence[Window] = ()
    incidents: list[Incident] = field(default_factory=list)
    told: list[tuple[str, Kind, str]] = field(default_factory=list)
    broken: Mapping[str, bool] = field(default_factory=dict)

    def see(self, *troubles: Trouble, unknown: Collection[str] = (), all_unknown: bool = False) -> list[Notice]:
        return self.step(Seen(troubles, frozenset(unknown), all_unknown))

    def remember(self, remembered: Memory) -> list[Notice]:
        return self.step(seen(remembered, self.now))

    def step(self, found: Seen) -> list[Notice]:
        reach = self.now - telling.REACH
        known = [one for one in self.incidents if one.ended_at is None or one.ended_at >= reach]
        followed = follow(found, known, self.now, len(self.incidents) + 1)
        present = {one.id: one for one in (*known, *followed.changed)}
        forgotten = [one for one in self.incidents if one.id not in present]
        notices = telling.due(list(present.values()), self.policy, self.windows, self.now)
        self.incidents = [*forgotten, *telling.after(present.values(), notices, self.now)]
        for notice in notices:
            self.told += [(notice.channel, item.kind, item.incident.cause) for item in notice.items]
            for item in notice.items if self.broken.get(notice.channel) else ():
                self.fail(item.incident.id, notice.channel)
        return notices

    def fail(self, number: int, channel: str) -> None:
        self.incidents = [
            telling.undelivered(one, channel, self.now, self.now) if one.id == number else one for one in self.incidents
        ]

    def wait(self, length: timedelta, *troubles: Trouble, every: timedelta = 10 * SECOND) -> None:
        """As long, with the same troubles."""
        end = self.now + length
        while self.now < end:
            self.now += every
            self.see(*troubles)

    def kinds(self, channel: str = "phone") -> list[Kind]:
        return [kind for name, kind, _ in self.told if name == channel]

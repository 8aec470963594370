"""Incidents: what is wrong, since when, and who was told. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any

from outlive.model.observation import moment, rfc3339


class Urgency(IntEnum):
    """`LOW` can wait for the day, `HIGH` wants somebody now, `DATA_LOSS` also at night and during maintenance."""

    LOW = 0
    HIGH = 1
    DATA_LOSS = 2

    @property
    def word(self) -> str:
        return self.name.lower()


class Kind(StrEnum):
    """Why somebody is told."""

    OPENED = "opened"
    CHANGED = "changed"
    AGAIN = "again"
    REPEATED = "repeated"
    ESCALATED = "escalated"
    RECOVERED = "recovered"
    AFTERWARDS = "afterwards"  # it came and went in quiet hours
    TEST = "test"

    @property
    def is_end(self) -> bool:
        """That it is over is told."""
        return self in (Kind.RECOVERED, Kind.AFTERWARDS)


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that is wrong. `cause` stays the same while it lasts (`host:web-1`, `backup:shop-db`, `channel:phone`);
    `name` may come to be another (a verdict). `host` is whose diagnosis may explain it. `parts`: what it consists of, where
    one more makes it worse. `same_as`: causes of which it is the same news, told otherwise (not remembered)."""

    cause: str
    name: str
    host: str | None
    urgency: Urgency
    since: datetime
    what: str
    sure: bool = True
    safe: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    flapping: bool = False
    parts: tuple[str, ...] = ()
    same_as: tuple[str, ...] = field(default=(), compare=False)

    def to_json(self) -> dict[str, Any]:
        return {
            "cause": self.cause,
            "name": self.name,
            "host": self.host,
            "urgency": self.urgency.word,
            "since": rfc3339(self.since),
            "what": self.what,
            "sure": self.sure,
            "safe": list(self.safe),
            "forbidden": list(self.forbidden),
            "flapping": self.flapping,
            "parts": list(self.parts),
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Trouble:
        lists = {name: tuple(value.get(name, ())) for name in ("safe", "forbidden", "parts")}
        typed = {"urgency": Urgency[value["urgency"].upper()], "since": moment(value["since"])}
        return cls(**{**value, **lists, **typed})


@dataclass(frozen=True, slots=True)
class Told:
    """What a channel was told last of an incident: `name` as it was then; `over`: that it has ended."""

    first_at: datetime
    at: datetime
    name: str
    sure: bool
    over: bool = False


@dataclass(frozen=True, slots=True)
class Incident:
    """One thing that is wrong, with what it explains (`symptoms`), from the moment it was noticed. `times`: how often it
    came. `worsened_at`: since when it is as urgent as it is. `failed`: since when a
    channel could not be told."""

    id: int
    trouble: Trouble
    opened_at: datetime
    worsened_at: datetime
    ended_at: datetime | None = None
    gone_since: datetime | None = None
    times: int = 1
    symptoms: tuple[str, ...] = ()
    told: Mapping[str, Told] = field(default_factory=dict)
    failed: Mapping[str, datetime] = field(default_factory=dict)
    acknowledged_at: datetime | None = None
    acknowledged_by: str = ""

    @property
    def cause(self) -> str:
        return self.trouble.cause

    @property
    def is_acknowledged(self) -> bool:
        """Somebody said so, and it has not become worse since."""
        return self.acknowledged_at is not None and self.acknowledged_at >= self.worsened_at

    @property
    def is_flapping(self) -> bool:
        return self.trouble.flapping or self.times > 2


class Delivery(StrEnum):
    """How far a message is."""

    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Sending:
    """A message to a channel: about which incidents, and how it came out. `why` says what failed."""

    id: str
    channel: str
    at: datetime
    title: str
    body: str
    good: bool
    incidents: tuple[int, ...] = ()
    kinds: tuple[str, ...] = ()
    state: Delivery = Delivery.QUEUED
    ended_at: datetime | None = None
    why: str = ""

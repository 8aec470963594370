"""What the keeper remembers of its looking, besides what was seen: identities, addresses, windows, verdicts. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from outlive.model.observation import Channel, Observation, rfc3339


@dataclass(frozen=True, slots=True)
class Enrolment:
    """The identity of a host as it was pinned: facts of the vocabulary by name. `by` is who did it, `how` in which way
    (`enrol`, `init`, or the maintenance window within which it changed)."""

    host: str
    at: datetime
    by: str
    how: str
    facts: dict[str, Any] = field(default_factory=dict)

    def observation(self) -> Observation:
        return Observation(
            self.at, "enrolment", Channel.PERSON, self.host, "enrolled", self.facts, f"{self.how}, {self.by}"
        )


@dataclass(frozen=True, slots=True)
class Told:
    """An address that somebody gave for a host: `told_by` is `outlive.toml`, `dns NAME`, `ssh`, `tofu`, `provider`, or
    what a person wrote. It goes on being asked, also when nobody says it any more, until a person forgets it."""

    host: str
    address: str
    told_by: str
    first_at: datetime
    last_at: datetime
    forgotten_at: datetime | None = None

    @property
    def is_asked(self) -> bool:
        """What was forgotten is asked again as soon as somebody tells it anew."""
        return self.forgotten_at is None or self.last_at > self.forgotten_at


@dataclass(frozen=True, slots=True)
class Window:
    """A change that was declared beforehand: within it, the identity may come to be another. `expect` is reinstall,
    replace, reboot or move."""

    host: str
    since: datetime
    until: datetime
    expect: str
    by: str

    def covers(self, now: datetime) -> bool:
        return self.since <= now <= self.until

    def observation(self) -> Observation:
        value = {"from": rfc3339(self.since), "to": rfc3339(self.until), "expect": self.expect}
        return Observation(self.since, "window", Channel.PERSON, self.host, "maintenance", value, self.by)


@dataclass(frozen=True, slots=True)
class Judged:
    """What a host was judged to be from `since` on, last at `judged_at`; `document` is the verdict with its reasons as
    it was told last."""

    host: str
    since: datetime
    judged_at: datetime
    verdict: str
    confirmed: bool
    document: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Blind:
    """A time in which something was not seen; `until` None while that goes on."""

    what: str
    since: datetime
    until: datetime | None
    why: str


@dataclass(frozen=True, slots=True)
class Planted:
    """A marker that we put on a host: `place` is a volume's name, "" for the root disk; `tag` is a keyed hash of what was
    put there."""

    host: str
    place: str
    tag: str
    at: datetime
    by: str
    removed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class LogPosition:
    """How far `reader` (where it looks) has read one `log`, in the reader's own words: `document` is JSON, and holds no text
    of the log."""

    reader: str
    log: str
    at: datetime
    document: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Settlement:
    """A person has seen what was found in a log (up to `at`), and it is dealt with: `how` is `rotated` (the secret is worth
    nothing any more) or `harmless` (nobody's work, nobody's secret). `subject`, `service` (with its project), `rule` and
    `fingerprint` say what; the same found again later is not settled."""

    subject: str
    service: str
    rule: str
    fingerprint: str
    at: datetime
    by: str
    how: str

    @classmethod
    def of(cls, sign: Observation, at: datetime, by: str, how: str) -> Settlement:
        """Of a `log.leak`."""
        return cls(*which(sign), at=at, by=by, how=how)

    def covers(self, sign: Observation) -> bool:
        return which(sign) == (self.subject, self.service, self.rule, self.fingerprint) and sign.at <= self.at

    def observation(self) -> Observation:
        value = {"service": self.service, "rule": self.rule, "fingerprint": self.fingerprint}
        more = {"how": self.how, "by": self.by}
        return Observation(self.at, "ack", Channel.PERSON, self.subject, "log.settled", value | more)

    @classmethod
    def from_observation(cls, one: Observation) -> Settlement | None:
        """None when it is no `log.settled` that says what, how and by whom."""
        value = one.value if isinstance(one.value, dict) else {}
        told = [value.get(name) for name in ("service", "rule", "fingerprint", "by", "how")]
        if one.fact != "log.settled" or not all(isinstance(each, str) for each in told):
            return None
        service, rule, fingerprint, by, how = map(str, told)
        return cls(one.subject, service, rule, fingerprint, one.at, by, how)


def service_of(sign: Observation) -> str:
    """`project/service`; the service alone where no project is told."""
    value = sign.value if isinstance(sign.value, dict) else {}
    project, named = value.get("project"), value.get("service")
    return "" if named is None else f"{project}/{named}" if project else str(named)


def which(sign: Observation) -> tuple[str, str, str, str]:
    """Of a `log.leak`: where, of which service, by which rule, and its fingerprint."""
    value = sign.value if isinstance(sign.value, dict) else {}
    return sign.subject, service_of(sign), str(value.get("rule")), str(value.get("fingerprint"))

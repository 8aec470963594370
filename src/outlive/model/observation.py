"""Observations: what a witness saw, from where, when. Pure. One vocabulary for witnesses, the keeper's memory and
`evidence.jsonl` (docs/reference/observations.md). An observation is never changed and never judged here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any


class Channel(StrEnum):
    """Which way a fact came. Two facts by one channel can be wrong together; the provider's API and OpenTofu are one."""

    OUTSIDE = "outside"  # the network, no login
    INSIDE = "inside"  # logged in
    DATA = "data"  # Postgres, volumes
    PROVIDER = "provider"
    DNS = "dns"
    TELEMETRY = "telemetry"  # logs and metrics kept elsewhere
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class Observation:
    """`fact` (`ssh.host_key`, `http.response`, ...) had `value` (JSON) at `at`, of `subject`: an address, a URL, or a
    host's name in `outlive.toml`. `at` is the time of the event, `observed_at` when we learnt of it; both aware, in UTC.
    `source` says where a recorded one comes from (a file, a log query); `cluster` tells several databases of one host
    apart. A value `{"error": ...}` says that the witness looked and got no answer: no data, never "ok"."""

    at: datetime
    witness: str
    channel: Channel
    subject: str
    fact: str
    value: Any
    source: str = ""
    cluster: str | None = None
    observed_at: datetime | None = None

    @property
    def learnt_at(self) -> datetime:
        return self.observed_at or self.at

    @property
    def error(self) -> str | None:
        """Why there is no data in it, or None when there is."""
        return str(self.value["error"]) if isinstance(self.value, dict) and "error" in self.value else None

    def to_json(self) -> dict[str, Any]:
        """The keys of the contract's OBS, and those of the further ones that say something."""
        further = {
            "source": self.source or None,
            "cluster": self.cluster,
            "observed_at": None if self.observed_at in (None, self.at) else rfc3339(self.learnt_at),
        }
        return {
            "witness": self.witness,
            "channel": self.channel.value,
            "subject": self.subject,
            "fact": self.fact,
            "value": self.value,
            "at": rfc3339(self.at),
        } | {key: value for key, value in further.items() if value is not None}

    @classmethod
    def from_json(cls, line: Any) -> Observation:
        """Reads one line of `evidence.jsonl`. Keys it does not know are passed over. Raises ValueError saying what is
        wrong with it."""
        if not isinstance(line, dict):
            raise ValueError("an observation is a JSON object")
        missing = [key for key in ("at", "witness", "channel", "subject", "fact", "value") if key not in line]
        if missing:
            raise ValueError(f"{', '.join(missing)} missing")
        for key in ("at", "witness", "channel", "subject", "fact", "source", "cluster", "observed_at"):
            if not isinstance(line.get(key, ""), str | None):
                raise ValueError(f"{key} must be text")
        channels = [channel.value for channel in Channel]
        if line["channel"] not in channels:
            raise ValueError(f"channel {line['channel']!r} is none of {', '.join(channels)}")
        return cls(
            at=moment(line["at"]),
            witness=line["witness"],
            channel=Channel(line["channel"]),
            subject=line["subject"],
            fact=line["fact"],
            value=line["value"],
            source=line.get("source") or "",
            cluster=line.get("cluster"),
            observed_at=moment(line["observed_at"]) if line.get("observed_at") else None,
        )


def moment(text: str) -> datetime:
    """An RFC 3339 time, in UTC. Raises ValueError, also when it names no offset: a time without one is a guess."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no RFC 3339 time") from None
    if read.tzinfo is None:
        raise ValueError(f"{text!r} names no offset: write it in UTC, with a Z")
    try:
        return read.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{text!r} is out of range") from None


def rfc3339(at: datetime) -> str:
    """`2026-02-07T08:20:00Z`, with fractions where there are any."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")

"""How something that is asked again and again answered, by hour. Pure.

Stretches (`stretch.py`) keep what was said; how long it took is no news there, and is gone. Here it is counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from outlive.model.observation import Observation

COUNTED = ("http.response", "tcp.connect")
LOG = "log"  # how far the log in the vault is behind: not a look, counted the same way
LONGEST_NAME = 300


@dataclass(frozen=True, slots=True)
class Tally:
    """The hour from `at` on of one check of `subject` (a host, or an asset): of so many `looks` so many `failed`, the last
    of them `why`. Of `timed` looks it is known how long they took."""

    subject: str
    check: str
    at: datetime
    looks: int
    failed: int
    timed: int
    total_seconds: float
    most_seconds: float
    why: str = ""

    def __add__(self, later: Tally) -> Tally:
        """Of the same check in the same hour."""
        return Tally(
            self.subject,
            self.check,
            self.at,
            self.looks + later.looks,
            self.failed + later.failed,
            self.timed + later.timed,
            self.total_seconds + later.total_seconds,
            max(self.most_seconds, later.most_seconds),
            later.why or self.why,
        )

    @property
    def mean_seconds(self) -> float | None:
        return self.total_seconds / self.timed if self.timed else None


@dataclass(frozen=True, slots=True)
class Answers:
    """How a check answered in the `last` hour in which it was asked, and over all hours that were looked at."""

    last: Tally
    looks: int
    failed: int


def tally(subject: str, check: str, at: datetime, seconds: float | None, why: str = "") -> Tally:
    """Of one look; `why` it failed, "" when it did not."""
    known = seconds is not None
    took = max(0.0, seconds or 0.0)
    return Tally(subject, check[:LONGEST_NAME], _hour(at), 1, bool(why), known, took, took, why[:LONGEST_NAME])


def of_look(host: str, one: Observation) -> Tally | None:
    """None when it is nothing that takes time."""
    if one.fact not in COUNTED or not isinstance(one.value, dict):
        return None
    value = one.value
    why = str(one.error or ("" if value.get("as_expected", True) else value.get("why") or "not as expected"))
    seconds = value.get("seconds") if not one.error else None
    known = float(seconds) if isinstance(seconds, int | float) else None
    return tally(host, _name(one, value), one.at, known, why)


def _name(one: Observation, value: dict[str, object]) -> str:
    if one.fact == "tcp.connect":
        return f"port {value.get('port')} at {one.subject}"
    url = str(value.get("url") or one.subject)
    return url if url == one.subject else f"{url} at {one.subject}"


def _hour(at: datetime) -> datetime:
    return at - timedelta(minutes=at.minute, seconds=at.second, microseconds=at.microsecond)

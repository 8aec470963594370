"""The keeper's sign of life to somebody outside (a dead-man's switch): when none comes, that one raises the alarm. Pure.

Healthchecks' protocol (healthchecks.io/docs/http_api): the ping URL for success, /start and /fail behind it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from outlive.alerts.crons import CRON
from outlive.alerts.signs import COMPROMISE, LEAK
from outlive.alerts.troubles import CHANNEL, HOST, KEEPER, Seen


class Signal(StrEnum):
    """What is appended to the URL."""

    START = "/start"
    SUCCESS = ""
    FAIL = "/fail"


@dataclass(frozen=True, slots=True)
class Beat:
    """One sign, and the words that go with it."""

    signal: Signal
    words: str


def beat(
    seen: Seen, hosts: Collection[str], deaf: Collection[str], unproven: Sequence[str] | None, now: datetime
) -> Beat | None:
    """None when the keeper has not really looked: then silence is the truth. A host that is down is told by alerts; what
    fails here is the keeper itself: that it cannot tell anybody, or that what protects the data does not work or is not
    proven. `unproven` None: the vault was not asked yet."""
    if seen.all_unknown or {f"{HOST}:{host}" for host in hosts} & seen.unknown:
        return None
    others = (HOST, CHANNEL, KEEPER, COMPROMISE, LEAK, CRON)
    own = [one.what for one in seen.troubles if one.cause.partition(":")[0] not in others]
    own += [one.what for one in seen.troubles if one.cause.startswith(f"{KEEPER}:")]
    own += [f"alerts do not reach anybody by {name}" for name in deaf]
    own += unproven or ()
    if own:
        return Beat(Signal.FAIL, "\n".join(own))
    if unproven is None:
        return None
    return Beat(Signal.SUCCESS, f"looked at {len(hosts)} hosts; backups are kept and proven ({now:%Y-%m-%d %H:%M:%S}Z)")


def is_time(last_at: datetime | None, every_seconds: float, now: datetime) -> bool:
    """A clock that jumped back must not silence it."""
    return last_at is None or not timedelta(0) <= now - last_at < timedelta(seconds=every_seconds)

"""A cron job of the user's, as far as it tells the keeper that it ran (`/ping/<id>`). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256


class Signal(StrEnum):
    """What a ping says (healthchecks.io/docs/http_api); an exit status is success or failure."""

    START = "start"
    SUCCESS = "success"
    FAIL = "fail"
    LOG = "log"


@dataclass(frozen=True, slots=True)
class CronHeard:
    """When each was heard last; None: never. `exit_status` is that of the last end, where it told one."""

    name: str
    began_at: datetime | None = None
    succeeded_at: datetime | None = None
    failed_at: datetime | None = None
    exit_status: int | None = None


def digest(secret: str) -> bytes:
    """By this an id is looked up: how long that takes tells nothing of the id."""
    return sha256(secret.encode()).digest()

"""What is said or done in a recovery, into the host's open incident."""

from __future__ import annotations

from datetime import datetime

from outlive.cli.looking import person
from outlive.model.observation import Channel, Observation
from outlive.state.store import Store
from outlive.state.telling import Telling


def note(store: Store, host: str, text: str, now: datetime) -> None:
    """Into every open incident of the host; nothing when there is none."""
    telling = Telling(store)
    value = {"what": "recovery", "detail": {"text": text}}
    for one in telling.incidents():
        if one.ended_at is None and host in (one.trouble.host, one.cause.partition(":")[2]):
            telling.note(one.id, [Observation(now, "recover", Channel.PERSON, host, "action", value, person())], now)

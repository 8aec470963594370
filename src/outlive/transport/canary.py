"""Independent places that are asked only when a host is silent: does anybody answer us at all, and what time is it?"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime

from outlive.transport import http
from outlive.transport.dns import Names
from outlive.transport.net import NoAnswer, Steps, Trust, connection


@dataclass(frozen=True, slots=True)
class Canary:
    """`answered`: somebody is there, be it with a refusal. `date` is its clock, where it tells."""

    place: str
    answered: bool
    date: datetime | None = None


async def ask(place: str, names: Names, trust: Trust, timeout_seconds: float) -> Canary:
    """`address:port`, or a URL. Never raises."""
    if "://" in place:
        answer = await http.ask(http.Question(place, timeout_seconds=timeout_seconds), names, trust)
        return Canary(place, answer.status is not None, answer.date)
    address, _, port = place.rpartition(":")
    try:
        async with asyncio.timeout(timeout_seconds), connection(address.strip("[]"), int(port), Steps()):
            return Canary(place, True)
    except NoAnswer as error:
        return Canary(place, error.word == "refused")
    except TimeoutError:
        return Canary(place, False)

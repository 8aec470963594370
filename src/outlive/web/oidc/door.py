"""What the page is given of a provider with which people may sign in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from outlive.web.oidc.attempts import Attempt
from outlive.web.oidc.people import Person


class Gate(Protocol):
    async def gate(self, attempt: Attempt) -> str: ...

    async def person(self, attempt: Attempt, code: str, now: Callable[[], datetime]) -> Person: ...


@dataclass(frozen=True, slots=True)
class OidcDoor:
    """`url` is where browsers reach the page, `label` whom people sign in with; who came and who was refused is told to
    `say`, and the claims to nobody."""

    gate: Gate
    url: str
    label: str
    say: Callable[[str], None] = lambda words: None

"""What a user, or a machine, gets at a URL: asked by its name, or at one of the host's addresses, whatever DNS says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from outlive.clock import Clock
from outlive.model.check import Check
from outlive.model.observation import Channel, Observation
from outlive.transport import http
from outlive.transport.dns import Names
from outlive.transport.net import Trust
from outlive.witnesses.base import Pad, rounded

FACT = "http.response"


@dataclass(frozen=True, slots=True)
class HttpWitness:
    """Of a URL. The subject is the URL, or the address when one is asked in particular."""

    check: Check
    names: Names
    trust: Trust
    clock: Clock
    address: str | None = None

    @property
    def what(self) -> str:
        return f"{self.check.url} at {self.address}" if self.address else self.check.url

    async def look(self) -> list[Observation]:
        question = http.Question(self.check.url, self.address, self.check.timeout_seconds)
        answer = await http.ask(question, self.names, self.trust)
        return [self._pad.note(FACT, self._value(answer))]

    def blind(self, why: str) -> list[Observation]:
        return [self._pad.no_data(FACT, "headers_timeout", why, url=self.check.url, kind=self.check.kind)]

    @property
    def _pad(self) -> Pad:
        return Pad("http", Channel.OUTSIDE, self.address or self.check.url, self.clock)

    def _value(self, answer: http.Answer) -> dict[str, Any]:
        steps = answer.steps
        value: dict[str, Any] = {
            "url": self.check.url,
            "kind": self.check.kind,
            "status": answer.status,
            "seconds": rounded(answer.seconds),
            "dns_seconds": rounded(answer.dns_seconds),
            "connect_seconds": rounded(steps.connect_seconds),
            "tls_seconds": rounded(steps.tls_seconds),
            "first_byte_seconds": rounded(answer.first_byte_seconds),
            "tls_valid": None if steps.tls_seconds is None else not answer.distrust,
            "tls_why": answer.distrust or None,
            "remote_address": answer.remote_address or None,
            "server": answer.headers.get("server"),
            "location": answer.headers.get("location"),
            "redirects": list(answer.redirects) or None,
            "skew_seconds": self._skew(answer),
        }
        if answer.error:
            value |= {"error": answer.error, "why": answer.why}
        elif answer.status is not None:
            unmet = self.check.unmet(answer.status, answer.body)
            value |= {"as_expected": not unmet, "why": unmet or None}
        return {key: one for key, one in value.items() if one is not None}

    def _skew(self, answer: http.Answer) -> float | None:
        """How far the server's clock is ahead of ours, to a second or so."""
        said = answer.date
        return None if said is None else round((said - self.clock.now()).total_seconds(), 1)

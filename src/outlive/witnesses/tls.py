"""Which certificate is shown at an address to who asks for a name: a secret of a disk, proven without a login."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from outlive.clock import Clock
from outlive.commands.certificate import read_leaf
from outlive.model.observation import Channel, Observation, rfc3339
from outlive.transport.net import NoAnswer, Steps, Trust, tls_line
from outlive.witnesses.base import Pad, rounded

FACT = "tls.leaf"


@dataclass(frozen=True, slots=True)
class TlsWitness:
    """Of one name at one address."""

    name: str
    address: str
    port: int
    trust: Trust
    clock: Clock
    timeout_seconds: float = 10.0

    @property
    def what(self) -> str:
        return f"the certificate for {self.name} at {self.address} port {self.port}"

    async def look(self) -> list[Observation]:
        try:
            async with asyncio.timeout(self.timeout_seconds):
                return [self._pad.note(FACT, await self._leaf())]
        except TimeoutError:
            return self.blind(f"no answer within {self.timeout_seconds:g} s")
        except NoAnswer as error:
            return [self._no_data(error.word, error.why)]
        except ValueError as error:
            return [self._no_data("tls", f"what was shown is no certificate: {error}")]

    def blind(self, why: str) -> list[Observation]:
        return [self._no_data("timeout", why)]

    @property
    def _pad(self) -> Pad:
        return Pad(f"tls@{self.name}", Channel.OUTSIDE, self.address, self.clock)

    def _no_data(self, error: str, why: str) -> Observation:
        return self._pad.no_data(FACT, error, why, name=self.name, port=self.port)

    async def _leaf(self) -> dict[str, Any]:
        steps = Steps()
        async with tls_line(self.address, self.port, self.name, self.trust, steps) as line:
            leaf = read_leaf(line.leaf)
        value = {
            "name": self.name,
            "port": self.port,
            "names": list(leaf.names),
            "spki": leaf.spki,
            "serial": leaf.serial,
            "issuer": leaf.issuer,
            "not_before": rfc3339(leaf.not_before),
            "not_after": rfc3339(leaf.not_after),
            "valid": not line.distrust,
            "seconds": rounded(steps.tls_seconds),
        }
        return value | ({"why": line.distrust} if line.distrust else {})

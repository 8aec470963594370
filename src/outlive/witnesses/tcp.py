"""Whether a port takes connections, and how fast."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from outlive.clock import Clock
from outlive.model.observation import Channel, Observation
from outlive.transport.net import NoAnswer, Steps, connection
from outlive.witnesses.base import Pad, rounded

FACT = "tcp.connect"


@dataclass(frozen=True, slots=True)
class TcpWitness:
    """Of one port of one address."""

    address: str
    port: int
    clock: Clock
    timeout_seconds: float = 10.0

    @property
    def what(self) -> str:
        return f"{self.address} port {self.port}"

    async def look(self) -> list[Observation]:
        steps = Steps()
        try:
            async with asyncio.timeout(self.timeout_seconds), connection(self.address, self.port, steps):
                return [self._pad.note(FACT, {"port": self.port, "seconds": rounded(steps.connect_seconds)})]
        except TimeoutError:
            return self.blind(f"no answer within {self.timeout_seconds:g} s")
        except NoAnswer as error:
            return [self._pad.no_data(FACT, error.word, error.why, port=self.port)]

    def blind(self, why: str) -> list[Observation]:
        return [self._pad.no_data(FACT, "timeout", why, port=self.port)]

    @property
    def _pad(self) -> Pad:
        return Pad("tcp", Channel.OUTSIDE, self.address, self.clock)

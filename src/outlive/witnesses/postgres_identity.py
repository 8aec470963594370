"""Which Postgres cluster answers in a host's name, and how far its log is: the identity of the data itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor, Future

from outlive.clock import Clock
from outlive.errors import OutliveError
from outlive.model.observation import Channel, Observation
from outlive.transport.postgres_identity import PostgresIdentity
from outlive.witnesses.base import Pad

FACTS = ("pg.system_identifier", "pg.timeline", "pg.lsn")


class PostgresWitness:
    """Of one cluster (`cluster` is its asset's name). `ask` may wait for the network; it is called on the executor, and
    never while an earlier question is still open."""

    def __init__(
        self, host: str, cluster: str, ask: Callable[[], PostgresIdentity], executor: Executor, clock: Clock
    ) -> None:
        self._pad = Pad("postgres_identity", Channel.DATA, host, clock)
        self._cluster = cluster
        self._ask = ask
        self._executor = executor
        self._open: Future[PostgresIdentity] | None = None

    @property
    def what(self) -> str:
        return f"the cluster {self._cluster}"

    async def look(self) -> list[Observation]:
        if self._open is not None and not self._open.done():
            return self.blind("the last question is still unanswered")
        self._open = self._executor.submit(self._ask)
        try:
            found = await asyncio.wrap_future(self._open)
        except OutliveError as error:
            return self._no_data("unreachable", str(error))
        values = (found.system_identifier, found.timeline, found.lsn)
        return [self._pad.note(fact, value, cluster=self._cluster) for fact, value in zip(FACTS, values, strict=True)]

    def blind(self, why: str) -> list[Observation]:
        return self._no_data("timeout", why)

    def _no_data(self, error: str, why: str) -> list[Observation]:
        return [self._pad.note(FACTS[0], {"error": error, "why": why}, cluster=self._cluster)]

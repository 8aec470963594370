"""One failure at every call of a stream of log: it is told, connected again, and the log in the vault has no hole."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from outlive.errors import DatabaseUnreachable, OutliveError
from outlive.keeper import streams
from outlive.keeper.streams import StreamHealth
from outlive.lab.ground.process import wait_until
from outlive.sources.wal import StreamBroke, open_stream
from outlive.transport.postgres import Way
from outlive.vault.memory import MemoryVault
from tests.backup.streamed import KEEP, assert_same_log
from tests.keeper.test_streams import hurried, kept
from tests.world.postgres import PostgresServer

pytestmark = [pytest.mark.postgres, pytest.mark.slow]
__all__ = ["hurried"]
AT_CONNECT = ("ensure_slot", "position", "start")
WHILE_STREAMING = ("receive", "report", "question.ask", "question.answer")


class Faulty:
    """Opens streams; the next call of the armed method fails, once."""

    def __init__(self) -> None:
        self.armed: tuple[str, OutliveError, bool] | None = None

    def meet(self, method: str, act: Callable[[], Any]) -> Any:
        armed = self.armed
        if armed is None or armed[0] != method:
            return act()
        self.armed = None
        if armed[2]:
            act()
        raise armed[1]

    @contextmanager
    def open(self, way: Way, slot: str) -> Iterator[Any]:
        with open_stream(way, slot) as stream:
            yield Watched(stream, self)


class Watched:
    """A stream whose methods, and those of its question, the script may make fail."""

    def __init__(self, inner: object, script: Faulty, prefix: str = "") -> None:
        self._inner, self._script, self._prefix = inner, script, prefix

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if not callable(found):
            return found
        return lambda *args, **kwargs: self._script.meet(self._prefix + name, lambda: found(*args, **kwargs))

    @contextmanager
    def question(self) -> Iterator[Any]:
        with self._inner.question() as question:  # type: ignore[attr-defined]
            yield Watched(question, self._script, "question.")


def test_every_call_fails_once(
    new_postgres: Callable[..., PostgresServer], hurried: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = Faulty()
    monkeypatch.setattr(streams, "open_stream", script.open)
    server, vault = new_postgres(17, options=KEEP), MemoryVault()
    server.sql("create table t(x text)")
    with kept(server, vault) as one:
        one.await_all()
        for number, method in enumerate(AT_CONNECT + WHILE_STREAMING):
            for after_effect in (False, True):
                error = (StreamBroke if number % 2 else DatabaseUnreachable)(f"{method} fails")
                script.armed = (method, error, after_effect)
                server.sql("insert into t select repeat('x', 500) from generate_series(1, 3000)")
                if method in AT_CONNECT:
                    server.sql("select pg_terminate_backend(pid) from pg_stat_replication")
                wait_until(lambda: script.armed is None, f"{method} to be called")
                wait_until(
                    lambda error=error: any(str(error) == state.why for state in one.told), f"{error} to be told"
                )
                one.await_health(StreamHealth.STREAMING)
                one.await_all()
        assert not one.gaps
    assert_same_log(vault, server)

"""A connection to a Temporal server, through Temporal's own SDK, which is an extra of ours (`outlive[temporal]`): it is
loaded here and only when it is needed. What it fails at is told in our words, and never with a key in them."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from outlive.commands import temporal_refusals
from outlive.errors import ConfigError, Failed, NotPermitted, TemporalUnreachable

CONNECT_SECONDS = 15
CALL_SECONDS = 20
SETTLE_SECONDS = 90  # a new namespace or attribute is known to all of the server's parts within its caches' 10 to 60 s
POLL_SECONDS = 1.0
IDENTITY = "outlive"
EXTRA = "pip install 'outlive[temporal]'"
CALL = timedelta(seconds=CALL_SECONDS)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Tls:
    """PEM each. `ca` None: the system's authorities; `server_name` None: the name that is dialled."""

    ca: bytes | None = None
    certificate: bytes | None = None
    key: bytes | None = field(default=None, repr=False)
    server_name: str | None = None


@dataclass(frozen=True, slots=True)
class Access:
    """What a server asks of those who come. With an `api_key` there is always TLS. With `namespaces` these are looked at and
    no list of all is asked for, which a key of one namespace may not see."""

    tls: Tls | None = None
    api_key: str | None = field(default=None, repr=False)
    namespaces: tuple[str, ...] = ()

    @property
    def has_tls(self) -> bool:
        return self.tls is not None or bool(self.api_key)


class NotThere(Failed):
    """The server has no such namespace or schedule."""


def must_be_installed() -> None:
    """Raises `ConfigError` when the SDK is not."""
    try:
        import temporalio.service  # noqa: F401
    except ImportError as error:
        raise ConfigError(
            "Temporal's SDK is not installed here.", hint=f"Install it beside outlive: {EXTRA}"
        ) from error


@contextmanager
def linked(
    target: str,
    where: str,
    access: Access,
    *,
    proxy: Path | None = None,
    complaints: Callable[[], str] = lambda: "",
) -> Iterator[Link]:
    """A connection to `target` ("name:port"), through the HTTP CONNECT proxy at that Unix socket if one is given. Raises
    `TemporalUnreachable`; `ConfigError` when the SDK is not installed."""
    must_be_installed()
    with asyncio.Runner() as runner:
        link = Link(runner, where, complaints)
        link.connect(target, access, proxy)
        try:
            yield link
        finally:
            link.close()


class Link:
    """`workflows` and `operator` are the server's two services; `run` a call of theirs, in our errors."""

    def __init__(self, runner: asyncio.Runner, where: str, complaints: Callable[[], str]) -> None:
        self._runner = runner
        self._where = where
        self._complaints = complaints
        self.workflows: Any = None
        self.operator: Any = None

    def connect(self, target: str, access: Access, proxy: Path | None) -> None:
        from temporalio.service import ConnectConfig, HttpConnectProxyConfig, RPCError, ServiceClient

        config = ConnectConfig(
            target_host=target,
            api_key=access.api_key,
            tls=_tls(access),
            identity=IDENTITY,
            runtime=_runtime(),
            http_connect_proxy_config=HttpConnectProxyConfig(target_host=f"unix:{proxy}") if proxy else None,
            connect_timeout=timedelta(seconds=CONNECT_SECONDS),
        )
        try:
            client = self._runner.run(asyncio.wait_for(ServiceClient.connect(config), CONNECT_SECONDS))
        except RPCError as error:
            raise self._told(error) from error
        except (RuntimeError, TimeoutError, ValueError) as error:
            said, complaint = str(error) or f"no answer in {CONNECT_SECONDS} s", self._complaints()
            refusal = temporal_refusals.of_handshake(said)
            if refusal is None and not complaint:  # who carries the connection knows better why it was closed
                refusal = temporal_refusals.of_closing(said, access.has_tls)
            if refusal is not None:
                raise TemporalUnreachable(f"{self._where}: {refusal.what}", hint=refusal.cure) from None
            raise TemporalUnreachable(f"{self._where}: {complaint or said}") from error
        self.workflows, self.operator = client.workflow_service, client.operator_service

    def close(self) -> None:
        """Lets go of the connection. The SDK has no word for it: it ends with its objects, which know one another."""
        del self.workflows, self.operator
        gc.collect()

    def run(self, call: Coroutine[Any, Any, T]) -> T:
        """Raises `TemporalUnreachable`, `NotPermitted`, `Failed`."""
        from temporalio.service import RPCError

        try:
            return self._runner.run(call)
        except RPCError as error:
            raise self._told(error) from error

    async def settled(self, call: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """The same again while a part of the server does not know yet what another has just been told."""
        from temporalio.service import RPCError, RPCStatusCode

        loop = asyncio.get_running_loop()
        end = loop.time() + SETTLE_SECONDS
        while True:
            try:
                return await call()
            except RPCError as error:
                known = error.status is RPCStatusCode.NOT_FOUND or "search attribute" in error.message.lower()
                if not known or loop.time() > end:
                    raise
            await asyncio.sleep(POLL_SECONDS)

    def _told(self, error: Any) -> Failed | TemporalUnreachable:
        from temporalio.service import RPCStatusCode

        said = " ".join(filter(None, (f"{self._where}: {error.message}", self._complaints())))
        if error.status is RPCStatusCode.UNAUTHENTICATED:
            return TemporalUnreachable(f"{self._where}: {temporal_refusals.KEY}.", hint=temporal_refusals.KEY_CURE)
        if error.status is RPCStatusCode.PERMISSION_DENIED:
            return NotPermitted(said, hint=temporal_refusals.REFUSED)
        if error.status in (RPCStatusCode.UNAVAILABLE, RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED):
            return TemporalUnreachable(said)
        kind = NotThere if error.status is RPCStatusCode.NOT_FOUND else Failed
        return kind(said, hint="The copy is untouched; run it again once the cause is mended.")


def of(namespace: str) -> Mapping[str, str]:
    """Metadata of a call: which namespace it is about, by which Temporal Cloud finds its way."""
    return {"temporal-namespace": namespace}


def _tls(access: Access) -> Any:
    from temporalio.service import TLSConfig

    if access.tls is None:
        return True if access.api_key else None
    one = access.tls
    return TLSConfig(
        server_root_ca_cert=one.ca, domain=one.server_name, client_cert=one.certificate, client_private_key=one.key
    )


@lru_cache(maxsize=1)
def _runtime() -> Any:
    """The SDK's own, which otherwise writes its log to stderr."""
    from temporalio.runtime import Runtime, TelemetryConfig

    return Runtime(telemetry=TelemetryConfig(logging=None))

"""An open way in to a Temporal server: what it tells of its namespaces and schedules, and what it is told of them.

Through Temporal's own SDK, which is an extra of ours (`outlive[temporal]`): it is loaded here and only when it is needed.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

from outlive.commands.temporal import HELD, SYSTEM, Export, Namespace, Schedule
from outlive.errors import ConfigError, Failed, NotPermitted, TemporalUnreachable

CONNECT_SECONDS = 15
CALL_SECONDS = 20
PAGE = 200
SETTLE_SECONDS = 90  # a new namespace or attribute is known to all of the server's parts within its caches' 10 to 60 s
POLL_SECONDS = 1.0
IDENTITY = "outlive"
EXTRA = "pip install 'outlive[temporal]'"

T = TypeVar("T")


def must_be_installed() -> None:
    """Raises `ConfigError` when the SDK is not."""
    try:
        import temporalio.service  # noqa: F401
    except ImportError as error:
        raise ConfigError(
            "Temporal's SDK is not installed here.", hint=f"Install it beside outlive: {EXTRA}"
        ) from error


@contextmanager
def opened(
    target: str, where: str, *, proxy: Path | None = None, complaints: Callable[[], str] = lambda: ""
) -> Iterator[Door]:
    """A connection to `target` ("name:port"), through the HTTP CONNECT proxy at that Unix socket if one is given. Raises
    `TemporalUnreachable`; `ConfigError` when the SDK is not installed."""
    must_be_installed()
    from temporalio.service import ConnectConfig, HttpConnectProxyConfig, ServiceClient

    through = HttpConnectProxyConfig(target_host=f"unix:{proxy}") if proxy else None
    patience = timedelta(seconds=CONNECT_SECONDS)
    config = ConnectConfig(
        target_host=target,
        identity=IDENTITY,
        runtime=_runtime(),
        http_connect_proxy_config=through,
        connect_timeout=patience,
    )
    with asyncio.Runner() as runner:
        try:
            client = runner.run(asyncio.wait_for(ServiceClient.connect(config), CONNECT_SECONDS))
        except (RuntimeError, TimeoutError) as error:
            said = complaints() or str(error) or f"no answer in {CONNECT_SECONDS} s"
            raise TemporalUnreachable(f"{where}: {said}") from error
        door = Door(client, runner, where, complaints)
        del client
        try:
            yield door
        finally:
            door.close()


@lru_cache(maxsize=1)
def _runtime() -> Any:
    """The SDK's own, which otherwise writes its log to stderr."""
    from temporalio.runtime import Runtime, TelemetryConfig

    return Runtime(telemetry=TelemetryConfig(logging=None))


class Door:
    """Made by `opened`. Every call raises `TemporalUnreachable` or `NotPermitted`, besides what it says itself."""

    def __init__(self, client: Any, runner: asyncio.Runner, where: str, complaints: Callable[[], str]) -> None:
        self._workflows = client.workflow_service
        self._operator = client.operator_service
        self._runner = runner
        self._where = where
        self._complaints = complaints
        self.vanished: list[str] = []  # listed, and gone when they were asked for
        self.unread: list[str] = []  # with fields that this SDK does not know

    def close(self) -> None:
        """Lets go of the connection. The SDK has no word for it: it ends with its objects, which know one another."""
        del self._workflows, self._operator
        gc.collect()

    def cluster(self) -> tuple[str, str]:
        """The server's version and its cluster id."""
        from temporalio.api.workflowservice.v1 import GetClusterInfoRequest

        found = self._run(self._workflows.get_cluster_info(GetClusterInfoRequest(), timeout=_CALL))
        return found.server_version, found.cluster_id

    def export(self) -> Export:
        """Everything: namespaces (not the server's own, nor those being deleted) and their schedules, each asked for by
        itself, for a list tells only the half of a schedule."""
        version, cluster_id = self.cluster()
        return Export(version, cluster_id, tuple(self._run(self._namespaces())))

    def register(self, namespace: Namespace) -> None:
        """Makes the namespace, with its retention and what else people have decided of it."""
        from google.protobuf.json_format import ParseDict
        from temporalio.api.enums.v1 import ArchivalState
        from temporalio.api.workflowservice.v1 import DescribeNamespaceResponse, RegisterNamespaceRequest

        known = ParseDict(dict(namespace.described), DescribeNamespaceResponse(), ignore_unknown_fields=True)
        info, config = known.namespace_info, known.config
        wanted = RegisterNamespaceRequest(
            namespace=namespace.name,
            description=info.description,
            owner_email=info.owner_email,
            data=dict(info.data),
            workflow_execution_retention_period=config.workflow_execution_retention_ttl,
        )
        if config.history_archival_state == ArchivalState.ARCHIVAL_STATE_ENABLED:
            wanted.history_archival_state = config.history_archival_state
            wanted.history_archival_uri = config.history_archival_uri
        if config.visibility_archival_state == ArchivalState.ARCHIVAL_STATE_ENABLED:
            wanted.visibility_archival_state = config.visibility_archival_state
            wanted.visibility_archival_uri = config.visibility_archival_uri
        self._run(self._workflows.register_namespace(wanted, timeout=_CALL))

    def add_attributes(self, namespace: str, attributes: Mapping[str, str]) -> None:
        """Adds search attributes, by name and Temporal's word for the type."""
        from temporalio.api.enums.v1 import IndexedValueType
        from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest

        types = {name: IndexedValueType.Value(type_) for name, type_ in attributes.items()}
        wanted = AddSearchAttributesRequest(namespace=namespace, search_attributes=types)
        self._run(self._settled(lambda: self._operator.add_search_attributes(wanted, timeout=_CALL)))

    def create(self, namespace: str, schedule: Schedule, *, hold: bool) -> None:
        """Makes the schedule. With `hold` one that ran waits, paused, and its notes say so."""
        from temporalio.api.workflowservice.v1 import CreateScheduleRequest

        known = _described(schedule)
        if hold and not known.schedule.state.paused:
            known.schedule.state.paused = True
            known.schedule.state.notes = HELD + known.schedule.state.notes
        wanted = CreateScheduleRequest(
            namespace=namespace,
            schedule_id=schedule.id,
            schedule=known.schedule,
            memo=known.memo,
            search_attributes=known.search_attributes,
            identity=IDENTITY,
            request_id=str(uuid4()),
        )
        self._run(self._settled(lambda: self._workflows.create_schedule(wanted, timeout=_CALL)))

    def update(self, namespace: str, schedule: Schedule, *, keep_state: bool) -> None:
        """Makes the schedule that is there what was exported. With `keep_state` it stays paused or running as it is there,
        its notes too. A memo cannot be changed."""
        from temporalio.api.workflowservice.v1 import DescribeScheduleRequest, UpdateScheduleRequest

        known = _described(schedule)
        asked = DescribeScheduleRequest(namespace=namespace, schedule_id=schedule.id)
        now = self._run(self._workflows.describe_schedule(asked, timeout=_CALL))
        if keep_state:
            known.schedule.state.CopyFrom(now.schedule.state)
        wanted = UpdateScheduleRequest(
            namespace=namespace,
            schedule_id=schedule.id,
            schedule=known.schedule,
            conflict_token=now.conflict_token,  # somebody who changes it meanwhile is not overwritten
            identity=IDENTITY,
            request_id=str(uuid4()),
        )
        if known.search_attributes.indexed_fields:
            wanted.search_attributes.CopyFrom(known.search_attributes)
        self._run(self._workflows.update_schedule(wanted, timeout=_CALL))

    async def _namespaces(self) -> list[Namespace]:
        from temporalio.api.enums.v1 import NamespaceState
        from temporalio.api.workflowservice.v1 import ListNamespacesRequest

        found, token = [], b""
        while True:
            asked = ListNamespacesRequest(page_size=PAGE, next_page_token=token)
            page = await self._workflows.list_namespaces(asked, timeout=_CALL)
            found += [
                await self._namespace(one)
                for one in page.namespaces
                if one.namespace_info.name != SYSTEM
                and one.namespace_info.state != NamespaceState.NAMESPACE_STATE_DELETED
            ]
            if not (token := page.next_page_token):
                return sorted(found, key=lambda one: one.name)

    async def _namespace(self, described: Any) -> Namespace:
        from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest

        name = described.namespace_info.name
        asked = ListSearchAttributesRequest(namespace=name)
        attributes = await self._operator.list_search_attributes(asked, timeout=_CALL)
        types = self._json(attributes, name).get("customAttributes", {})
        schedules = sorted([one async for one in self._schedules(name)], key=lambda one: one.id)
        return Namespace(name, self._json(described, name), types, tuple(schedules))

    async def _schedules(self, namespace: str) -> Any:
        from temporalio.api.workflowservice.v1 import DescribeScheduleRequest, ListSchedulesRequest
        from temporalio.service import RPCError, RPCStatusCode

        token = b""
        while True:
            asked = ListSchedulesRequest(namespace=namespace, maximum_page_size=PAGE, next_page_token=token)
            page = await self._workflows.list_schedules(asked, timeout=_CALL)
            for one in page.schedules:
                asked_one = DescribeScheduleRequest(namespace=namespace, schedule_id=one.schedule_id)
                try:
                    described = await self._workflows.describe_schedule(asked_one, timeout=_CALL)
                except RPCError as error:
                    if error.status is not RPCStatusCode.NOT_FOUND:
                        raise
                    self.vanished.append(f"{namespace}/{one.schedule_id}")
                    continue
                yield Schedule(one.schedule_id, self._json(described, f"{namespace}/{one.schedule_id}"))
            if not (token := page.next_page_token):
                return

    def _json(self, message: Any, of: str) -> dict[str, Any]:
        """As proto3 JSON, which leaves out what this SDK does not know: then the length tells."""
        from google.protobuf.json_format import MessageToDict, ParseDict

        found: dict[str, Any] = MessageToDict(message)
        if ParseDict(found, type(message)()).ByteSize() != message.ByteSize():
            self.unread.append(of)
        return found

    async def _settled(self, call: Callable[[], Coroutine[Any, Any, T]]) -> T:
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

    def _run(self, call: Coroutine[Any, Any, T]) -> T:
        from temporalio.service import RPCError, RPCStatusCode

        try:
            return self._runner.run(call)
        except RPCError as error:
            said = " ".join(filter(None, (f"{self._where}: {error.message}", self._complaints())))
            if error.status in (RPCStatusCode.PERMISSION_DENIED, RPCStatusCode.UNAUTHENTICATED):
                raise NotPermitted(said, hint="Temporal's authorizer refused it.") from error
            if error.status in (RPCStatusCode.UNAVAILABLE, RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED):
                raise TemporalUnreachable(said) from error
            raise Failed(said, hint="The copy is untouched; run it again once the cause is mended.") from error


_CALL = timedelta(seconds=CALL_SECONDS)


def not_understood(export: Export) -> int | None:
    """How many schedules are not what Temporal's own types say a schedule is; None when the SDK is not installed."""
    try:
        from google.protobuf.json_format import ParseError
    except ImportError:
        return None
    wrong = 0
    for schedule in (each for one in export.namespaces for each in one.schedules):
        try:
            wrong += not _described(schedule).schedule.action.WhichOneof("action")
        except ParseError:
            wrong += 1
        except ImportError:
            return None
    return wrong


def _described(schedule: Schedule) -> Any:
    from google.protobuf.json_format import ParseDict
    from temporalio.api.workflowservice.v1 import DescribeScheduleResponse

    return ParseDict(dict(schedule.described), DescribeScheduleResponse(), ignore_unknown_fields=True)

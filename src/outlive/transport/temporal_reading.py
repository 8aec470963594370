"""What a Temporal server tells of its namespaces and schedules, as an export."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from outlive.commands.temporal import SYSTEM, Export, Namespace, Schedule
from outlive.transport.temporal_link import CALL, Link, of

PAGE = 200


class Reading:
    """One export being read. `vanished`: listed, and gone when they were asked for; `unread`: with fields that this SDK does
    not know; `untold`: namespaces of which the server would not tell the search attributes."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._expected: dict[str, list[str]] = {}
        self.vanished: list[str] = []
        self.unread: list[str] = []
        self.untold: list[str] = []

    def namespaces(self, named: tuple[str, ...], expected: Export | None = None) -> tuple[Namespace, ...]:
        """Those named, else all (not the server's own, nor those being deleted), each with its schedules. A list lags behind
        what the server has: the `expected` that are not in it are asked for by themselves."""
        self._expected = (
            {one.name: [each.id for each in one.schedules] for one in expected.namespaces} if expected else {}
        )
        return tuple(self._link.run(self._all(named)))

    async def _all(self, named: tuple[str, ...]) -> list[Namespace]:
        from temporalio.api.enums.v1 import NamespaceState

        told = [await self._named(one) for one in named] if named else [one async for one in self._listed()]
        found = [
            await self._namespace(one)
            for one in told
            if one.namespace_info.name != SYSTEM and one.namespace_info.state != NamespaceState.NAMESPACE_STATE_DELETED
        ]
        return sorted(found, key=lambda one: one.name)

    async def _named(self, name: str) -> Any:
        from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest

        asked = DescribeNamespaceRequest(namespace=name)
        return await self._link.workflows.describe_namespace(asked, timeout=CALL, metadata=of(name))

    async def _listed(self) -> AsyncIterator[Any]:
        from temporalio.api.workflowservice.v1 import ListNamespacesRequest

        token = b""
        while True:
            asked = ListNamespacesRequest(page_size=PAGE, next_page_token=token)
            page = await self._link.workflows.list_namespaces(asked, timeout=CALL)
            for one in page.namespaces:
                yield one
            if not (token := page.next_page_token):
                return

    async def _namespace(self, described: Any) -> Namespace:
        name = described.namespace_info.name
        types = await self._attributes(name)
        schedules = sorted([one async for one in self._schedules(name)], key=lambda one: one.id)
        return Namespace(name, self._json(described, name), types, tuple(schedules))

    async def _attributes(self, name: str) -> dict[str, str]:
        from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
        from temporalio.service import RPCError, RPCStatusCode

        asked = ListSearchAttributesRequest(namespace=name)
        try:
            found = await self._link.operator.list_search_attributes(asked, timeout=CALL, metadata=of(name))
        except RPCError as error:
            if error.status not in (RPCStatusCode.PERMISSION_DENIED, RPCStatusCode.UNIMPLEMENTED):
                raise
            self.untold.append(name)  # Temporal Cloud has no operator service for its users
            return {}
        attributes: dict[str, str] = self._json(found, name).get("customAttributes", {})
        return attributes

    async def _schedules(self, namespace: str) -> AsyncIterator[Schedule]:
        """Each asked for by itself, for a list tells only the half of a schedule."""
        listed = [id async for id in self._listed_ids(namespace)]
        for id in dict.fromkeys((*listed, *self._expected.get(namespace, ()))):
            if (one := await self._schedule(namespace, id)) is not None:
                yield one
            elif id in listed:
                self.vanished.append(f"{namespace}/{id}")

    async def _listed_ids(self, namespace: str) -> AsyncIterator[str]:
        from temporalio.api.workflowservice.v1 import ListSchedulesRequest

        token = b""
        while True:
            asked = ListSchedulesRequest(namespace=namespace, maximum_page_size=PAGE, next_page_token=token)
            page = await self._link.workflows.list_schedules(asked, timeout=CALL, metadata=of(namespace))
            for one in page.schedules:
                yield one.schedule_id
            if not (token := page.next_page_token):
                return

    async def _schedule(self, namespace: str, id: str) -> Schedule | None:
        from temporalio.api.workflowservice.v1 import DescribeScheduleRequest
        from temporalio.service import RPCError, RPCStatusCode

        asked = DescribeScheduleRequest(namespace=namespace, schedule_id=id)
        try:
            found = await self._link.workflows.describe_schedule(asked, timeout=CALL, metadata=of(namespace))
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            return None
        return Schedule(id, self._json(found, f"{namespace}/{id}"))

    def _json(self, message: Any, of: str) -> dict[str, Any]:
        """As proto3 JSON, which leaves out what this SDK does not know: then the length tells."""
        from google.protobuf.json_format import MessageToDict, ParseDict

        found: dict[str, Any] = MessageToDict(message)
        if ParseDict(found, type(message)()).ByteSize() != message.ByteSize():
            self.unread.append(of)
        return found


def not_understood(export: Export) -> int | None:
    """How many schedules are not what Temporal's own types say a schedule is; None when the SDK is not installed."""
    try:
        from google.protobuf.json_format import ParseError
    except ImportError:
        return None
    wrong = 0
    for schedule in (each for one in export.namespaces for each in one.schedules):
        try:
            wrong += not described(schedule).schedule.action.WhichOneof("action")
        except ParseError:
            wrong += 1
        except ImportError:
            return None
    return wrong


def described(schedule: Schedule) -> Any:
    """The exported schedule as Temporal's own type (DescribeScheduleResponse)."""
    from google.protobuf.json_format import ParseDict
    from temporalio.api.workflowservice.v1 import DescribeScheduleResponse

    return ParseDict(dict(schedule.described), DescribeScheduleResponse(), ignore_unknown_fields=True)

"""An open way in to a Temporal server: what it tells of its namespaces and schedules, and what it is told of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from outlive.commands.temporal import HELD, Export, Namespace, Schedule
from outlive.errors import NotPermitted
from outlive.transport.temporal_link import CALL, IDENTITY, Access, Link, NotThere, linked, of
from outlive.transport.temporal_reading import PAGE, Reading, described

UNKNOWN_VERSION = "not told"
CAUGHT_UP = "begun by a schedule before outlive could pause it; if the old server has not done it, trigger it by hand"


@contextmanager
def opened(
    target: str,
    where: str,
    access: Access,
    *,
    proxy: Path | None = None,
    complaints: Callable[[], str] = lambda: "",
) -> Iterator[Door]:
    """As `linked`."""
    with linked(target, where, access, proxy=proxy, complaints=complaints) as link:
        yield Door(link, access.namespaces)


class Door:
    """Every call raises `TemporalUnreachable`, `NotPermitted` or `Failed`, besides what it says itself. `named` are the
    namespaces that are meant; all when none is."""

    def __init__(self, link: Link, named: tuple[str, ...] = ()) -> None:
        self._link = link
        self._named = named
        self.read = Reading(link)

    def cluster(self) -> tuple[str, str]:
        """The server's version and its cluster id. A key of single namespaces may not see them: then the ids of these are
        its identity, which Temporal makes with them."""
        from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest, GetClusterInfoRequest

        try:
            found = self._link.run(self._link.workflows.get_cluster_info(GetClusterInfoRequest(), timeout=CALL))
            return found.server_version, found.cluster_id
        except NotPermitted:
            if not self._named:
                raise
        ids = []
        for name in sorted(self._named):
            asked = DescribeNamespaceRequest(namespace=name)
            told = self._link.run(self._link.workflows.describe_namespace(asked, timeout=CALL, metadata=of(name)))
            ids.append(told.namespace_info.id)
        return UNKNOWN_VERSION, "+".join(ids)

    def export(self, expected: Export | None = None) -> Export:
        """Everything: namespaces and their schedules; what is `expected` is looked for also where the list lags behind."""
        version, cluster_id = self.cluster()
        return Export(version, cluster_id, self.read.namespaces(self._named, expected))

    def register(self, namespace: Namespace) -> None:
        """Makes the namespace, with its retention and what else people have decided of it."""
        from temporalio.api.enums.v1 import ArchivalState
        from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest

        known = _namespace(namespace)
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
        self._link.run(self._link.workflows.register_namespace(wanted, timeout=CALL))

    def change(self, namespace: Namespace) -> None:
        """Makes the namespace that is there what was exported: retention, description, owner, data. A key of `data` that is
        there and was not exported stays: the API cannot take one away."""
        from temporalio.api.namespace.v1 import NamespaceConfig, UpdateNamespaceInfo
        from temporalio.api.workflowservice.v1 import UpdateNamespaceRequest

        known = _namespace(namespace)
        info, config = known.namespace_info, known.config
        wanted = UpdateNamespaceRequest(
            namespace=namespace.name,
            update_info=UpdateNamespaceInfo(
                description=info.description, owner_email=info.owner_email, data=dict(info.data)
            ),
            config=NamespaceConfig(workflow_execution_retention_ttl=config.workflow_execution_retention_ttl),
        )
        self._link.run(self._link.workflows.update_namespace(wanted, timeout=CALL, metadata=of(namespace.name)))

    def add_attributes(self, namespace: str, attributes: Mapping[str, str]) -> None:
        """Adds search attributes, by name and Temporal's word for the type."""
        from temporalio.api.enums.v1 import IndexedValueType
        from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest

        types = {name: IndexedValueType.Value(type_) for name, type_ in attributes.items()}
        wanted = AddSearchAttributesRequest(namespace=namespace, search_attributes=types)
        call = self._link.operator.add_search_attributes
        self._link.run(self._link.settled(lambda: call(wanted, timeout=CALL, metadata=of(namespace))))

    def create(self, namespace: str, schedule: Schedule, *, hold: bool) -> None:
        """Makes the schedule. With `hold` one that ran waits, paused, and its notes say so."""
        from temporalio.api.workflowservice.v1 import CreateScheduleRequest

        known = described(schedule)
        if hold and not known.schedule.state.paused:
            _hold(known.schedule.state)
        wanted = CreateScheduleRequest(
            namespace=namespace,
            schedule_id=schedule.id,
            schedule=known.schedule,
            memo=known.memo,
            search_attributes=known.search_attributes,
            identity=IDENTITY,
            request_id=str(uuid4()),
        )
        call = self._link.workflows.create_schedule
        self._link.run(self._link.settled(lambda: call(wanted, timeout=CALL, metadata=of(namespace))))

    def update(self, namespace: str, schedule: Schedule, *, keep_state: bool) -> None:
        """Makes the schedule that is there what was exported. With `keep_state` it stays paused or running as it is there,
        its notes too. A memo cannot be changed."""
        known, now = described(schedule), self._describe(namespace, schedule.id)
        if keep_state:
            known.schedule.state.CopyFrom(now.schedule.state)
        self._update(namespace, schedule.id, known, now.conflict_token)

    def hold(self, namespace: str, id: str) -> None:
        """The schedule waits, paused, and its notes say so; nothing else of it changes. Nothing where it is paused anyhow,
        or not there."""
        try:
            now = self._describe(namespace, id)
        except NotThere:
            return
        if not now.schedule.state.paused:
            _hold(now.schedule.state)
            self._update(namespace, id, now, now.conflict_token)

    def release(self, namespace: str, id: str) -> None:
        """A schedule that we hold runs again, as it is there; nothing where a person has touched it since."""
        now = self._describe(namespace, id)
        state = now.schedule.state
        if state.paused and state.notes.startswith(HELD):
            state.paused, state.notes = False, state.notes.removeprefix(HELD)
            self._update(namespace, id, now, now.conflict_token)

    def begun(self, namespace: str, id: str, since: datetime) -> frozenset[tuple[str, str]]:
        """Workflow and run ids of what the schedule has begun since then and what still runs."""
        from temporalio.api.workflowservice.v1 import ListWorkflowExecutionsRequest

        named = id.replace("\\", "\\\\").replace('"', '\\"')
        query = (
            f'TemporalScheduledById = "{named}" AND StartTime > "{since.isoformat()}" AND ExecutionStatus = "Running"'
        )
        asked = ListWorkflowExecutionsRequest(namespace=namespace, page_size=PAGE, query=query)
        call = self._link.workflows.list_workflow_executions
        found = self._link.run(call(asked, timeout=CALL, metadata=of(namespace)))
        return frozenset((one.execution.workflow_id, one.execution.run_id) for one in found.executions)

    def end(self, namespace: str, workflow: str, run: str) -> None:
        """Terminates the workflow; nothing where it has ended."""
        from temporalio.api.common.v1 import WorkflowExecution
        from temporalio.api.workflowservice.v1 import TerminateWorkflowExecutionRequest

        asked = TerminateWorkflowExecutionRequest(
            namespace=namespace,
            workflow_execution=WorkflowExecution(workflow_id=workflow, run_id=run),
            reason=CAUGHT_UP,
            identity=IDENTITY,
        )
        call = self._link.workflows.terminate_workflow_execution
        with suppress(NotThere):
            self._link.run(call(asked, timeout=CALL, metadata=of(namespace)))

    def delete(self, namespace: str, id: str) -> None:
        """Takes a schedule away: only one that a run of ours has made, by its undo."""
        from temporalio.api.workflowservice.v1 import DeleteScheduleRequest

        asked = DeleteScheduleRequest(namespace=namespace, schedule_id=id, identity=IDENTITY)
        self._link.run(self._link.workflows.delete_schedule(asked, timeout=CALL, metadata=of(namespace)))

    def _describe(self, namespace: str, id: str) -> Any:
        from temporalio.api.workflowservice.v1 import DescribeScheduleRequest

        asked = DescribeScheduleRequest(namespace=namespace, schedule_id=id)
        return self._link.run(self._link.workflows.describe_schedule(asked, timeout=CALL, metadata=of(namespace)))

    def _update(self, namespace: str, id: str, known: Any, token: bytes) -> None:
        """With the conflict token of what was read: somebody who changes it meanwhile is not overwritten."""
        from temporalio.api.workflowservice.v1 import UpdateScheduleRequest

        wanted = UpdateScheduleRequest(
            namespace=namespace,
            schedule_id=id,
            schedule=known.schedule,
            conflict_token=token,
            identity=IDENTITY,
            request_id=str(uuid4()),
        )
        if known.search_attributes.indexed_fields:
            wanted.search_attributes.CopyFrom(known.search_attributes)
        self._link.run(self._link.workflows.update_schedule(wanted, timeout=CALL, metadata=of(namespace)))


def _hold(state: Any) -> None:
    state.paused, state.notes = True, HELD + state.notes


def _namespace(namespace: Namespace) -> Any:
    from google.protobuf.json_format import ParseDict
    from temporalio.api.workflowservice.v1 import DescribeNamespaceResponse

    return ParseDict(dict(namespace.described), DescribeNamespaceResponse(), ignore_unknown_fields=True)

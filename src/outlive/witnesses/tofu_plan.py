"""What OpenTofu sees that changed behind its back. With the provider's API, from which it learns that, it is one channel.

A plan that failed is no data: the provider's own program panics when its API is away (research/incident-and-provider.md
4.1), and exit code 1 was once read as "no drift". What it printed is not repeated: it may hold anything.
"""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import dataclass
from pathlib import Path

from outlive.clock import Clock
from outlive.commands import tofu_drift
from outlive.commands.tofu import Plan, read_plan
from outlive.errors import CommandFailed
from outlive.model.observation import Channel, Observation
from outlive.transport import aprocess
from outlive.transport.base import Completed
from outlive.witnesses.base import Pad

FACT = "tofu.plan"
PLAN_BYTES = 128 << 20


@dataclass(frozen=True, slots=True)
class TofuPlanWitness:
    """Of one folder, which somebody has initialised. With a `workspace`, no other may be the selected one. Planning and
    showing end within `timeout_seconds`: a provider that hangs must not keep a person waiting for a verdict."""

    name: str
    folder: Path
    program: str
    workspace: str | None
    clock: Clock
    timeout_seconds: float = 60.0

    @property
    def what(self) -> str:
        return f"the drift of {self.folder}"

    async def look(self) -> list[Observation]:
        try:
            with tempfile.TemporaryDirectory(
                prefix="outlive-plan-"
            ) as room:  # private (0700), and gone after it was read
                async with asyncio.timeout(self.timeout_seconds):
                    return [await self._looked(str(Path(room) / "plan"))]
        except TimeoutError:
            return self.blind(f"the plan did not end within {self.timeout_seconds:g} s")
        except CommandFailed as error:
            return [self._pad.no_data(FACT, "plan_failed", error.detail, name=self.name)]

    async def _looked(self, out: str) -> Observation:
        said = await self._run(tofu_drift.workspace_argv(self.program, str(self.folder)))
        selected = said.text.strip() if said.status == 0 else ""
        if self.workspace and selected != self.workspace:
            why = f"the workspace is {selected or 'unknown'!r}, and should be {self.workspace!r}"
            return self._pad.no_data(FACT, "workspace", why, name=self.name)
        planned = await self._run(tofu_drift.plan_argv(self.program, str(self.folder), out))
        if planned.status not in (tofu_drift.NOTHING, tofu_drift.SOMETHING):
            why = f"the plan itself failed (exit {planned.status}): run it by hand to see why"
            return self._pad.no_data(FACT, "plan_failed", why, name=self.name)
        shown = await self._run(tofu_drift.show_argv(self.program, str(self.folder), out))
        try:
            plan = await asyncio.to_thread(read_plan, shown.stdout if shown.status == 0 else b"")
        except ValueError as error:
            return self._pad.no_data(FACT, "unreadable", f"the plan's document: {error}", name=self.name)
        if plan.is_errored:
            return self._pad.no_data(FACT, "plan_failed", "planning broke off", name=self.name)
        return self._pad.note(FACT, self._value(plan, planned.status))

    def blind(self, why: str) -> list[Observation]:
        return [self._pad.no_data(FACT, "timeout", why, name=self.name)]

    def _value(self, plan: Plan, status: int) -> dict[str, object]:
        drifted = [
            {"address": one.address, "attribute": one.attribute, "identity": one.is_identity}
            | ({"before": one.before, "after": one.after} if one.is_identity else {})
            for one in tofu_drift.drifts(plan)
        ]
        outputs = dict.fromkeys(tofu_drift.changed_outputs(plan), "changed")
        return {
            "name": self.name,
            "refresh_only": True,
            "exit_code": status,
            "resource_drift": drifted,
            "output_changes": outputs,
            "resource_changes": [],
        }

    async def _run(self, argv: tuple[str, ...]) -> Completed:
        """One later than the whole, which ends before it and then takes this one's processes with it."""
        seconds = self.timeout_seconds + 1
        return await aprocess.run(argv, shown=argv[:3:2], timeout_seconds=seconds, most_bytes=PLAN_BYTES)

    @property
    def _pad(self) -> Pad:
        return Pad("tofu_plan", Channel.PROVIDER, "project", self.clock)

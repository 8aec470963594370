"""Which changes of an OpenTofu plan must not be applied as they are. Pure.

On the day of the outage `taint` and `apply` destroyed the machine that had the data, and nothing asked which machine that
was. "0 to destroy" is no comfort either: an update in place may reinstall (research/incident-and-provider.md 4). A plan
alone proves neither identity nor a backup, so whatever loses data is refused here and goes through the gate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from outlive.commands.tofu import Change, Plan
from outlive.recovery.gate import Condition, Target, is_open, why_shut
from outlive.recovery.resources import described, holds_data, target_of, wiped_by

_BECAUSE = {
    "replace_because_tainted": "it was tainted: somebody marked it so, nobody proved it",
    "replace_by_request": "somebody asked for it (-replace)",
    "replace_by_triggers": "something that it is tied to changes (replace_triggered_by)",
    "delete_because_no_resource_config": "its block is gone from the configuration",
    "delete_because_no_module": "its module is gone from the configuration",
    "delete_because_count_index": "count no longer reaches it",
    "delete_because_each_key": "for_each no longer names it",
    "delete_because_wrong_repetition": "count or for_each came or went",
}
_GATE = (
    "see which machine that is at this moment (`outlive check`), have a copy proven by a drill (`outlive drill`), make "
    "the new one beside it, and power the old one off before anybody deletes it; with --named the gate says what is missing"
)
DEFAULT = "default"
_ENVIRONMENT = ("environment", "env", "stage", "workspace")


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a change is refused, and what would satisfy the guard."""

    address: str
    action: str
    why: str
    cure: str


Gate = Callable[[Target], tuple[Condition, ...]]


def guard(plan: Plan, workspace: str | None = None, gate: Gate | None = None) -> tuple[Reason, ...]:
    """Empty when nothing in the plan loses data, or the `gate` is open for all that does. `workspace` is the selected one,
    where it is known; "default" is what is selected where nobody uses workspaces, and stands for no environment. Without a
    gate nothing passes: a plan alone proves nothing."""
    found = [reason for change in plan.changes for reason in _of_change(change, gate)]
    return (*_of_workspace(plan, workspace), *found)


def _of_change(change: Change, gate: Gate | None) -> Iterator[Reason]:
    if change.destroys and holds_data(change.type):
        yield from _through(change, _destroyed(change), gate)
    elif change.actions == ("update",) and (attributes := wiped_by(change)):
        reason = Reason(
            change.address,
            "reinstall",
            f"an update in place of {', '.join(attributes)} reinstalls {described(change)}: its disk is wiped, although the "
            'plan says "0 to destroy"',
            f"set allow_reinstall = false (or leave these attributes as they are); if a reinstall is meant: {_GATE}",
        )
        yield from _through(change, reason, gate)


def _through(change: Change, reason: Reason, gate: Gate | None) -> Iterator[Reason]:
    """The reason, unless the gate is open; with what keeps it shut."""
    target = target_of(change)
    if gate is None or target is None:
        yield reason
        return
    conditions = gate(target)
    if not is_open(conditions):
        why, cure = why_shut(conditions)
        yield replace(reason, why=f"{reason.why}. The gate is shut: {why}", cure=cure)


def _destroyed(change: Change) -> Reason:
    is_replaced = "create" in change.actions
    because = _BECAUSE.get(change.reason, "")
    if not because and change.replaced_for:
        because = f"{', '.join(change.replaced_for)} cannot be changed in place"
    return Reason(
        change.address,
        "replace" if is_replaced else "delete",
        f"it {'replaces' if is_replaced else 'deletes'} {described(change)}: all data on it is gone"
        + (f" ({because})" if because else ""),
        _GATE + ("; `tofu untaint` takes a taint back" if change.reason == "replace_because_tainted" else ""),
    )


def _of_workspace(plan: Plan, workspace: str | None) -> Iterator[Reason]:
    for name in _ENVIRONMENT:
        wanted = plan.variables.get(name)
        if workspace not in (None, "", DEFAULT) and isinstance(wanted, str) and wanted and wanted != workspace:
            yield Reason(
                f"var.{name}",
                "workspace",
                f"the plan is for {wanted!r}, the workspace is {workspace!r}: it would turn one environment into another",
                f"`tofu workspace select {wanted}`, or plan with the variables of {workspace!r}",
            )

"""Whether a plan makes the machine that a step names, and nothing else. Pure.

What loses data is refused by `plan_guard`, in its words. Beyond that a recovery at night is no time for changes that nobody
asked for: whatever else a plan would do is refused until somebody has named it.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Collection, Iterator
from typing import Any

from outlive.commands.tofu import Change, Plan
from outlive.recovery.plan_guard import Gate, Reason, guard
from outlive.recovery.resources import holds_data

_NOTHING = frozenset({("no-op",), ("read",)})
_REPLACE = frozenset({"delete", "create"})


def judge(
    plan: Plan, resource: str, also: Collection[str], workspace: str, gate: Gate | None = None
) -> tuple[Reason, ...]:
    """Empty when the plan creates `resource` (with a `gate`: replaces it, and the gate is open), and touches nothing else
    but `also`."""
    refused = guard(plan, workspace, gate)
    return (*refused, *_strange(plan, resource, also, {one.address for one in refused}, is_replaced=gate is not None))


def judge_removal(plan: Plan, resource: str, also: Collection[str], workspace: str, gate: Gate) -> tuple[Reason, ...]:
    """Empty when the plan deletes `resource`, for which the gate is open, and touches nothing else but `also`."""
    refused = guard(plan, workspace, gate)
    known = {resource, *also, *(one.address for one in refused)}
    return (*refused, *(_unnamed(change, resource) for change in _acting(plan) if change.address not in known))


def _strange(
    plan: Plan, resource: str, also: Collection[str], refused: Collection[str], *, is_replaced: bool
) -> Iterator[Reason]:
    own = next((change for change in _acting(plan) if change.address == resource), None)
    if own is None:
        there = "it is there already, and this run did not make it"
        cure = "name the address of a machine that is to be made: another key of its for_each, count or module"
        yield Reason(resource, "nothing", f"the plan does not make it: {there}, or the module has none", cure)
    elif resource not in refused and own.actions != ("create",) and not (is_replaced and set(own.actions) == _REPLACE):
        yield _unnamed(own, resource)
    for change in _acting(plan):
        if change.address != resource and change.address not in {*refused, *also}:
            yield _unnamed(change, resource)


def _acting(plan: Plan) -> list[Change]:
    return [change for change in plan.changes if change.actions not in _NOTHING]


def _unnamed(change: Change, resource: str) -> Reason:
    cure = (
        "apply or take back what is pending in this module on a quiet day; or, if it belongs to the new machine, name it: "
        f"also = ['{change.address}']"
    )
    if change.destroys and holds_data(change.type):
        cure = (
            "write into your variables what keeps it: a machine that an earlier run made is kept by what was set then"
        )
    action = " and ".join(change.actions)
    return Reason(change.address, action, f"nobody named it: this run is to make {resource} and nothing else", cure)


def takes(plan: Plan, resource: str, user_data: str) -> bool:
    """Whether the machine will be given that user data, as far as the plan tells: as it is or in base64, as the whole of an
    attribute or a part of it; or by its checksum, which is what some providers keep of it."""
    change = next((one for one in plan.changes if one.address == resource), None)
    told = user_data.encode()
    base64 = b64encode(told).decode()
    sums = [hashlib.sha1(told), hashlib.sha1(base64.encode()), hashlib.sha256(told), hashlib.sha256(base64.encode())]
    digests = {one.hexdigest() for one in sums} | {b64encode(one.digest()).decode() for one in sums}
    return change is not None and any(
        user_data in text or base64 in text or text in digests for text in _texts(change.after)
    )


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _texts(one)

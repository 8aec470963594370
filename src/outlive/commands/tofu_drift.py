"""Asking OpenTofu what changed behind its back, and reading the answer.

A plain plan hides drift when nothing is to be done about it, and its exit code says nothing then; `-refresh-only` with
`resource_drift` tells all that it can see (research/incident-and-provider.md 4.2 and 4.3). It cannot see a wiped disk.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from outlive.commands.tofu import Change, Plan

NOTHING, FAILED, SOMETHING = 0, 1, 2  # -detailed-exitcode

# What makes a machine another one, as providers name it. Only values of these are ever shown: others may be secrets.
_IDENTITY = re.compile(
    "id|state|status|power(_state)?|image(_id)?|os(_id)?|(host)?name|ssh_keys?(_ids)?|key_name|(public_|access_|main_)?ip(_?v[46])?"
    "(_?address(es)?)?|ipv[46](_address)?|addresse?s?"
)


@dataclass(frozen=True, slots=True)
class Drift:
    """One attribute of one resource ("": the resource itself is gone). `before` and `after` are None where the values are
    not to be shown."""

    address: str
    attribute: str
    is_identity: bool
    before: Any = None
    after: Any = None


def plan_argv(program: str, folder: str, out: str) -> tuple[str, ...]:
    """Locks nothing and changes nothing: neither state nor servers."""
    flags = ("-refresh-only", "-detailed-exitcode", "-input=false", "-lock=false", "-no-color")
    return (program, f"-chdir={folder}", "plan", *flags, f"-out={out}")


def show_argv(program: str, folder: str, out: str) -> tuple[str, ...]:
    return (program, f"-chdir={folder}", "show", "-json", "-no-color", out)


def workspace_argv(program: str, folder: str) -> tuple[str, ...]:
    return (program, f"-chdir={folder}", "workspace", "show")


def drifts(plan: Plan) -> list[Drift]:
    """In the order of the document."""
    return [one for change in plan.drift for one in _of(change)]


def wanted(found: Collection[Drift], ignore: Collection[str]) -> list[Drift]:
    """Without those that nobody wants to hear of: by attribute, or by `address.attribute`."""
    return [one for one in found if not {one.attribute, f"{one.address}.{one.attribute}"} & set(ignore)]


def changed_outputs(plan: Plan) -> list[str]:
    return sorted(name for name, actions in plan.outputs.items() if actions != ("no-op",))


def _of(change: Change) -> Iterator[Drift]:
    if change.destroys:
        yield Drift(change.address, "", True)
        return
    for name in sorted(change.changed):
        if _IDENTITY.fullmatch(name):
            yield Drift(change.address, name, True, change.before.get(name), change.after.get(name))
        else:
            yield Drift(change.address, name, False)

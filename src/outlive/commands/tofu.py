"""What OpenTofu and Terraform say of a plan: the document of `tofu show -json PLANFILE`, read.

Facts: the format is "JSON Output Format" in OpenTofu's documentation (major version 1); what a plan can and cannot see is
research/incident-and-provider.md 4. Values in it may be secrets in clear, also those marked sensitive: only what identifies
a thing (id, name, addresses) may be shown to anybody.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

FORMAT_MAJOR = "1"
ACTIONS = frozenset(["no-op", "create", "read", "update", "delete", "forget"])
_HAS_BEFORE, _HAS_AFTER = ACTIONS - {"create", "read"}, ACTIONS - {"delete", "forget", "read"}


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be done to one resource. `before` and `after` are its attributes (empty where there is none), `unknown`
    the names of those known only after the apply, `reason` why, in Terraform's words ("replace_because_tainted")."""

    address: str
    type: str
    actions: tuple[str, ...]
    before: dict[str, Any]
    after: dict[str, Any]
    unknown: frozenset[str]
    reason: str = ""
    replaced_for: tuple[str, ...] = ()

    @property
    def destroys(self) -> bool:
        return "delete" in self.actions

    @property
    def changed(self) -> frozenset[str]:
        """Names of the attributes that will differ, or may."""
        names = self.before.keys() | self.after.keys()
        return self.unknown | {name for name in names if self.before.get(name) != self.after.get(name)}


@dataclass(frozen=True, slots=True)
class Plan:
    """`drift` is what changed behind OpenTofu's back, `outputs` the actions on outputs by name, `variables` the values that
    it was planned with. `is_errored`: planning broke off, so there may be more than this."""

    changes: tuple[Change, ...]
    drift: tuple[Change, ...]
    outputs: dict[str, tuple[str, ...]]
    variables: dict[str, Any]
    is_errored: bool = False


def read_plan(document: bytes) -> Plan:
    """Raises ValueError, saying what it is instead, when this is no plan."""
    try:
        read = json.loads(document)
    except (ValueError, RecursionError) as error:
        raise ValueError(_not_json(document)) from error
    if not isinstance(read, dict) or not isinstance(read.get("format_version"), str):
        raise ValueError("it has no format_version: it is not what `tofu show -json PLANFILE` prints")
    if read["format_version"].partition(".")[0] != FORMAT_MAJOR:
        raise ValueError(f"its format_version is {read['format_version']!r}; version {FORMAT_MAJOR} is understood")
    if "planned_values" not in read and "resource_changes" not in read:
        raise ValueError("it is a state, not a plan: `tofu plan -out=FILE`, then `tofu show -json FILE`")
    return Plan(
        changes=tuple(_changes(read, "resource_changes")),
        drift=tuple(_changes(read, "resource_drift")),
        outputs={name: _actions(one) for name, one in _object(read, "output_changes").items()},
        variables={name: one.get("value") for name, one in _object(read, "variables").items() if isinstance(one, dict)},
        is_errored=_truth(read, "errored"),
    )


def _not_json(document: bytes) -> str:
    if not document.strip():
        return "it is empty"
    first, _, rest = document.strip().partition(b"\n")
    if rest and b'"@level"' in first:
        return "it is the log of `tofu plan -json`: save the plan (`-out=FILE`), then `tofu show -json FILE`"
    if document[:2] == b"PK":
        return "it is a saved plan as it is: `tofu show -json FILE` makes JSON of it"
    return "it is not JSON, or was cut off"


def _changes(read: dict[str, Any], key: str) -> Iterable[Change]:
    listed = read.get(key, [])  # left out when there are none
    if not isinstance(listed, list):
        raise ValueError(f"{key} is no list")
    for one in listed:
        if not isinstance(one, dict) or not isinstance(one.get("change"), dict):
            raise ValueError(f"{key} holds something that is no change")
        if one.get("mode") != "data":
            yield _change(one)


def _change(one: dict[str, Any]) -> Change:
    address, kind, change = one.get("address"), one.get("type"), one["change"]
    if not isinstance(address, str) or not isinstance(kind, str):
        raise ValueError("a change names no address or no type")
    actions = _actions(change)
    return Change(
        address=address + (f" (deposed {one['deposed']})" if one.get("deposed") else ""),
        type=kind,
        actions=actions,
        before=_attributes(change, "before", address, _HAS_BEFORE.intersection(actions)),
        after=_attributes(change, "after", address, _HAS_AFTER.intersection(actions)),
        unknown=frozenset(name for name, is_so in _unknown(change, address).items() if is_so),
        reason=str(one.get("action_reason") or ""),
        replaced_for=tuple(
            ".".join(map(str, path)) for path in change.get("replace_paths") or () if isinstance(path, list)
        ),
    )


def _actions(change: Any) -> tuple[str, ...]:
    actions = change.get("actions") if isinstance(change, dict) else None
    if not isinstance(actions, list) or not actions or not all(isinstance(one, str) for one in actions):
        raise ValueError("a change names no actions")
    if unheard := set(actions) - ACTIONS:
        raise ValueError(f"nobody knows what {', '.join(sorted(map(repr, unheard)))} does")
    return tuple(actions)


def _attributes(change: dict[str, Any], key: str, address: str, wanted: Collection[str]) -> dict[str, Any]:
    """`wanted`: the actions for which it must be there. A hole in a document is no resource without attributes."""
    value = change.get(key)
    if value is None and not wanted:
        return {}
    if not isinstance(value, dict):
        raise ValueError(f"{address}: {key} is no object")
    return value


def _object(read: dict[str, Any], key: str) -> dict[str, Any]:
    value = read.get(key, {})
    if not isinstance(value, dict):
        raise ValueError(f"{key} is no object")
    return value


def _unknown(change: dict[str, Any], address: str) -> dict[str, Any]:
    """`false` stands for nothing, where there is nothing afterwards."""
    value = change.get("after_unknown")
    if value in (None, False):
        return {}
    if not isinstance(value, dict):
        raise ValueError(f"{address}: after_unknown is no object")
    return value


def _truth(read: dict[str, Any], key: str) -> bool:
    value = read.get(key, False)
    if not isinstance(value, bool):
        raise ValueError(f"{key} is neither true nor false")
    return value

"""From what OpenTofu saw to what a person is told: what makes a machine alarms at once, the rest is a note. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from outlive.commands.tofu_drift import Drift, wanted
from outlive.config.schema_watch import TofuSettings
from outlive.model.observation import Channel, Observation
from outlive.watch.project import Finding
from outlive.watch.project_sight import FOUND
from outlive.witnesses.tofu_plan import FACT


def found_in(tofu: TofuSettings, seen: Iterable[Observation], now: datetime) -> list[Observation]:
    """Nothing of a plan that gave no data."""
    plans = [one.value for one in seen if one.fact == FACT and one.error is None]
    listed = [_drift(one) for plan in plans for one in plan["resource_drift"]]
    findings = [_finding(one) for one in wanted(listed, tofu.ignore)]
    findings += [
        Finding("output", name, f"the output {name} is another than in the state", attribute=name)
        for plan in plans
        for name in plan["output_changes"]
        if name not in tofu.ignore
    ]
    return [_observation(one, tofu.name, now) for one in findings]


def _drift(one: dict[str, object]) -> Drift:
    return Drift(str(one["address"]), str(one["attribute"]), bool(one["identity"]), one.get("before"), one.get("after"))


def _finding(one: Drift) -> Finding:
    if not one.attribute:
        return Finding("drift", one.address, f"{one.address} is gone from the provider", is_alarm=True)
    values = f": {one.before} -> {one.after}" if one.is_identity else ""
    what = f"{one.address}.{one.attribute} changed behind OpenTofu's back{values}"
    return Finding("drift", one.address, what, attribute=one.attribute, is_alarm=one.is_identity)


def _observation(one: Finding, name: str, now: datetime) -> Observation:
    value = one.to_json() | {"id": f"{one.kind} {one.server} {one.attribute}".strip()}
    return Observation(now, f"tofu {name}", Channel.PROVIDER, "project", FOUND, value, observed_at=now)

"""The drill of a Temporal export: read to its end, every schedule understood by Temporal's own types, and all of it there
that the inventory names. No server is started: whether one takes it, `outlive temporal restore` finds out."""

from __future__ import annotations

from typing import Any

from outlive.backup.drill.drill_plan import DrillPlan, Looked
from outlive.backup.restore.restore_temporal import read_export
from outlive.backup.streams.inventory import read_inventory
from outlive.commands.temporal import Export
from outlive.errors import CopyDamaged
from outlive.model.copy import Check, Manifest
from outlive.transport.temporal_reading import not_understood


def drill_temporal(manifest: Manifest, plan: DrillPlan) -> Looked:
    """Green, red, or with a check that could not be made where the SDK is not installed."""
    before = plan.clock.monotonic()
    try:
        wanted = read_inventory(plan.vault, manifest, plan.identities)
        export = read_export(plan.vault, manifest, plan.identities)
    except CopyDamaged as error:
        return Looked([Check("read", False, error.detail)], None, "", _HOW)
    checks = [Check("read", True, f"{len(export.namespaces)} namespaces, {export.count} schedules")]
    checks += [_names(wanted, export), _understood(export)]
    return Looked(checks, plan.clock.monotonic() - before, "", _HOW)


_HOW = "read and understood, not given to a server"


def _names(wanted: dict[str, Any], export: Export) -> Check:
    """Numbers only: the outcome lies in the vault in clear."""
    there = {(one.name, each.id) for one in export.namespaces for each in one.schedules}
    named = {(one["name"], id) for one in wanted["namespaces"] for id in one["schedules"]}
    namespaces = {one["name"] for one in wanted["namespaces"]} == {one.name for one in export.namespaces}
    detail = f"{len(named & there)} of the {len(named)} schedules that were listed"
    return Check("schedules", namespaces and named == there, detail)


def _understood(export: Export) -> Check:
    wrong = not_understood(export)
    if wrong is None:
        return Check("understood", None, "not looked at: Temporal's SDK is not installed here")
    return Check(
        "understood", not wrong, f"{export.count - wrong} of {export.count} schedules are whole in Temporal's own types"
    )

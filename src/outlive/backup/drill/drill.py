"""The drill: a copy is restored into a throwaway place and looked at, and the time is taken. Only this proves a copy.

It can come out three ways. Green: everything that was looked at is there. Red: something is missing or wrong; the copy is
marked, because a backup that cannot be restored must not go on counting. An error: the drill itself could not be carried
out (no programs, no room, no key), which says nothing about the copy.
"""

from __future__ import annotations

from dataclasses import dataclass

from outlive.backup.copies import catalog
from outlive.backup.drill.drill_files import drill_files
from outlive.backup.drill.drill_plan import DrillPlan, Looked, outcomes
from outlive.backup.drill.drill_postgres import drill_dump, drill_postgres
from outlive.backup.drill.drill_temporal import drill_temporal
from outlive.backup.drill.verify import examine
from outlive.backup.restore.scratch import scratch_folder
from outlive.backup.streams.inventory import read_inventory
from outlive.model.copy import Copy, Manifest, Proof, ProofRecord

__all__ = ["DrillPlan", "Drilled", "drill", "read_inventory"]


@dataclass(frozen=True, slots=True)
class Drilled:
    """The outcome, as recorded in the vault, and which programs it was done with."""

    record: ProofRecord
    reached: str
    programs: str


def drill(copy: Copy, plan: DrillPlan) -> Drilled:
    """Restores, looks, measures, records. Raises `DrillFailed`, `WrongKey`, the vault's errors: nothing was learned."""
    looked = _DRILLS[copy.manifest.kind](copy.manifest, plan)
    record = ProofRecord(
        copy=copy.id,
        asset=copy.manifest.asset,
        level=Proof.RESTORED,
        ok=all(check.ok is not False for check in looked.checks),
        at=plan.clock.now(),
        checks=tuple(looked.checks),
        rto_seconds=looked.seconds,
    )
    for one in outcomes(record, looked):
        catalog.add_proof(plan.vault, one)
    return Drilled(record, looked.reached, looked.programs)


def _drill_files(manifest: Manifest, plan: DrillPlan) -> Looked:
    inventory = read_inventory(plan.vault, manifest, plan.identities)
    with scratch_folder(plan.scratch) as folder:
        checks, seconds = drill_files(plan.vault, manifest, plan.identities, inventory, folder)
    return Looked(checks, seconds, "", "GNU tar")


def _drill_images(manifest: Manifest, plan: DrillPlan) -> Looked:
    """Images are read to their end; to start them would need their surroundings."""
    before = plan.clock.monotonic()
    found = examine(plan.vault, manifest, plan.identities, plan.clock.now())
    return Looked(list(found.checks), plan.clock.monotonic() - before, "", "read to its end, not started")


_DRILLS = {
    "postgres": drill_postgres,
    "postgres_dump": drill_dump,
    "docker_volume": _drill_files,
    "path": _drill_files,
    "config": _drill_files,
    "images": _drill_images,
    "temporal": drill_temporal,
}

"""The drill of a moment: a base copy and the log after it, brought to a second of the window, and looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from outlive.backup.drill import recover_checks
from outlive.backup.drill.drill_lineage import lineage
from outlive.backup.drill.drill_plan import DrillPlan, Looked
from outlive.backup.drill.drill_postgres import indexes, not_laid_out
from outlive.backup.log.windows import Reached, Window
from outlive.backup.restore.cluster import Cluster, give_to_server
from outlive.backup.restore.lay_out import lay_out
from outlive.backup.restore.load_dumps import major_of, superuser
from outlive.backup.restore.pg_verify import verify_backup
from outlive.backup.restore.programs import Programs, choose
from outlive.backup.restore.recover_to import pick
from outlive.backup.restore.replay import Replay, replayed
from outlive.backup.restore.restore_postgres import point_tablespaces
from outlive.backup.restore.scratch import scratch_folder
from outlive.backup.streams.inventory import read_inventory
from outlive.errors import CopyDamaged, DatabaseUnreachable, RestoreFailed
from outlive.model.copy import Check, Copy, Manifest
from outlive.sources.postgres_inventory import inventory
from outlive.transport.local import LocalShell

OF_THE_BASE = ("restore", "pg_verifybackup")


@dataclass(frozen=True, slots=True)
class DrilledTo:
    """What came out, along which window. `base_is_bad`: the base copy itself is at fault, not the log after it."""

    window: Window
    looked: Looked
    reached: Reached | None

    @property
    def ok(self) -> bool:
        return all(check.ok is not False for check in self.looked.checks)

    @property
    def base_is_bad(self) -> bool:
        return any(check.ok is False and check.name in OF_THE_BASE for check in self.looked.checks)


def drill_to(copies: Sequence[Copy], at: datetime, plan: DrillPlan) -> DrilledTo:
    """Brings a throwaway cluster to `at` and looks at everything. Nothing is recorded: red log does not make a base copy
    bad, so the caller says whose proof it is. Raises `UsageError`, `DrillFailed`, `WrongKey`, the vault's errors."""
    window, manifest = pick(plan.vault, copies, at)
    later = next((copy.manifest for copy in copies if _follows(copy.manifest, manifest)), None)
    with scratch_folder(plan.scratch) as folder:
        with choose(manifest.source.get("image"), major_of(manifest), folder, fetch=plan.fetch_programs) as programs:
            began = plan.clock.monotonic()
            try:
                wanted = read_inventory(plan.vault, manifest, plan.identities)
                following = read_inventory(plan.vault, later, plan.identities) if later else None
                data = folder / "data"
                layout = lay_out(plan.vault, manifest, plan.identities, programs, data, on_room=plan.on_room)
            except (CopyDamaged, RestoreFailed) as error:
                return DrilledTo(window, not_laid_out(error, programs), None)
            laid_out = plan.clock.monotonic() - began
            give_to_server(folder)
            first = verify_backup(programs, layout)
            point_tablespaces(LocalShell(), layout)
            drill = _Drill(window, manifest, at, plan, programs, wanted, following)
            return drill.run(data, first, laid_out)


@dataclass(frozen=True, slots=True)
class _Drill:
    """`wanted` is the base copy's inventory, `following` that of the one after it."""

    window: Window
    manifest: Manifest
    at: datetime
    plan: DrillPlan
    programs: Programs
    wanted: dict[str, Any]
    following: dict[str, Any] | None

    def run(self, data: Path, first: Check, laid_out_seconds: float) -> DrilledTo:
        clock, plan = self.plan.clock, self.plan
        replay = Replay(plan.vault, self.manifest, self.window, plan.identities, data, self.at)
        began = clock.monotonic()
        try:
            with replayed(replay, self.programs, superuser(self.wanted)) as (cluster, reached):
                seconds = clock.monotonic() - began
                checks = [first, *self._look(cluster, reached, seconds)]
        except (CopyDamaged, RestoreFailed) as error:
            red = [first, Check("replay", False, error.detail)]
            return DrilledTo(self.window, Looked(red, None, programs=self.programs.label), None)
        looked = Looked(checks, laid_out_seconds + seconds, str(reached), self.programs.label)
        return DrilledTo(self.window, looked, reached)

    def _look(self, cluster: Cluster, reached: Reached, seconds: float) -> list[Check]:
        checks = [
            recover_checks.replay(self.window, reached, seconds),
            recover_checks.moment(reached, f"{self.at:%Y-%m-%d %H:%M:%S} UTC"),
        ]
        try:
            found = inventory(cluster.door(), count_all=True)
            checks += [
                lineage(cluster.door(), self.manifest),
                recover_checks.databases(self.wanted, found, self.following),
                recover_checks.unreadable(found),
            ]
            return [*checks, indexes(cluster, self.wanted, found)]
        except DatabaseUnreachable as error:
            return [*checks, Check("start", False, f"it started, but cannot be asked: {error.detail}")]


def _follows(one: Manifest, base: Manifest) -> bool:
    return one.kind == base.kind and one.lineage == base.lineage and one.sequence > base.sequence

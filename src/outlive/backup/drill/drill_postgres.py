"""The drill of Postgres copies: started, or loaded into a new cluster, and compared with the inventory.

Red is only what the copy is at fault for. What this machine lacks (programs, room, a locale, a library) is `DrillFailed`.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from outlive.backup.copies.compare import compare
from outlive.backup.drill.drill_lineage import lineage
from outlive.backup.drill.drill_plan import DrillPlan, Looked
from outlive.backup.restore.cluster import Cluster, DidNotStart, give_to_server
from outlive.backup.restore.lay_out import MemberDamaged, lay_out
from outlive.backup.restore.load_dumps import load_dumps, major_of, superuser
from outlive.backup.restore.pg_verify import last_line, must_have_run, verify_backup
from outlive.backup.restore.programs import Programs, choose
from outlive.backup.restore.restore_dsn import Destination
from outlive.backup.restore.restore_postgres import point_tablespaces
from outlive.backup.restore.scratch import scratch_folder
from outlive.backup.restore.throwaway import blame
from outlive.backup.streams.inventory import read_inventory
from outlive.errors import CopyDamaged, DatabaseUnreachable, DrillFailed, RestoreFailed
from outlive.model.copy import Check, Manifest
from outlive.sources.postgres_inventory import inventory
from outlive.transport.local import LocalShell

INITDB = ("-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")  # each database brings its own locale along


def drill_postgres(manifest: Manifest, plan: DrillPlan) -> Looked:
    """A physical copy: laid out, `pg_verifybackup`, started, compared, `pg_amcheck`."""
    with scratch_folder(plan.scratch) as folder:
        with choose(manifest.source.get("image"), major_of(manifest), folder, fetch=plan.fetch_programs) as programs:
            before = plan.clock.monotonic()
            try:
                wanted = read_inventory(plan.vault, manifest, plan.identities)
                data = folder / "data"
                layout = lay_out(plan.vault, manifest, plan.identities, programs, data, on_room=plan.on_room)
            except (CopyDamaged, RestoreFailed) as error:
                return not_laid_out(error, programs)
            laid_out = plan.clock.monotonic() - before
            give_to_server(folder)
            checks = [verify_backup(programs, layout)]
            point_tablespaces(LocalShell(), layout)
            started, seconds = _look_inside(manifest, plan, programs, folder, wanted)
            total = None if seconds is None else laid_out + seconds
            return Looked([*checks, *started], total, manifest.source["end_lsn"], programs.label)


def drill_dump(manifest: Manifest, plan: DrillPlan) -> Looked:
    """Dumps: a new cluster, roles, every database, compared."""
    with scratch_folder(plan.scratch) as folder:
        with choose(manifest.source.get("image"), major_of(manifest), folder, fetch=plan.fetch_programs) as programs:
            try:
                wanted = read_inventory(plan.vault, manifest, plan.identities)
            except CopyDamaged as error:
                return Looked([not_restored(error)], None, programs=programs.label)
            user = superuser(wanted)
            give_to_server(folder)
            made = programs.run(("initdb", "-D", str(folder / "data"), "-U", user, *INITDB), 300)
            if made.status != 0:
                raise DrillFailed(f"initdb: {last_line(made.stderr)}")
            before = plan.clock.monotonic()
            with Cluster(folder / "data", programs, user, {"max_worker_processes": "8"}) as cluster:
                destination = Destination(cluster.door().conninfo, partial(cluster.start, stdin=True))
                try:
                    load_dumps(plan.vault, manifest, plan.identities, wanted, destination)
                except (CopyDamaged, RestoreFailed) as error:
                    return Looked([not_restored(error)], None, programs=programs.label)
                seconds = plan.clock.monotonic() - before
                checks = [Check("restore", True, f"loaded in {seconds:.1f} s")]
                found = inventory(cluster.door(), count_all=True)
                checks += compare(wanted["before"], wanted["after"], found, logical=True)
                return Looked(checks, seconds, programs=programs.label)


def not_restored(error: CopyDamaged | RestoreFailed) -> Check:
    """Red; or `DrillFailed` when it was this machine that could not take it (no room, a missing locale)."""
    if isinstance(error, RestoreFailed) and (cure := blame(error.detail)):
        raise DrillFailed(error.detail, hint=cure) from error
    return Check("restore", False, error.detail)


def not_laid_out(error: CopyDamaged | RestoreFailed, programs: Programs) -> Looked:
    """What a drill has seen when it got no further; as above."""
    blamed = error.member if isinstance(error, MemberDamaged) else None
    return Looked([not_restored(error)], None, programs=programs.label, blamed=blamed)


def _look_inside(
    manifest: Manifest, plan: DrillPlan, programs: Programs, folder: Path, wanted: dict[str, Any]
) -> tuple[list[Check], float | None]:
    before = plan.clock.monotonic()
    bare = not (folder / "data" / "postgresql.conf").exists()
    preload = wanted["after"]["needs"].get("shared_preload_libraries") if bare and wanted["after"]["needs"] else None
    settings = {"shared_preload_libraries": preload} if preload else {}
    try:
        with Cluster(folder / "data", programs, superuser(wanted), settings) as cluster:
            seconds = plan.clock.monotonic() - before
            checks = [Check("start", True, f"ready after {seconds:.1f} s"), lineage(cluster.door(), manifest)]
            found = inventory(cluster.door(), count_all=True)
            checks += compare(wanted["before"], wanted["after"], found)
            return [*checks, indexes(cluster, wanted, found)], seconds
    except DidNotStart as error:
        return [Check("start", False, error.detail)], None
    except DatabaseUnreachable as error:
        if cure := blame(error.detail):
            raise DrillFailed(error.detail, hint=cure) from error
        return [Check("start", False, f"it started, but cannot be asked: {error.detail}")], None


def indexes(cluster: Cluster, wanted: dict[str, Any], found: dict[str, Any]) -> Check:
    """pg_amcheck over every table and index. Text order differs between builds of the C library and ICU, so where the
    collations are not production's, an index cannot be judged here."""
    here = {db["name"]: db["collation_versions"]["actual"] for db in found["databases"] if "tables" in db}
    there = {db["name"]: db["collation_versions"]["recorded"] for db in wanted["after"]["databases"] if "tables" in db}
    if any(version != here.get(name) for name, version in there.items()):
        return Check("indexes", None, "not judged: these programs sort text in another version than production's")
    done = cluster.run("pg_amcheck", "--all", "--install-missing", "--heapallindexed")
    said = " | ".join(line.strip() for line in (done.stderr + done.text).strip().splitlines()[-3:])
    if done.status != 0 and "amcheck" in said and ("not available" in said or "could not open extension" in said):
        return Check("indexes", None, "not judged: these programs come without amcheck")
    must_have_run(done, said)
    return Check("indexes", done.status == 0, said or "every table and index is sound")

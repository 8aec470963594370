"""Bringing a copy back, whatever it is a copy of and wherever it is to go. Existing data is never written over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from outlive.backup.restore import restore_files
from outlive.backup.restore.cluster import Cluster
from outlive.backup.restore.lay_out import lay_out
from outlive.backup.restore.load_dumps import load_dumps, major_of, superuser
from outlive.backup.restore.pour import step
from outlive.backup.restore.programs import choose
from outlive.backup.restore.restore_chain import restore_chain
from outlive.backup.restore.restore_dsn import Destination, Dump
from outlive.backup.restore.restore_plan import RestorePlan
from outlive.backup.restore.restore_postgres import point_tablespaces, restore_postgres
from outlive.backup.restore.restore_streams import restore_streams
from outlive.backup.restore.scratch import scratch_folder
from outlive.backup.restore.target import DsnTarget, Target
from outlive.backup.streams.inventory import read_inventory
from outlive.commands import postgres
from outlive.errors import UsageError
from outlive.model.copy import Manifest
from outlive.transport.base import Shell
from outlive.transport.local import LocalShell

__all__ = ["RestorePlan", "Restored", "restore"]


@dataclass(frozen=True, slots=True)
class Restored:
    """How long it took, and what a person should do or know next."""

    seconds: float
    next_steps: tuple[str, ...] = ()


def restore(manifest: Manifest, target: Target, shell: Shell | None, plan: RestorePlan) -> Restored:
    """Restores into `target`; `shell` is the machine of a directory target. Raises `Refused` before anything is
    touched, and the errors of the vault and the target; an unfinished restore never looks complete."""
    before = plan.clock.monotonic()
    if isinstance(target, DsnTarget):
        steps = _into_server(manifest, target.dsn, plan)
    else:
        assert shell
        steps = _into_directory(manifest, shell, _absolute(str(target.path), shell), plan)
    return Restored(plan.clock.monotonic() - before, steps)


def _into_directory(manifest: Manifest, shell: Shell, path: str, plan: RestorePlan) -> tuple[str, ...]:
    match manifest.kind:
        case "postgres":
            if manifest.parent is None:
                layout = restore_postgres(plan.vault, manifest, plan.identities, shell, path, plan.on_progress)
            else:
                layout = restore_chain(manifest, shell, path, plan)
            point_tablespaces(shell, layout)
            major = major_of(manifest)
            return (
                f"Give it to the user that runs Postgres {major} (chown -R), then start Postgres {major} on it.",
                "It has production's own settings: look at archive_command and listen_addresses before it is started.",
            )
        case "postgres_dump":
            restore_streams(plan.vault, manifest, plan.identities, shell, path, plan.on_progress)
            return (
                "Load globals.sql with psql, then each .dump with pg_restore; inventory.json tells which is which.",
            )
        case _:
            progress = plan.on_progress
            done = restore_files.restore_tar(plan.vault, manifest, plan.identities, shell, path, on_progress=progress)
            return done.warnings


def _into_server(manifest: Manifest, dsn: str, plan: RestorePlan) -> tuple[str, ...]:
    if manifest.kind not in ("postgres", "postgres_dump"):
        raise UsageError(
            f"a copy of kind {manifest.kind} cannot go into a database.", hint="Name a directory or ssh://host/path."
        )
    wanted = read_inventory(plan.vault, manifest, plan.identities)
    if manifest.kind == "postgres_dump":
        return load_dumps(plan.vault, manifest, plan.identities, wanted, Destination(dsn)).notes
    return _through_throwaway(manifest, wanted, Destination(dsn), plan)


def _through_throwaway(
    manifest: Manifest, wanted: dict[str, Any], destination: Destination, plan: RestorePlan
) -> tuple[str, ...]:
    """A physical copy is started here, on a private socket, and dumped from there into the target."""
    databases = [one for one in wanted["before"]["databases"] if "tables" in one]
    destination.check([Dump(one, tuple) for one in databases], major_of(manifest))  # before hours of unpacking
    with scratch_folder(plan.scratch) as folder:
        with choose(manifest.source.get("image"), major_of(manifest), folder, fetch=plan.fetch_programs) as programs:
            data, keys = folder / "data", plan.identities
            layout = lay_out(plan.vault, manifest, keys, programs, data, plan.on_progress, plan.on_room)
            point_tablespaces(LocalShell(), layout)
            with Cluster(data, programs, superuser(wanted)) as cluster:
                dumps = [Dump(one, partial(_output, cluster, postgres.pg_dump(one["name"]))) for one in databases]
                roles = _output(cluster, postgres.pg_dumpall_globals(role_passwords=True))
                return destination.load(roles, dumps, major_of(manifest)).notes


def _output(cluster: Cluster, argv: Sequence[str]) -> Iterator[bytes]:
    """What a client program of the throwaway server writes. Raises `RestoreFailed` when it does not end well."""
    with cluster.door().program(argv) as running:
        yield from running.chunks()
        step(running.wait(600), argv[0])


def _absolute(path: str, shell: Shell) -> str:
    if path.startswith("/"):
        return path
    here = shell.run(("pwd",)).check("asking for the working directory").text.strip()
    return f"{here}/{path}"

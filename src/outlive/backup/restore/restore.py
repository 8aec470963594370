"""Bringing a copy back, whatever it is a copy of and wherever it is to go. Existing data is never written over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
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
from outlive.backup.restore.restore_dsn import Destination, Dump, Loaded
from outlive.backup.restore.restore_images import restore_images
from outlive.backup.restore.restore_plan import RestorePlan
from outlive.backup.restore.restore_postgres import point_tablespaces, restore_postgres
from outlive.backup.restore.restore_streams import restore_streams
from outlive.backup.restore.scratch import scratch_folder
from outlive.backup.restore.target import DirectoryTarget, DockerTarget, DsnTarget, SshTarget, Target
from outlive.backup.streams.inventory import read_inventory
from outlive.commands import postgres
from outlive.errors import DrillFailed, OutliveError, RestoreFailed, UsageError
from outlive.model.copy import Manifest
from outlive.transport.base import Shell
from outlive.transport.local import LocalShell

__all__ = ["RestorePlan", "Restored", "restore"]


@dataclass(frozen=True, slots=True)
class Done:
    """What a person should do or know next, and `warnings`: what the target would not take, or could not keep."""

    next_steps: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Restored(Done):
    """And how long it took."""

    seconds: float = 0


def restore(manifest: Manifest, target: Target, shell: Shell | None, plan: RestorePlan) -> Restored:
    """Restores into `target`; `shell` is the machine of a directory or Docker target. Raises `Refused` before anything is
    touched, and the errors of the vault and the target; an unfinished restore never looks complete."""
    before = plan.clock.monotonic()
    match target:
        case DsnTarget(dsn):
            done = _into_server(manifest, dsn, plan)
        case DockerTarget():
            assert shell
            done = _into_docker(manifest, shell, plan)
        case DirectoryTarget(path) | SshTarget(_, path):
            assert shell
            done = _into_directory(manifest, shell, _absolute(str(path), shell), plan)
    return Restored(done.next_steps, done.warnings, plan.clock.monotonic() - before)


def _into_directory(manifest: Manifest, shell: Shell, path: str, plan: RestorePlan) -> Done:
    match manifest.kind:
        case "postgres":
            if manifest.parent is None:
                layout = restore_postgres(plan.vault, manifest, plan.identities, shell, path, plan.on_progress)
            else:
                layout = restore_chain(manifest, shell, path, plan)
            point_tablespaces(shell, layout)
            major = major_of(manifest)
            return Done(
                (
                    f"Give it to the user that runs Postgres {major} (chown -R), then start Postgres {major} on it.",
                    "It has production's own settings: look at archive_command and listen_addresses before it is started.",
                )
            )
        case "postgres_dump" | "images" | "temporal":
            restore_streams(plan.vault, manifest, plan.identities, shell, path, plan.on_progress)
            return Done((_STREAMS[manifest.kind],))
        case _:
            progress = plan.on_progress
            done = restore_files.restore_tar(plan.vault, manifest, plan.identities, shell, path, on_progress=progress)
            return Done(warnings=done.warnings)


_STREAMS = {
    "postgres_dump": "Load globals.sql with psql, then each .dump with pg_restore; inventory.json tells which is which.",
    "images": "Give them to Docker: docker load < images.tar",
    "temporal": "It is read by people; into a server it goes by `outlive temporal restore`, or as RESTORE.md says.",
}


def _into_docker(manifest: Manifest, shell: Shell, plan: RestorePlan) -> Done:
    if manifest.kind != "images":
        raise UsageError(
            f"a copy of kind {manifest.kind} is nothing that Docker loads.",
            hint="Add a path: ssh://host/new/directory.",
        )
    there = restore_images(plan.vault, manifest, plan.identities, shell, on_progress=plan.on_progress)
    return Done(tuple(_loaded(shell.name, name, id) for name, id in there.items()))


def _loaded(host: str, name: str, id: str) -> str:
    if name == id:
        return f"{host} has {id}, which was run by no name: docker tag {id} NAME:TAG"
    return f"{host} has {name}: {id}"


def _into_server(manifest: Manifest, dsn: str, plan: RestorePlan) -> Done:
    if manifest.kind not in ("postgres", "postgres_dump"):
        raise UsageError(
            f"a copy of kind {manifest.kind} cannot go into a database.", hint="Name a directory or ssh://host/path."
        )
    destination = Destination(dsn)
    wanted = read_inventory(plan.vault, manifest, plan.identities)
    try:
        if manifest.kind == "postgres_dump":
            loaded = load_dumps(plan.vault, manifest, plan.identities, wanted, destination)
        else:
            loaded = _through_throwaway(manifest, wanted, destination, plan)
    except OutliveError as error:
        if destination.lies_there:
            raise RestoreFailed(f"{error.detail} {destination.lies_there}", hint=_DROP) from error
        raise
    return Done((*loaded.notes, *_closed(wanted)), loaded.refused)


_DROP = (
    "The copy in the vault is untouched. Mend the cause, drop the databases that this restore made, and run it again; what "
    "was refused to this login, a superuser may do."
)


def _closed(wanted: dict[str, Any]) -> list[str]:
    closed = [one["name"] for one in wanted["before"]["databases"] if not one["allows_connections"]]
    return [f"Not restored, for they allow no connections: {', '.join(closed)}."] if closed else []


def _through_throwaway(
    manifest: Manifest, wanted: dict[str, Any], destination: Destination, plan: RestorePlan
) -> Loaded:
    """A physical copy is started here, on a private socket, and dumped from there into the target."""
    databases = [one for one in wanted["before"]["databases"] if "tables" in one]
    destination.check([Dump(one, tuple) for one in databases], major_of(manifest))  # before hours of unpacking
    try:
        with _throwaway(manifest, superuser(wanted), plan) as cluster:
            dumps = [Dump(one, partial(_output, cluster, postgres.pg_dump(one["name"]))) for one in databases]
            roles = _output(cluster, postgres.pg_dumpall_globals(role_passwords=True))
            return destination.load(roles, dumps, major_of(manifest))
    except DrillFailed as error:
        raise RestoreFailed(
            f"The copy was to be started on this machine first: {error.detail}", hint=f"{error.hint} {ELSE}"
        ) from error


ELSE = "Or restore to a directory on a machine that has what is missing."


@contextmanager
def _throwaway(manifest: Manifest, user: str, plan: RestorePlan) -> Iterator[Cluster]:
    with scratch_folder(plan.scratch) as folder:
        with choose(manifest.source.get("image"), major_of(manifest), folder, fetch=plan.fetch_programs) as programs:
            data, keys = folder / "data", plan.identities
            layout = lay_out(plan.vault, manifest, keys, programs, data, plan.on_progress, plan.on_room)
            point_tablespaces(LocalShell(), layout)
            with Cluster(data, programs, user) as cluster:
                yield cluster


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

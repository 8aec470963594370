"""A physical copy that builds on others, into a directory: combined on this machine, wherever it is to go."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from outlive.backup.restore.lay_out import lay_out
from outlive.backup.restore.load_dumps import major_of
from outlive.backup.restore.pour import step
from outlive.backup.restore.programs import choose
from outlive.backup.restore.restore_plan import RestorePlan
from outlive.backup.restore.restore_postgres import BASE, PG_MANIFEST, Layout, layout_at, place
from outlive.backup.restore.scratch import scratch_folder
from outlive.backup.restore.settle import Before
from outlive.backup.restore.workshop import workshop
from outlive.errors import DrillFailed, RestoreFailed
from outlive.model.copy import Manifest
from outlive.transport.base import Shell
from outlive.transport.local import LocalShell

END_SECONDS = 600


def restore_chain(manifest: Manifest, shell: Shell, path: str, plan: RestorePlan) -> Layout:
    """As `restore_postgres`, of the whole cluster. Needs Postgres' programs of that major on this machine."""
    there = layout_at(path, manifest)
    if not isinstance(shell, LocalShell):
        return _sent(manifest, shell, there, plan)
    with workshop(there.data, manifest) as shop:
        layout = _laid_out(manifest, shop.work, plan)
        shop.settle(layout, Before.of(shop.data))
    return there


def _laid_out(manifest: Manifest, work: Path, plan: RestorePlan) -> Layout:
    with choose(manifest.source.get("image"), major_of(manifest), work, fetch=plan.fetch_programs) as programs:
        data = work / "data"
        return lay_out(plan.vault, manifest, plan.identities, programs, data, plan.on_progress, plan.on_room)


def _sent(manifest: Manifest, shell: Shell, there: Layout, plan: RestorePlan) -> Layout:
    """Combined in the scratch folder, and packed from there: the other host needs no program of Postgres'."""
    try:
        with scratch_folder(plan.scratch) as folder:
            layout = _laid_out(manifest, folder, plan)

            def stream(name: str) -> Iterator[bytes]:
                if name == PG_MANIFEST:
                    return iter([(Path(layout.data) / PG_MANIFEST).read_bytes()])
                return _packed(layout.data if name == BASE else layout.tablespaces[name.removesuffix(".tar")])

            return place(shell, there, stream)
    except DrillFailed as error:
        raise RestoreFailed(error.detail, hint=error.hint) from error


def _packed(directory: str) -> Iterator[bytes]:
    """The directory as a tar. Raises `RestoreFailed` when it could not be read to its end."""
    skipped = f"--exclude=./{PG_MANIFEST}"
    argv = ("tar", "--create", "--file=-", "--numeric-owner", skipped, "--directory", directory, ".")
    with LocalShell().open(argv) as running:
        yield from running.chunks()
        step(running.wait(END_SECONDS), f"packing {directory}")

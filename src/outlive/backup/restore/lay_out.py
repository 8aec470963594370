"""A physical copy as one whole data directory on this machine, whatever it builds on.

`pg_combinebackup` checks that the members of a chain belong together, not that each is intact (Postgres documentation,
pg_combinebackup, "Limitations"): so every member goes through `pg_verifybackup` first.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from outlive.backup.copies import catalog
from outlive.backup.restore.cluster import give_to_server
from outlive.backup.restore.load_dumps import major_of
from outlive.backup.restore.pg_verify import VERIFY_SECONDS, last_line, must_have_run, verify_backup
from outlive.backup.restore.programs import Programs
from outlive.backup.restore.restore_postgres import (
    PG_MANIFEST,
    Layout,
    Progress,
    Streams,
    fill,
    layout_at,
    opener,
)
from outlive.backup.restore.room import OnRoom, Room
from outlive.backup.restore.settle import Before, give_back
from outlive.commands.postgres import combine
from outlive.errors import CopyDamaged, RestoreFailed
from outlive.model.copy import Manifest
from outlive.transport.local import LocalShell
from outlive.vault.base import Vault
from outlive.vault.encryption import Identity

CHAIN = "c"


class MemberDamaged(CopyDamaged):
    """A copy on which this one builds is damaged: this one cannot be restored."""

    def __init__(self, member: str, detail: str) -> None:
        super().__init__(f"({member}) {detail}")
        self.member = member


def lay_out(
    vault: Vault,
    manifest: Manifest,
    identities: Sequence[Identity],
    programs: Programs,
    path: Path,
    on_progress: Progress = lambda plain: None,
    on_room: OnRoom = lambda room: None,
) -> Layout:
    """Lays the cluster out at `path`, which must not be there, in a folder that is the caller's alone; a chain is combined
    beside it. Everything has the owner that it had in production, and nothing is written through to the disk: whoever
    keeps the result does that once, in the end. Raises `RestoreFailed`, `CopyDamaged` (`MemberDamaged`), `WrongKey`;
    `DrillFailed` when the programs could not be run."""
    chain = catalog.chain(vault, manifest)
    if len(chain) == 1:
        return _unpack(manifest, opener(vault, manifest, identities, on_progress), path)
    folder = path.parent / CHAIN
    on_room(_room(vault, chain, identities, path.parent))
    folder.mkdir(mode=0o711)
    members = []
    for number, member in enumerate(chain):
        with _blaming(member, manifest):
            members.append(_unpack(member, opener(vault, member, identities, on_progress), folder / str(number)))
    owner = Before.of(Path(members[-1].data)).owner
    give_to_server(folder)
    for member, layout in zip(chain, members, strict=True):
        with _blaming(member, manifest):
            _must_be_whole(programs, layout)
    whole = _combine(programs, manifest, members, path)
    shutil.rmtree(folder)
    for place in _places(whole):
        give_back(place, owner)
    return whole


@contextmanager
def _blaming(member: Manifest, copy: Manifest) -> Iterator[None]:
    """What is found damaged inside is that member's fault; of the copy itself it need not be said."""
    try:
        yield
    except CopyDamaged as error:
        if member.id == copy.id:
            raise
        raise MemberDamaged(member.id, error.detail) from error


def _unpack(member: Manifest, streams: Streams, data: Path) -> Layout:
    """In passing: nothing is claimed, and nothing written through to the disk."""
    layout, beside = layout_at(str(data), member), Path(f"{data}-tablespaces")
    for folder in (data, *([beside] if layout.tablespaces else ())):
        folder.mkdir(mode=0o700)
    fill(LocalShell(), layout, streams, str(data), str(beside))
    return layout


def _must_be_whole(programs: Programs, layout: Layout) -> None:
    check = verify_backup(programs, layout)
    if not check.ok:
        raise CopyDamaged(f"pg_verifybackup: {check.detail}")


def _combine(programs: Programs, manifest: Manifest, members: Sequence[Layout], path: Path) -> Layout:
    last = members[-1]
    whole = layout_at(str(path), manifest)
    for place in (path, *map(Path, whole.tablespaces.values())):
        place.mkdir(mode=0o700, parents=True)
    for place in _places(whole):
        give_to_server(place)
    spaces = {there: whole.tablespaces[oid] for oid, there in last.tablespaces.items()}
    done = programs.run(combine(major_of(manifest), [one.data for one in members], whole.data, spaces), VERIFY_SECONDS)
    errors = [line for line in done.stderr.splitlines() if "error:" in line]  # what it tidied up then comes after
    said = last_line("\n".join(errors) or done.stderr)
    must_have_run(done, said)
    if done.status != 0:
        raise RestoreFailed(f"pg_combinebackup: {said}")
    return whole


def _places(layout: Layout) -> list[Path]:
    spaces = [Path(f"{layout.data}-tablespaces")] if layout.tablespaces else []
    return [Path(layout.data), *spaces]


def _room(vault: Vault, chain: Sequence[Manifest], identities: Sequence[Identity], folder: Path) -> Room:
    """All members are unpacked, and then the whole is made of them: at most as much again."""
    unpacked = 0
    for member in chain:
        with _blaming(member, chain[-1]):
            unpacked += _unpacked_bytes(vault, member, identities)
    return Room(chain[-1].id, len(chain), folder, 2 * unpacked, shutil.disk_usage(folder).free)


def _unpacked_bytes(vault: Vault, manifest: Manifest, identities: Sequence[Identity]) -> int:
    said = b"".join(opener(vault, manifest, identities)(PG_MANIFEST))
    return sum(file["Size"] for file in json.loads(said)["Files"])

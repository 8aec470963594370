"""From a cluster that was started for its recovery back to an ordinary data directory, as if nobody had touched it."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from outlive.backup.restore.pour import step
from outlive.backup.restore.programs import Programs
from outlive.backup.restore.restore_postgres import Layout
from outlive.errors import RestoreFailed
from outlive.transport import process

_CONFIGURATION = ("postgresql.conf", "pg_ident.conf")  # made empty for the recovery where Debian keeps them elsewhere
_LEFT = ("postmaster.opts", "tablespace_map.old")  # they name places that will be gone


@dataclass(frozen=True, slots=True)
class Before:
    """What is to be put back: who owned the files (by number), and which were not there."""

    owner: tuple[int, int]
    absent: tuple[str, ...]

    @classmethod
    def of(cls, data: Path) -> Before:
        """As it is now, before a server has been near it."""
        stat = (data / "PG_VERSION").stat()
        return cls((stat.st_uid, stat.st_gid), tuple(one for one in _CONFIGURATION if not (data / one).exists()))


def must_be_shut_down(programs: Programs, data: Path) -> None:
    """Raises `RestoreFailed` unless the control file says that the server has ended in order."""
    said = programs.run(("pg_controldata", "-D", str(data)), 60).text
    found = re.search(r"Database cluster state:\s+(.*)", said)
    if found is None or found[1].strip() != "shut down":
        raise RestoreFailed(f"the recovered server did not end in order: {found[1] if found else said.strip()!r}.")


def settle(layout: Layout, before: Before, target: Path, spaces: Path | None, final: str) -> None:
    """Moves the data directory's contents into `target`, and its tablespaces into `spaces`, which will be called `final`
    and `final`-tablespaces. On one file system nothing is copied."""
    data = Path(layout.data)
    for name in (*_LEFT, *before.absent):
        (data / name).unlink(missing_ok=True)
    for oid, place in layout.tablespaces.items():
        assert spaces
        shutil.move(place, spaces / oid)
        link = data / "pg_tblspc" / oid
        link.unlink(missing_ok=True)
        link.symlink_to(f"{final}-tablespaces/{oid}")
    for entry in sorted(data.iterdir()):
        shutil.move(entry, target / entry.name)
    shutil.rmtree(data.parent)
    target.chmod(0o700)
    for folder in (target, *([spaces] if spaces else ())):
        give_back(folder, before.owner)


def give_back(folder: Path, owner: tuple[int, int]) -> None:
    """As root: everything to the numeric owner that it had in production; else it is ours anyway."""
    if os.geteuid() == 0:
        argv = ("chown", "-R", "--no-dereference", f"{owner[0]}:{owner[1]}", "--", str(folder))
        step(process.run(argv, timeout_seconds=3600), f"giving {folder} back")

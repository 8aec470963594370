"""A directory or file on a host."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from contextlib import contextmanager

from outlive.clock import Clock
from outlive.errors import SourceFailed
from outlive.model.asset import PathAsset
from outlive.sources import tarball
from outlive.sources.base import Capture, Lineage
from outlive.sources.place import on_host
from outlive.transport.base import Shell, cure


class PathSource:
    """Copies a path with the host's GNU tar. A symbolic link given as the path is followed."""

    def __init__(self, asset: PathAsset, shell: Shell, clock: Clock) -> None:
        self._asset = asset
        self._shell = shell
        self._clock = clock

    def identify(self) -> Lineage:
        return self._look()[0]

    @contextmanager
    def capture(self) -> Iterator[Capture]:
        thing, root, name = self._look()
        job = tarball.TarJob(
            place=on_host(self._shell),
            root=root,
            host_root=root,
            names=(name,),
            exclude=self._asset.exclude,
            hook=self._asset.around,
        )
        with tarball.capture(job, thing, self._clock) as capture:
            yield capture

    def _look(self) -> tuple[Lineage, str, str]:
        """What it is, the directory to read in, and what to read there.

        A directory is known by its inode and birth and the file system that holds it. A file is known by its directory
        and name: careful programs write a new file and rename it, so that its inode changes with every write.
        """
        path = self._asset.path
        asked = self._shell.run(("sh", "-c", _LOOK, "look", path))
        if asked.status != 0:
            raise SourceFailed(
                f"{self._shell.name}: {path} cannot be read: {asked.stderr.strip() or 'it is not there'}.",
                hint=cure(asked.stderr),
            )
        kind, inode, birth, filesystem = (asked.text.split("\n") + [""] * 4)[:4]
        facts = {"inode": inode, "birth": birth, "filesystem": filesystem}
        if kind == "directory":
            return tarball.lineage("path", facts), path, "."
        name = posixpath.basename(path)
        return tarball.lineage("path", facts, name), posixpath.dirname(path) or "/", f"./{name}"


_LOOK = r"""
if [ -d "$1" ]; then what=$1; echo directory
elif [ -f "$1" ]; then what=$(dirname -- "$1"); echo file
else stat -L -- "$1" >/dev/null && echo "neither a file nor a directory" >&2; exit 1; fi
stat -L -c '%i
%W' -- "$what" || exit 1
findmnt -n -o UUID -T "$what" 2>/dev/null || true
"""

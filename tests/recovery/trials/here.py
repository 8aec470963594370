"""The keeper's own disk, a small one that really runs full."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

BLOCK = 4096


@dataclass(frozen=True)
class KeeperDisk:
    """Mounted at `path`."""

    path: Path

    def fill(self) -> None:
        """Leaves no byte free, in whole blocks and then in single ones."""
        with suppress(OSError), self._ballast.open("ab", buffering=0) as file:
            free = os.statvfs(self.path)
            with suppress(OSError):
                os.posix_fallocate(file.fileno(), 0, free.f_bavail * free.f_frsize - 16 * BLOCK)
            file.seek(0, os.SEEK_END)
            while True:
                file.write(bytes(BLOCK))

    def make_room(self) -> None:
        self._ballast.unlink(missing_ok=True)

    @property
    def _ballast(self) -> Path:
        return self.path / "ballast"

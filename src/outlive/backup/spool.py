"""The folder from which a recovering Postgres takes its log, filled ahead of it by a thread of ours.

Postgres takes any failure of `restore_command` with status 1 to 125 for "there is no more log" and then comes up with
what it has: a truncated cluster that looks like success (research: backup.md section 4, row 9). So our command answers 1
only for a name that is not on the list of what the vault has, and 255, which stops Postgres, for everything else.
"""

from __future__ import annotations

import shlex
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from outlive.errors import OutliveError

WAIT_SECONDS = 900

_SCRIPT = """\
#!/bin/sh
# $1 = what Postgres asks for, $2 = where it wants it. Status 1 only for what the vault surely does not have.
cd "$(dirname "$0")" || exit 255
grep -qxF -- "$1" list || { [ -f list ] && exit 1; exit 255; }
n=0
while [ ! -f "$1" ]; do
  [ -e failed ] && exit 255
  n=$((n + 1)); [ "$n" -gt %(ticks)d ] && exit 255
  sleep 0.05
done
cp -- "$1" "$3/$2" || exit 255
"""


class Spool:
    """A context manager. `fetchers` makes the bytes of each file, in the order in which Postgres will want them."""

    def __init__(self, folder: Path, fetchers: Mapping[str, Callable[[], bytes]]) -> None:
        self._folder = folder
        self._fetchers = fetchers
        self._stop = threading.Event()
        self.error: OutliveError | None = None

    def __enter__(self) -> Spool:
        self._folder.mkdir(mode=0o755)
        script = self._folder / "fetch.sh"
        script.write_text(_SCRIPT % {"ticks": WAIT_SECONDS * 20})
        script.chmod(0o755)
        (self._folder / "list").write_text("".join(f"{name}\n" for name in self._fetchers))
        self._thread = threading.Thread(target=self._fill, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(timeout=60)

    def restore_command(self, data: Path) -> str:
        """For `restore_command`: %f and %p are Postgres' own words."""
        return f'{shlex.quote(str(self._folder / "fetch.sh"))} "%f" "%p" {shlex.quote(str(data))}'

    def _fill(self) -> None:
        for name, fetch in self._fetchers.items():
            if self._stop.is_set():
                return
            try:
                self._put(name, fetch())
            except OutliveError as error:
                self.error = error
                (self._folder / "failed").write_text(f"{error}\n")
                return

    def _put(self, name: str, data: bytes) -> None:
        """Under its name only when it is whole: Postgres may be waiting for it."""
        temporary = self._folder / f".{name}.tmp"
        temporary.write_bytes(data)
        temporary.chmod(0o644)
        temporary.replace(self._folder / name)

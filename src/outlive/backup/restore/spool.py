"""The folder from which a recovering Postgres takes its log, filled a little ahead of it by threads of ours.

Postgres takes any failure of `restore_command` with status 1 to 125 for "there is no more log" and then comes up with
what it has: a truncated cluster that looks like success (research: backup.md section 4, row 9). So our command answers 1
only for a name that is not on the list of what the vault has, and 255, which stops Postgres, for everything else.
"""

from __future__ import annotations

import shlex
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from outlive.backup.restore.cluster import give_to_server
from outlive.errors import OutliveError, RestoreFailed

WAIT_SECONDS = 900
AHEAD = 4  # so many files are fetched before they are asked for, and so many are kept behind
POLL_SECONDS = 0.01

_SCRIPT = """\
#!/bin/sh
# $1: what Postgres asks for. $2: where it wants it, in $3. Status 1 only for what the vault surely does not have.
cd "$(dirname "$0")" || exit 255
[ "$(tail -n 1 list)" = end ] || exit 255
grep -qxF -e "$1" list
case $? in 0) ;; 1) exit 1 ;; *) exit 255 ;; esac
: > "asked/$1" || exit 255
n=0
while :; do
  if [ -f "$1" ]; then
    cp "$1" "$3/$2" && break
    [ -f "$1" ] && exit 255
  fi
  [ -e failed ] && exit 255
  n=$((n + 1)); [ "$n" -gt %(ticks)d ] && exit 255
  sleep 0.05
done
rm -f "asked/$1"
exit 0
"""


class Spool:
    """A context manager. `fetchers` makes the bytes of each file, in the order in which Postgres will want them; it may
    ask for one twice. `error` is why the first of them could not be had."""

    def __init__(self, folder: Path, fetchers: Mapping[str, Callable[[], bytes]], workers: int = 2) -> None:
        self._folder = folder
        self._fetchers = fetchers
        self._names = list(fetchers)
        self._places = {name: place for place, name in enumerate(self._names)}
        self._stop = threading.Event()
        self._pool = ThreadPoolExecutor(workers, "spool")
        self._fetching: dict[int, Future[None]] = {}
        self._next = 0
        self._there: set[int] = set()
        self.error: OutliveError | None = None

    def __enter__(self) -> Spool:
        self._folder.mkdir(mode=0o700)
        (self._folder / "asked").mkdir(mode=0o700)
        script = self._folder / "fetch.sh"
        script.write_text(_SCRIPT % {"ticks": WAIT_SECONDS * 20})
        script.chmod(0o755)
        (self._folder / "list").write_text("".join(f"{name}\n" for name in [*self._names, "end"]))
        give_to_server(self._folder)
        self._thread = threading.Thread(target=self._serve, name="spool", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._pool.shutdown(cancel_futures=True)

    def restore_command(self, data: Path) -> str:
        """For `restore_command`: %f and %p are Postgres' own words, and a % of ours must be doubled."""
        words = (str(self._folder / "fetch.sh"), str(data))
        script, target = (shlex.quote(word).replace("%", "%%") for word in words)
        return f'{script} "%f" "%p" {target}'

    def _serve(self) -> None:
        """Whatever goes wrong here must stop Postgres, not let it wait or go on without."""
        try:
            while not self._stop.wait(POLL_SECONDS):
                self._answer()
        except OutliveError as error:
            self._fail(error)
        except Exception as error:  # noqa: BLE001  # disk full, a bug: the same
            self._fail(RestoreFailed(f"the log could not be laid out: {error}"))

    def _fail(self, error: OutliveError) -> None:
        self.error = error
        with suppress(OSError):
            (self._folder / "failed").touch()

    def _answer(self) -> None:
        asked = {self._places[one.name] for one in (self._folder / "asked").iterdir() if one.name in self._places}
        self._next = max([self._next, *asked])
        for place in [*sorted(asked), *range(self._next, min(self._next + AHEAD, len(self._names)))]:
            if place not in self._there and place not in self._fetching:
                self._fetching[place] = self._pool.submit(self._put, self._names[place])
        for place in [place for place, fetching in self._fetching.items() if fetching.done()]:
            if self._fetching[place].exception() is None:
                del self._fetching[place]
                self._there.add(place)
            elif place in asked:  # what is damaged further on may never be asked for
                self._fetching[place].result()
        self._drop_old(asked)

    def _drop_old(self, asked: set[int]) -> None:
        """What Postgres has gone past; should it come back to one, that is fetched anew."""
        for place in [one for one in self._there - asked if one < self._next - AHEAD]:
            (self._folder / self._names[place]).unlink()
            self._there.discard(place)

    def _put(self, name: str) -> None:
        """Under its name only when it is whole: Postgres may be waiting for it."""
        data = self._fetchers[name]()
        temporary = self._folder / f".{name}.tmp"
        temporary.write_bytes(data)
        temporary.chmod(0o644)
        temporary.replace(self._folder / name)

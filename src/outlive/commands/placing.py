"""What we say to a new host about putting a restored directory in its place, so that a look can always tell how far it
is: first whole beside its place (`staged`), then a *receipt* in our own folder, then, by one rename, in its place."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

ROOM = "/var/lib/outlive"


class Standing(StrEnum):
    """`TAKEN`: something is there that we did not put there."""

    ABSENT = "absent"
    STAGED = "staged"
    PLACED = "placed"
    TAKEN = "taken"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a directory is to be, and the key of who puts it there (a run and its step)."""

    final: str
    key: str

    @property
    def _mark(self) -> str:
        return sha256(self.key.encode()).hexdigest()[:16]

    @property
    def staging(self) -> str:
        """Beside it, so that a rename brings it there."""
        folder, name = posixpath.split(posixpath.normpath(self.final))
        return f"{folder}/.outlive-{self._mark}-{name.lstrip('.')}"

    @property
    def partial(self) -> str:
        """How the unfinished beginnings of `staging` are called (commands/files.py), up to their last letters."""
        folder, name = posixpath.split(self.staging)
        return f"{folder}/.{name}.outlive-partial-"

    @property
    def receipt(self) -> str:
        return f"{ROOM}/receipts/{self._mark}"

    @property
    def undone(self) -> str:
        """Where it goes when the step is undone."""
        return f"{ROOM}/undone/{self._mark}"

    @property
    def aside(self) -> str:
        """Where what was there before goes, if it may be moved at all."""
        return f"{ROOM}/aside/{self._mark}"


def look(place: Place) -> tuple[str, ...]:
    """Prints a `Standing`, then the receipt if there is one."""
    return ("sh", "-c", _LOOK, "look", place.final, place.staging, place.receipt)


_LOOK = """\
if [ -e "$2" ]; then echo staged
elif [ -e "$3" ] && [ -d "$1" ]; then echo placed; cat -- "$3"
elif [ -d "$1" ] && [ -z "$(ls -A -- "$1")" ]; then echo absent
elif [ -e "$1" ] || [ -L "$1" ]; then echo taken
else echo absent
fi
"""


def read_look(text: str) -> tuple[Standing, str]:
    """Raises ValueError when the host printed something else."""
    word, _, receipt = text.partition("\n")
    return Standing(word.strip()), receipt


def clean(place: Place) -> tuple[str, ...]:
    """Removes what killed attempts have left of the staging."""
    return ("sh", "-c", 'rm -rf -- "$1"*', "clean", place.partial)


def put(place: Place) -> tuple[str, ...]:
    """With the receipt on stdin: notes it, and brings what is staged to its place. Removes only an empty directory."""
    folder = posixpath.dirname(place.receipt)
    return ("sh", "-c", _PUT, "put", place.final, place.staging, place.receipt, folder)


# Only the file systems that these are on: others of a busy machine may have gigabytes of their own to write.
_PUT = """\
set -e
umask 077
settle() { for one; do sync -f "$one" 2>/dev/null || sync; done; }
mkdir -p -- "$4"
cat > "$3.new"
settle "$2" "$3.new"
mv -T -- "$3.new" "$3"
if [ -d "$1" ]; then rmdir -- "$1"; fi
mv -T -- "$2" "$1"
settle "$1" "$3"
"""


def take_back(place: Place) -> tuple[str, ...]:
    """Undoes it: what was put there goes aside and is kept, the receipt goes. Without a receipt only what is staged goes."""
    return (
        "sh",
        "-c",
        _BACK,
        "back",
        place.final,
        place.staging,
        place.receipt,
        place.undone,
        place.partial,
        place.aside,
    )


def forget(place: Place) -> tuple[str, ...]:
    """Removes what was put there and taken back again; nothing else is called so."""
    return ("sh", "-c", 'rm -rf -- "$1" "$1".[0-9]*', "forget", place.undone)


def forget_copied(place: Place, paths: Sequence[str]) -> tuple[str, ...]:
    """Removes those of the paths that are still what was copied there from `place`, and that itself with its receipt."""
    return ("sh", "-c", _FORGET, "forget", place.final, place.receipt, *paths)


_FORGET = """\
from=$1 receipt=$2
shift 2
for path; do
  if diff -rq --no-dereference -- "$from$path" "$path" > /dev/null 2>&1; then rm -rf -- "$path"; fi
done
rm -rf -- "$from"
rm -f -- "$receipt"
"""

_BACK = """\
set -e
umask 077
rm -rf -- "$2" "$5"*
if [ -e "$3" ]; then
  mkdir -p -- "$(dirname -- "$4")"
  if [ -e "$1" ]; then
    to=$4; n=1
    while [ -e "$to" ]; do n=$((n+1)); to=$4.$n; done
    mv -T -- "$1" "$to"
  fi
  rm -- "$3"
fi
if [ -e "$6" ]; then
  if [ -d "$1" ]; then rmdir -- "$1"; fi
  mv -T -- "$6" "$1"
fi
"""


def move_aside(place: Place) -> tuple[str, ...]:
    """What is there goes aside and is kept; never a second time, for then it would be ours."""
    return ("sh", "-c", _ASIDE, "aside", place.final, place.aside, posixpath.dirname(place.aside))


_ASIDE = """\
set -e
umask 077
[ ! -e "$2" ] || exit 1
mkdir -p -- "$3"
mv -T -- "$1" "$2"
"""


def copy_file_tree(staged: str, final: str) -> tuple[str, ...]:
    """Copies a file or directory to its place by a rename, unless the same is there already. Exits with 81 when something
    else is there."""
    folder, name = posixpath.split(posixpath.normpath(final))
    return ("sh", "-c", _COPY, "copy", staged, final, folder, f"{folder.rstrip('/')}/.{name}.outlive-new")


TAKEN = 81
_COPY = f"""\
set -e
if [ -e "$2" ] || [ -L "$2" ]; then
  diff -rq --no-dereference -- "$1" "$2" >&2 && exit 0
  exit {TAKEN}
fi
mkdir -p -- "$3"
rm -rf -- "$4"
cp -a -- "$1" "$4"
sync -f "$4" 2>/dev/null || sync
mv -T -- "$4" "$2"
"""

"""What we say to a host about the directory that a copy is restored into."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass

MARK = "OUTLIVE-RESTORE-INCOMPLETE"
TAKEN = 81


@dataclass(frozen=True, slots=True)
class Claim:
    """A directory that is ours to fill. `directory` is `target` itself (an empty directory that was there already), or
    a temporary one beside it."""

    target: str
    directory: str
    as_root: bool

    @property
    def is_new(self) -> bool:
        return self.directory != self.target


def claim(target: str) -> tuple[str, ...]:
    """Makes the directory to unpack into and prints the user's number and its path. Exits with TAKEN, touching nothing,
    when the target holds anything (a file system's own lost+found is nothing)."""
    target = posixpath.normpath(target)
    return ("sh", "-c", _CLAIM, "claim", target, posixpath.dirname(target), posixpath.basename(target))


_CLAIM = f"""\
taken() {{ echo "$1" >&2; exit {TAKEN}; }}
umask 077
if [ -d "$1" ]; then
  found=$(ls -A -- "$1") || exit 1
  case $found in
    ''|lost+found) ;;
    *{MARK}*) taken "holds a restore that did not finish: empty it first" ;;
    *) taken "is not empty" ;;
  esac
  (set -C; : > "$1/{MARK}") || exit 1
  directory=$1
elif [ -e "$1" ] || [ -L "$1" ]; then
  taken "is there and is no directory"
else
  mkdir -p -- "$2" || exit 1
  directory=$(mktemp -d -- "$2/.$3.outlive-partial-XXXXXXXX") && : > "$directory/{MARK}" || exit 1
fi
id -u
printf '%s' "$directory"
"""


def read_claim(target: str, text: str) -> Claim:
    """Raises ValueError when the host printed something else."""
    user, _, directory = text.partition("\n")
    if not user.isdigit() or not directory.startswith("/"):
        raise ValueError("the host did not say where to unpack; does its shell print a greeting?")
    return Claim(posixpath.normpath(target), directory, user == "0")


def finish(claimed: Claim) -> tuple[str, ...]:
    """Everything to disk, then the mark goes, then the name comes, and that to disk as well. rename(2) replaces nothing
    but an empty directory."""
    return ("sh", "-c", _FINISH, "finish", claimed.directory, claimed.target, posixpath.dirname(claimed.target))


_FINISH = f"""\
settle() {{ sync -f "$1" 2>/dev/null || sync; }}
settle "$1"
stamp=$(stat -c %y -- "$1") || exit 1
mode=$(stat -c %a -- "$1") || exit 1
chmod u+rwx -- "$1" && rm -- "$1/{MARK}" && touch -d "$stamp" -- "$1" && chmod "$mode" -- "$1" || exit 1
[ "$1" = "$2" ] || mv -T -- "$1" "$2" || exit 1
settle "$3"
"""


def give_up(claimed: Claim) -> tuple[str, ...]:
    """Removes the temporary directory that we made; leaves one that was there before as it is, marked."""
    if claimed.is_new:
        return ("sh", "-c", _GIVE_UP, "give-up", claimed.directory)
    return ("true",)


# A tar whose input was cut may still be writing for a moment; and without root, a directory that may not be written
# to cannot be emptied.
_GIVE_UP = """\
for _ in 1 2 3 4 5; do
  rm -rf -- "$1" 2>/dev/null && exit 0
  chmod -R u+rwx -- "$1" 2>/dev/null
  sleep 1
done
exit 1
"""


def put(directory: str, path: str, *, mode: int, owner: tuple[int, int] | None) -> tuple[str, ...]:
    """Writes stdin to `path` below `directory`, as a new file."""
    full = posixpath.join(directory, path)
    chown = f"{owner[0]}:{owner[1]}" if owner else ""
    return ("sh", "-c", _PUT, "put", full, posixpath.dirname(full), f"{mode:o}", chown)


_PUT = """\
umask 077
set -C
mkdir -p -- "$2" && cat > "$1" || exit 1
[ -z "$4" ] || chown -- "$4" "$1" || exit 1
chmod -- "$3" "$1"
"""

"""How databases are found among files, and how SQLite is told to copy itself.

A live SQLite file that is copied byte by byte can be torn, and without its -wal it loses what was committed last.
Its backup API copies one transaction's view of it (https://www.sqlite.org/backup.html).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from outlive.commands.around import supervised

SIBLINGS = ("-wal", "-shm", "-journal")
TEMPORARY = "/var/tmp"  # on disk: /tmp may be memory, which a small server has little of
SPARE_BYTES = 64 << 20
BUSY_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Found:
    """A database among files. `kind` is sqlite, redis, mysql or postgres; `path` begins with "./"."""

    kind: str
    path: str
    bytes: int
    mode: str
    uid: int
    gid: int


def find(directory: str, names: Sequence[str] = (".",)) -> tuple[str, ...]:
    """Looks for databases among `names` ("." or "./x") below `directory`: SQLite by its first bytes, the others by the
    names they always use.

    Wants only what POSIX find and busybox have. Prints kind, `stat` and path, each ended by a zero byte.
    """
    return ("sh", "-c", _FIND, "find", directory, *names)


_FIND = r"""
cd -- "$1" || exit 1
shift
exec find "$@" -type f \( -name '*.db' -o -name '*.db3' -o -name '*.sqlite*' -o -name '*-wal' -o -name '*-journal' \
 -o -name dump.rdb -o -name 'appendonly*' -o -name ibdata1 -o -name mysql.ibd -o -name PG_VERSION \) -exec sh -c '
for file; do
  kind=
  case ${file##*/} in
    PG_VERSION) [ ! -e "${file%/*}/global/pg_control" ] || kind=postgres ;;
    ibdata1|mysql.ibd) kind=mysql ;;
    dump.rdb|appendonly*) kind=redis ;;
    *) case $file in *-wal) file=${file%-wal} ;; *-journal) file=${file%-journal} ;; esac
       [ "$(head -c 15 "$file" 2>/dev/null)" != "SQLite format 3" ] || kind=sqlite ;;
  esac
  [ -z "$kind" ] || printf "%s\0%s\0%s\0" "$kind" "$(stat -c "%s %a %u %g" "$file")" "$file"
done' sh {} +
"""


def read_find(output: bytes) -> tuple[Found, ...]:
    """What `find` printed, each database once, in order of paths. Raises ValueError for anything else."""
    fields = output.decode("utf-8", "surrogateescape").split("\0")
    if fields.pop() or len(fields) % 3:
        raise ValueError("the list of databases is cut off")
    found = {}
    for kind, stat, path in zip(fields[0::3], fields[1::3], fields[2::3], strict=True):
        numbers = stat.split(" ")
        if len(numbers) == 4:  # else it vanished meanwhile
            found[path] = Found(kind, path, int(numbers[0]), numbers[1], int(numbers[2]), int(numbers[3]))
    return tuple(found[path] for path in sorted(found))


@dataclass(frozen=True, slots=True)
class Able:
    """What can copy a database somewhere: the program, and a folder for temporary copies with the bytes free in it."""

    program: str
    folder: str
    free_bytes: int


def programs(folders: Sequence[str] = (TEMPORARY,), files: Sequence[str] = ()) -> tuple[str, ...]:
    """Says which of `sqlite3` and `python3` (with its sqlite3 module) can copy the `files` (absolute), if they may be opened
    here for writing; and which of the folders may be written to, with the room in it."""
    return ("sh", "-c", _PROGRAMS, "programs", " ".join(folders), *files)


_PROGRAMS = r"""
folders=$1; shift
for file; do [ -r "$file" ] && [ -w "$file" ] || exit 1; done
if command -v sqlite3 >/dev/null 2>&1 && sqlite3 -version >/dev/null 2>&1; then echo sqlite3
elif command -v python3 >/dev/null 2>&1 && python3 -c "import sqlite3" 2>/dev/null; then echo python3
else exit 1; fi
for folder in $folders; do
  [ -d "$folder" ] && [ -w "$folder" ] || continue
  df -Pk "$folder" | { read -r _; read -r _ _ _ free _; echo "$folder ${free:-0}"; }
  exit
done
"""


def read_programs(text: str) -> Able | None:
    """None when nothing there can copy."""
    words = text.split()
    if not words or words[0] not in ("sqlite3", "python3"):
        return None
    if len(words) != 3 or not words[2].isdigit():
        return Able(words[0], TEMPORARY, 0)
    return Able(words[0], words[1], int(words[2]) * 1024)


def copy(path: str, program: str) -> tuple[str, ...]:
    """A whole SQLite file on stdout: the database at the absolute `path` as one transaction saw it.

    It is copied into a private temporary folder, which is removed again whoever dies. One read transaction spans the
    copy: without it, each write of the application would make SQLite start over, and a busy database never be copied. It
    is opened for writing, as the application would, so that what a crash left half-done is rolled back; it is never
    created.
    """
    return supervised(
        set_up=_TEMPORARY.format(temporary=TEMPORARY),
        work=f'run {_words(program, path)} || exit 1\nrun cat "$folder/copy"',
        undo='wait\n[ -z "$folder" ] || rm -rf "$folder"',
    )


def copy_in_container(path: str, program: str, folder: str) -> tuple[str, ...]:
    """The same for a container, with a temporary folder in `folder`. Nobody watches over it there: a watcher would leave
    zombies to the application, which in a container is process 1 and reaps none. When nobody listens any more, `cat` ends
    and the folder goes."""
    script = f"""\
exec </dev/null
trap '' PIPE HUP
{_TEMPORARY.format(temporary=folder)}
{_words(program, path)} && cat "$folder/copy"
status=$?
rm -rf "$folder"
exit $status
"""
    return ("sh", "-c", script)


_TEMPORARY = """\
umask 077
folder=$(mktemp -d {temporary}/outlive-sqlite-XXXXXXXX) || exit 1"""

_PYTHON = f"""\
import contextlib, sqlite3, sys
with contextlib.closing(sqlite3.connect(sys.argv[1], uri=True, timeout={BUSY_SECONDS}, isolation_level=None)) as source:
    with contextlib.closing(sqlite3.connect(sys.argv[2])) as target:
        source.execute("begin")
        source.execute("select count(*) from sqlite_master").fetchall()
        source.backup(target)
"""


def _words(program: str, path: str) -> str:
    uri = f"file:{quote(path, errors='surrogateescape')}?mode=rw"
    if program == "python3":
        return f'python3 -c {_quoted(_PYTHON)} {_quoted(uri)} "$folder/copy"'
    steps: Sequence[str] = (f".timeout {BUSY_SECONDS * 1000}", "begin", "select count(*) from sqlite_master")
    words = " ".join(_quoted(step) for step in steps)
    return f"sqlite3 -batch -bail -init /dev/null {_quoted(uri)} {words} \".backup '$folder/copy'\" >/dev/null"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\"'\"'") + "'"

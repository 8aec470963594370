"""What lies in a host's folders: sizes, files of databases, configuration. POSIX sh and what busybox has.

All of it only reads. Paths travel as arguments and come back as their position, so that no name, however odd, is ever
parsed. `timeout` bounds every walk through a tree; where it is missing, so is the answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_WEIGH = r"""
seconds=$1; shift; i=0
for p; do
  kind=-
  if [ -L "$p" ]; then kind=l; elif [ -S "$p" ]; then kind=s; elif [ -d "$p" ]; then kind=d
  elif [ -f "$p" ]; then kind=f; elif [ -e "$p" ]; then kind=o; fi
  may=n; if [ -r "$p" ]; then may=y; fi
  size=; if [ $kind = d ] || [ $kind = f ]; then size=$(timeout "$seconds" du -sxk -- "$p" 2>/dev/null) || size=; fi
  printf '%s\t%s\t%s\t%s\n' $i $kind $may "${size%%[!0-9]*}"
  i=$((i + 1))
done
"""

_DATA_FILES = r"""
seconds=$1; shift; i=0
for p; do
  timeout "$seconds" find "$p" -xdev -maxdepth 5 -type f \( -name '*.sqlite' -o -name '*.sqlite3' -o -name '*.db' \
    -o -name '*.db3' -o -name 'dump.rdb' -o -name '*.aof' -o -name 'ibdata1' -o -name 'WiredTiger' \
    -o \( -name 'PG_VERSION' ! -path '*/base/*' \) \) 2>/dev/null | head -n 40 | while IFS= read -r f; do
    magic=$(head -c 15 "$f" 2>/dev/null | tr -d '\000')
    printf '%s\t%s\t%s\n' $i "$( [ "$magic" = 'SQLite format 3' ] && echo y || echo n)" "${f#"$p"/}"
  done
  i=$((i + 1))
done
"""

# What says how a stack is run, found beside its compose file. Example files are no configuration.
CONFIG_NAMES = (
    *("compose*.y*ml", "docker-compose*.y*ml", ".env", ".env.*", "*.env", "Caddyfile", "nginx*.conf", "traefik*.y*ml"),
    *("*.tfstate", "*.tfvars", "*.tf", "Dockerfile*", "Makefile", "haproxy.cfg"),
)
_CONFIGS = r"""
i=0
for d; do
  set -f
  find "$d" -maxdepth 1 -type f \( -name 'compose*.y*ml' PATTERNS \) ! -name '*.example' ! -name '*.sample' \
    ! -name '*.bak' 2>/dev/null | sort | head -n 100 | while IFS= read -r f; do
    if [ -r "$f" ]; then may=y; else may=n; fi
    printf '%s\t%s\t%s\n' $i $may "$f"
  done
  i=$((i + 1))
done
"""

_DATA_KINDS = {"dump.rdb": "redis", "ibdata1": "mysql", "PG_VERSION": "postgres", "WiredTiger": "mongodb"}


@dataclass(frozen=True, slots=True)
class Weight:
    """What is at a path: `kind` is d, f, s (socket), l (link), o (other) or - (nothing that this login can see).

    `bytes` is what it takes on disk without other file systems mounted below; None when that took too long or part of
    it may not be read.
    """

    kind: str
    readable: bool
    bytes: int | None


@dataclass(frozen=True, slots=True)
class DataFile:
    """A file of a database found in a tree: sqlite, redis, mysql, postgres, mongodb."""

    kind: str
    path: str


def weigh(paths: Sequence[str], *, seconds_each: int) -> tuple[str, ...]:
    return ("sh", "-c", _WEIGH, "sh", str(seconds_each), *paths)


def data_files(folders: Sequence[str], *, seconds_each: int) -> tuple[str, ...]:
    """Looks five levels deep, for names and (for SQLite) the first 15 bytes."""
    return ("sh", "-c", _DATA_FILES, "sh", str(seconds_each), *folders)


def config_files(folders: Sequence[str]) -> tuple[str, ...]:
    """Looks for `CONFIG_NAMES` directly in the folders."""
    patterns = " ".join(f"-o -name '{name}'" for name in CONFIG_NAMES[1:])
    return ("sh", "-c", _CONFIGS.replace("PATTERNS", patterns), "sh", *folders)


def read_weights(text: str, paths: Sequence[str]) -> dict[str, Weight]:
    """From `weigh`: one for every path; those not answered for are as if they were not there."""
    weights = {path: Weight("-", False, None) for path in paths}
    for position, kind, may, size in _fields(text, 4):
        if int(position) < len(paths):
            weights[paths[int(position)]] = Weight(kind, may == "y", int(size) << 10 if size else None)
    return weights


def read_data_files(text: str, folders: Sequence[str]) -> dict[str, tuple[DataFile, ...]]:
    """From `data_files`: what was found in each folder, with paths from there."""
    found: dict[str, tuple[DataFile, ...]] = dict.fromkeys(folders, ())
    for position, is_sqlite, path in _fields(text, 3):
        kind = _data_kind(path, is_sqlite == "y")
        if kind and int(position) < len(folders):
            found[folders[int(position)]] += (DataFile(kind, path),)
    return {folder: tuple(sorted(files, key=_by_depth)) for folder, files in found.items()}


def read_config_files(text: str, folders: Sequence[str]) -> dict[str, tuple[tuple[str, bool], ...]]:
    """From `config_files`: (path, may be read) of each file, by folder."""
    found: dict[str, tuple[tuple[str, bool], ...]] = dict.fromkeys(folders, ())
    for position, may, path in _fields(text, 3):
        if int(position) < len(folders):
            found[folders[int(position)]] += ((path, may == "y"),)
    return found


def _fields(text: str, count: int) -> Iterator[list[str]]:
    """Lines of exactly `count` fields of which the first is a number; others are pieces of odd names."""
    for line in text.splitlines():
        fields = line.split("\t", count - 1)
        if len(fields) == count and fields[0].isdigit():
            yield fields


def _by_depth(file: DataFile) -> tuple[int, str]:
    return file.path.count("/"), file.path


def _data_kind(path: str, is_sqlite: bool) -> str:
    name = path.rpartition("/")[2]
    if is_sqlite:
        return "sqlite"
    if name.endswith(".aof"):
        return "redis"
    return _DATA_KINDS.get(name, "")

"""What we ask a host's shell, and how its answers are read: facts, sizes, files. POSIX sh and what busybox has.

All of it only reads. Paths travel as arguments and come back as their position, so that no name, however odd, is ever
parsed. `timeout` bounds every walk through a tree; where it is missing, so is the answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

_FACTS = r"""
say() { printf '\n@@%s\n' "$1"; }
say hostname; hostname 2>/dev/null || cat /proc/sys/kernel/hostname
say user; id -un
say machine_id; cat /etc/machine-id 2>/dev/null
say boot_id; cat /proc/sys/kernel/random/boot_id 2>/dev/null
say dmi_uuid; cat /sys/class/dmi/id/product_uuid 2>/dev/null
say root_fs_uuid; findmnt -no UUID / 2>/dev/null
say stat; grep ^btime /proc/stat
say os; cat /etc/os-release 2>/dev/null
say kernel; uname -r
say cpus; nproc 2>/dev/null || grep -c ^processor /proc/cpuinfo
say meminfo; grep ^MemTotal /proc/meminfo
say df; df -PT -k 2>/dev/null || df -P -k
say unix; cat /proc/net/unix 2>/dev/null | grep -o '/.*/\.s\.PGSQL\.[0-9]*$' | sort -u | while IFS= read -r s; do
  if [ -S "$s" ]; then printf '%s %s\n' "$(stat -c %U "$s")" "$s"; fi
done
say roots; for d in /srv/* /var/www/* /opt/* /home/* /root; do if [ -d "$d" ]; then printf '%s\n' "$d"; fi; done
say docker; if command -v docker >/dev/null 2>&1; then echo there; fi
say journal; if command -v journalctl >/dev/null 2>&1 && { [ -d /run/log/journal ] || [ -d /var/log/journal ]; } &&
  [ ! -e /var/log/auth.log ] && [ ! -e /var/log/secure ]; then echo alone; fi
true
"""

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
class Disk:
    """A mounted file system of a real device."""

    mount: str
    device: str
    kind: str
    bytes: int
    used_bytes: int


@dataclass(frozen=True, slots=True)
class PostgresSocket:
    """A Postgres server's socket on the host itself, and the operating system's user that owns it."""

    directory: str
    port: int
    owner: str


@dataclass(frozen=True, slots=True)
class HostFacts:
    """What a host says about itself. Empty strings and None are what it did not tell."""

    hostname: str
    user: str = ""
    machine_id: str = ""
    boot_id: str = ""
    dmi_uuid: str = ""
    root_fs_uuid: str = ""
    booted_at: datetime | None = None
    os: str = ""
    kernel: str = ""
    cpus: int | None = None
    memory_bytes: int | None = None
    disks: tuple[Disk, ...] = ()
    sockets: tuple[PostgresSocket, ...] = ()
    roots: tuple[str, ...] = ()
    has_docker: bool = False
    logs_to_journal_only: bool = False  # logins too: there is no auth.log (Debian), nor secure (Fedora)


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


# --- what we say -------------------------------------------------------------------------------------------------


def facts() -> tuple[str, ...]:
    return ("sh", "-c", _FACTS)


def weigh(paths: Sequence[str], *, seconds_each: int) -> tuple[str, ...]:
    return ("sh", "-c", _WEIGH, "sh", str(seconds_each), *paths)


def data_files(folders: Sequence[str], *, seconds_each: int) -> tuple[str, ...]:
    """Looks five levels deep, for names and (for SQLite) the first 15 bytes."""
    return ("sh", "-c", _DATA_FILES, "sh", str(seconds_each), *folders)


def config_files(folders: Sequence[str]) -> tuple[str, ...]:
    """Looks for `CONFIG_NAMES` directly in the folders."""
    patterns = " ".join(f"-o -name '{name}'" for name in CONFIG_NAMES[1:])
    return ("sh", "-c", _CONFIGS.replace("PATTERNS", patterns), "sh", *folders)


# --- how we read -------------------------------------------------------------------------------------------------


def read_facts(text: str) -> HostFacts:
    """From `facts`. Raises ValueError when it is something else (a login banner, a restricted shell)."""
    found = _sections(text)
    if "hostname" not in found or "df" not in found:
        raise ValueError("the host did not answer as a POSIX shell does")
    return HostFacts(
        hostname=_first(found, "hostname"),
        user=_first(found, "user"),
        machine_id=_first(found, "machine_id"),
        boot_id=_first(found, "boot_id"),
        dmi_uuid=_first(found, "dmi_uuid").lower(),
        root_fs_uuid=_first(found, "root_fs_uuid"),
        booted_at=_booted_at(_first(found, "stat")),
        os=_pretty_name(found["os"]),
        kernel=_first(found, "kernel"),
        cpus=_number(_first(found, "cpus")),
        memory_bytes=_kilobytes(_first(found, "meminfo")),
        disks=tuple(_disks(found["df"])),
        sockets=tuple(_sockets(found.get("unix", []))),
        roots=tuple(line for line in found.get("roots", []) if line.startswith("/")),
        has_docker=_first(found, "docker") == "there",
        logs_to_journal_only=_first(found, "journal") == "alone",
    )


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


def _sections(text: str) -> dict[str, list[str]]:
    """Everything between two `@@name` lines, without empty lines; what comes before the first is a banner."""
    found: dict[str, list[str]] = {}
    name = ""
    for line in text.splitlines():
        if line.startswith("@@"):
            name = line[2:]
            found[name] = []
        elif name and line.strip():
            found[name].append(line.strip())
    return found


def _fields(text: str, count: int) -> Iterator[list[str]]:
    """Lines of exactly `count` fields of which the first is a number; others are pieces of odd names."""
    for line in text.splitlines():
        fields = line.split("\t", count - 1)
        if len(fields) == count and fields[0].isdigit():
            yield fields


def _first(found: dict[str, list[str]], name: str) -> str:
    lines = found.get(name) or [""]
    return lines[0]


def _number(text: str) -> int | None:
    match = re.search(r"\d+", text)
    return int(match[0]) if match else None


def _kilobytes(text: str) -> int | None:
    number = _number(text)
    return None if number is None else number << 10


def _booted_at(text: str) -> datetime | None:
    seconds = _number(text)
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def _pretty_name(lines: Iterable[str]) -> str:
    pairs = dict(line.partition("=")[::2] for line in lines)
    return pairs.get("PRETTY_NAME", pairs.get("NAME", "")).strip('"')


def _disks(lines: Iterable[str]) -> Iterator[Disk]:
    """`df -PT` (busybox without -T: no kind). Several mounts of one device are one disk: the shortest path stands."""
    seen: dict[str, Disk] = {}
    for line in lines:
        match = re.fullmatch(r"(/dev/\S+)\s+(?:([a-z]\w*)\s+)?(\d+)\s+(\d+)\s+\d+\s+\S+\s+(/.*)", line)
        if not match:
            continue
        disk = Disk(match[5], match[1], match[2] or "", int(match[3]) << 10, int(match[4]) << 10)
        if disk.device not in seen or len(disk.mount) < len(seen[disk.device].mount):
            seen[disk.device] = disk
    yield from seen.values()


def _sockets(lines: Iterable[str]) -> Iterator[PostgresSocket]:
    for line in lines:
        owner, _, path = line.partition(" ")
        folder, _, name = path.rpartition("/.s.PGSQL.")
        if name.isdigit():
            yield PostgresSocket(folder, int(name), owner)


def _by_depth(file: DataFile) -> tuple[int, str]:
    return file.path.count("/"), file.path


def _data_kind(path: str, is_sqlite: bool) -> str:
    name = path.rpartition("/")[2]
    if is_sqlite:
        return "sqlite"
    if name.endswith(".aof"):
        return "redis"
    return _DATA_KINDS.get(name, "")

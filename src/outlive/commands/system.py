"""What we ask a host's shell about the host itself, and how its answer is read. POSIX sh and what busybox has; it only
reads."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
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


def facts() -> tuple[str, ...]:
    return ("sh", "-c", _FACTS)


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

"""How much of what a machine has is used, asked in one command, and how its answer is read. Two programs (`df` twice); the
rest is read from /proc by the shell itself. What is not there is not told."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_LOOK = r"""
exec 2>/dev/null
tell() { while IFS= read -r v; do printf '%s\t%s\n' "$1" "$v"; done <"$2"; }
tell memory /proc/meminfo
tell pressure /proc/pressure/memory
while read -r name count; do [ "$name" = oom_kill ] && printf 'oom\t%s\n' "$count"; done </proc/vmstat
tell files /proc/sys/fs/file-nr
df -P -k | while IFS= read -r v; do printf 'disk\t%s\n' "$v"; done
df -P -i | while IFS= read -r v; do printf 'inodes\t%s\n' "$v"; done
printf 'end\t\n'
"""
_ROW = re.compile(r"(\S.*?)\s+(\d+)\s+(\d+)\s+(\d+)\s+(?:\d+%|-)\s+(/.*)")
# What holds no data of its own. Loop devices are images, such as snaps: always full.
_NOT_KEPT = ("tmpfs", "devtmpfs", "udev", "none", "shm", "efivarfs", "/dev/loop")
_NOT_DISKS = ("/proc", "/sys", "/dev", "/run", "/var/lib/docker/", "/snap/", "/boot/efi", "/etc/")
_KIB = 1024


@dataclass(frozen=True, slots=True)
class Filesystem:
    """`free_bytes` is what others than root may still write. Inodes are None where the file system has no fixed number."""

    mount: str
    total_bytes: int
    free_bytes: int
    inodes: int | None = None
    free_inodes: int | None = None


@dataclass(frozen=True, slots=True)
class Capacity:
    """`memory_pressure`: the share of the last five minutes, in percent, in which something waited for memory (PSI).
    `oom_kills`: since the boot."""

    memory_bytes: int | None = None
    available_bytes: int | None = None
    swap_bytes: int | None = None
    free_swap_bytes: int | None = None
    memory_pressure: float | None = None
    oom_kills: int | None = None
    open_files: int | None = None
    most_files: int | None = None
    filesystems: tuple[Filesystem, ...] = ()


def look() -> tuple[str, ...]:
    return ("sh", "-c", _LOOK)


def read_look(text: str) -> Capacity:
    """Raises ValueError when it is something else, or was cut off."""
    lines = [line.split("\t", 1) for line in text.splitlines()]
    if not lines or lines[-1][0] != "end":
        raise ValueError("the host did not answer as a POSIX shell does")
    told: dict[str, list[str]] = {}
    for name, *rest in lines:
        told.setdefault(name, []).append(rest[0] if rest else "")
    memory = dict(_memory(told.get("memory", ())))
    files = told.get("files", [""])[0].split()
    return Capacity(
        memory_bytes=memory.get("MemTotal"),
        available_bytes=memory.get("MemAvailable"),
        swap_bytes=memory.get("SwapTotal"),
        free_swap_bytes=memory.get("SwapFree"),
        memory_pressure=_pressure(told.get("pressure", ())),
        oom_kills=_number(told.get("oom", [""])[0]),
        open_files=_number(files[0]) if len(files) == 3 else None,
        most_files=_number(files[2]) if len(files) == 3 else None,
        filesystems=tuple(_filesystems(told.get("disk", ()), told.get("inodes", ()))),
    )


def _memory(lines: Sequence[str]) -> Iterator[tuple[str, int]]:
    for line in lines:
        words = line.replace(":", " ").split()
        if len(words) == 3 and words[1].isdecimal() and words[2] == "kB":
            yield words[0], int(words[1]) * _KIB


def _pressure(lines: Sequence[str]) -> float | None:
    for line in lines:
        if match := re.match(r"some .*avg300=(\d{1,3}\.\d\d)(?: |$)", line):
            return float(match.group(1))
    return None


def _filesystems(disk: Sequence[str], inodes: Sequence[str]) -> Iterator[Filesystem]:
    """Each device once, by its shortest mount: a container's machine shows the same one in many places."""
    counted = {row[4]: row for line in inodes if (row := _row(line))}
    rows = [row for line in disk if (row := _row(line)) and not _is_passed_over(row[0], row[4])]
    devices: set[tuple[str, int]] = set()
    for device, total, _, free, mount in sorted(rows, key=lambda row: (len(row[4]), row[4])):
        if total > 0 and (device, total) not in devices:
            devices.add((device, total))
            _, count, _, free_count, _ = counted.get(mount, ("", 0, 0, 0, ""))
            numbers = (count, free_count) if count else (None, None)
            yield Filesystem(mount, total * _KIB, free * _KIB, *numbers)


def _row(line: str) -> tuple[str, int, int, int, str] | None:
    match = _ROW.fullmatch(line.strip())
    if match is None:
        return None
    device, total, used, free, mount = match.groups()
    return device, int(total), int(used), int(free), mount


def _is_passed_over(device: str, mount: str) -> bool:
    return device.startswith(_NOT_KEPT) or mount.startswith(_NOT_DISKS)


def _number(text: str) -> int | None:
    return int(text) if re.fullmatch("[0-9]{1,19}", text) else None

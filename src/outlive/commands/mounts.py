"""Which other machine serves a folder. Pure. Source: proc(5), /proc/self/mountinfo."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

_NETWORK = re.compile(r"(nfs|nfs4|cifs|smb3|fuse\.sshfs|ceph|9p)")
_HOST = re.compile(r"(?://|(?:[^@/]*@)?)(\[[^]]+\]|[^:/]+)[:/]")  # //server/share, server:/path, user@server:path


def served_by(path: str, mountinfo: str) -> str | None:
    """The server of the network file system that the absolute `path` is on; None when it is a local one."""
    found = [mount for line in mountinfo.splitlines() if (mount := _read(line)) and _is_on(path, mount[0])]
    if not found:
        return None
    longest = max(len(mount[0]) for mount in found)
    _, kind, source = [mount for mount in found if len(mount[0]) == longest][-1]  # of two at one place the later counts
    host = _HOST.match(source) if _NETWORK.fullmatch(kind) else None
    return host[1].strip("[]") if host else None


def _read(line: str) -> tuple[str, str, str] | None:
    """Mount point, kind and source of a line."""
    before, _, after = line.partition(" - ")
    place, told = before.split(" "), after.split(" ")
    return (place[4].replace("\\040", " "), told[0], told[1]) if len(place) > 4 and len(told) > 1 else None


def _is_on(path: str, mount_point: str) -> bool:
    return PurePosixPath(path).is_relative_to(mount_point)

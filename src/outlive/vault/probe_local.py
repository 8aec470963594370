"""Asks the file system below a local vault what it is good for."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Mapping
from pathlib import Path

from outlive.errors import VaultFailed
from outlive.vault.findings import Finding, State, file_system, free_space, mount_of

MOUNTS = Path("/proc/self/mountinfo")


def look(root: Path, beside: Mapping[str, Path]) -> list[Finding]:
    """What lies below `root`; `beside` names what should not be on the same disk ("the keeper's state" and so on)."""
    try:
        point, kind = mount_of(MOUNTS.read_text(), os.path.realpath(root))
        usage = shutil.disk_usage(root)
        return [
            file_system(kind, point),
            free_space(usage.free, usage.total),
            _others(root),
            *_same_disk(root, beside),
        ]
    except OSError as error:
        raise VaultFailed(f"{root}: {error.strerror or error}") from error


def _others(root: Path) -> Finding:
    mode = stat.S_IMODE(root.stat().st_mode)
    if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
        return Finding("others", State.BAD, f"Every user here may write into it (mode {mode:o}).", f"chmod 700 {root}")
    return Finding("others", State.OK, f"Not every user here may write into it (mode {mode:o}).")


def _same_disk(root: Path, beside: Mapping[str, Path]) -> list[Finding]:
    device = root.stat().st_dev
    shared = [name for name, path in beside.items() if path.exists() and path.stat().st_dev == device]
    if not shared:
        return []
    sentence = f"It lies on the same disk as {' and '.join(shared)}: one broken disk takes both."
    return [Finding("disk", State.BAD, sentence, "Put the vault on another disk, better on another machine.")]

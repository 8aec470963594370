"""Which Debian packages this machine lacks."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping


def lacking(programs: Mapping[str, str]) -> list[str]:
    """The packages to install, for programs with the packages that have them. Looked for by program, because somebody may
    have it from elsewhere (docker-ce, for one)."""
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    return sorted({package for name, package in programs.items() if shutil.which(name, path=path) is None})

"""Debian packages that the tests use. Root gets them installed; anybody else is told what is missing."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from outlive.lab.ground.cache import is_root
from outlive.lab.ground.missing import Missing
from outlive.lab.ground.packages import lacking
from outlive.lab.ground.postgres_trees import LIBRARIES

PROGRAMS = {
    "sshd": "openssh-server",
    "ssh": "openssh-client",
    "age": "age",
    "zstd": "zstd",
    "setfacl": "acl",
    "setfattr": "attr",
    "sqlite3": "sqlite3",
    "ip": "iproute2",
    "sudo": "sudo",
    "mkfs.ext4": "e2fsprogs",
    "busybox": "busybox",
    "socat": "socat",
}
DOCKER_PROGRAMS = {"dockerd": "docker.io", "iptables": "iptables", "debootstrap": "debootstrap"}
TOFU_PROGRAMS = {"npm": "npm"}


def missing(programs: dict[str, str], libraries: Sequence[str] = ()) -> list[str]:
    """The packages to install for these programs and libraries."""
    return sorted({*lacking(programs), *(name for name in libraries if not _is_installed(name))})


def install(programs: dict[str, str], libraries: Sequence[str] = ()) -> str:
    """Sees to it that they are here; returns a word about what was done. Missing when it cannot be."""
    packages = missing(programs, libraries)
    if not packages:
        return "all here"
    wanted = " ".join(packages)
    if not is_root() or shutil.which("apt-get") is None:
        raise Missing(f"not installed: {wanted} (as root on Debian: apt-get install {wanted})")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *packages]):
        done = subprocess.run(["apt-get", *command], env=environment, capture_output=True, text=True)
        # A third-party source that does not answer fails the update, though Debian's own lists are fine.
        if done.returncode != 0 and command[0] == "install":
            raise Missing(f"apt-get could not install {wanted}: {done.stderr[-400:]}")
    return f"installed {wanted}"


def for_postgres() -> str:
    return install({}, LIBRARIES)


def for_servers() -> str:
    return install(PROGRAMS, LIBRARIES)


def for_browser() -> str:
    return install({"chromium": "chromium"})


def for_docker() -> str:
    return install(DOCKER_PROGRAMS)


def for_tofu() -> str:
    return install(TOFU_PROGRAMS)


def _is_installed(library: str) -> bool:
    """Only Debian's own database knows; elsewhere the library is taken to be there and the server will tell."""
    if not Path("/var/lib/dpkg/status").exists():
        return True
    done = subprocess.run(["dpkg-query", "-W", "-f=${db:Status-Status}", library], capture_output=True, text=True)
    return done.stdout.strip() == "installed"

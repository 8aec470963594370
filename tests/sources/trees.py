"""Trees of files as unpleasant as real ones, and a way to say exactly what a tree holds."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any

from outlive.sources.base import Outcome, Source


def make_odd_tree(root: Path) -> Path:
    """Odd names, links, holes, an empty directory, ACLs and attributes where the file system has them, foreign owners
    when we are root."""
    names = [b"plain.txt", b"-rf", b"tar: x", b"two\nlines", b"gr\xc3\xbc\xc3\x9fe", b"not-utf8-\xff\xfe", b" space "]
    root.mkdir(parents=True)
    for name in [*names, b"*", b"back\\slash", b"l" * 200, b"quote'\"$(x)"]:
        Path(os.fsdecode(os.fsencode(root) + b"/" + name)).write_bytes(name * 3)
    (root / "deep" / ("d" * 90) / ("e" * 90)).mkdir(parents=True)
    (root / "deep" / ("d" * 90) / ("e" * 90) / "file").write_text("deep")
    (root / "empty").mkdir(mode=0o711)
    (root / "big").write_bytes(os.urandom(3_000_001))
    (root / "hard").hardlink_to(root / "big")
    (root / "link").symlink_to("plain.txt")
    (root / "dangling").symlink_to("/nowhere/at all")
    with (root / "sparse").open("wb") as file:
        file.seek(40 << 20)
        file.write(b"end")
    os.mkfifo(root / "pipe")
    (root / "private").write_text("secret")
    (root / "private").chmod(0o4600)
    with suppress(OSError):
        os.setxattr(root / "plain.txt", "user.origin", b"camera\0raw")
    if shutil.which("setfacl"):
        subprocess.run(["setfacl", "-m", "u:1234:r", root / "plain.txt"], capture_output=True)
        subprocess.run(["setfacl", "-d", "-m", "u:1234:rx", root / "empty"], capture_output=True)
    if os.geteuid() == 0:
        os.chown(root / "private", 1234, 2345)
        os.chown(root / "link", 1234, 2345, follow_symlinks=False)
    os.utime(root / "plain.txt", ns=(1_000_000_000_123_456_789, 981_173_106_789_000_000))
    os.utime(root, ns=(0, 1_111_111_111_000_000_000))
    return root


def fingerprint(root: Path) -> dict[bytes, Any]:
    """Everything about every entry that a restore has to bring back, by path."""
    found = {b".": _entry(os.fsencode(root))}
    top = os.fsencode(root)
    for folder, directories, files in os.walk(top):
        for name in [*directories, *files]:
            path = os.path.join(folder, name)  # noqa: PTH118 - bytes, for names that are not UTF-8
            found[os.path.relpath(path, top)] = _entry(path)
    return found


def _entry(path: bytes) -> tuple[Any, ...]:
    info = os.lstat(path)
    kind = stat.S_IFMT(info.st_mode)
    content: Any = None
    if stat.S_ISREG(info.st_mode):
        with open(path, "rb") as file:  # noqa: PTH123
            content = hashlib.file_digest(file, "sha256").hexdigest()
    elif stat.S_ISLNK(info.st_mode):
        content = os.readlink(path)  # noqa: PTH115
    attributes = {name: os.getxattr(path, name, follow_symlinks=False) for name in _attributes(path)}
    links = info.st_nlink if stat.S_ISREG(info.st_mode) else None
    mtime = None if stat.S_ISLNK(info.st_mode) else info.st_mtime_ns
    return (kind, stat.S_IMODE(info.st_mode), info.st_uid, info.st_gid, content, links, mtime, attributes)


def _attributes(path: bytes) -> list[str]:
    try:
        return sorted(os.listxattr(path, follow_symlinks=False))
    except OSError:
        return []


def drain(source: Source) -> tuple[dict[str, bytes], Outcome]:
    """Takes a copy into memory: its streams by name, and what it is worth."""
    with source.capture() as capture:
        streams = {raw.name: b"".join(raw.chunks) for raw in capture.streams()}
        return streams, capture.finish()


def unpack(archive: bytes, target: Path) -> Path:
    """As a person would, with GNU tar and nothing of ours."""
    target.mkdir()
    words = ["tar", "-x", "-p", "--acls", "--xattrs", "--xattrs-include=*", "--numeric-owner", "-C", target]
    subprocess.run(words, input=archive, check=True, env={**os.environ, "LC_ALL": "C"})
    return target


def names_in(archive: bytes) -> list[str]:
    listed = subprocess.run(["tar", "-t"], input=archive, check=True, capture_output=True)
    return listed.stdout.decode().splitlines()

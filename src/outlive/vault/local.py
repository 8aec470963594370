"""A vault in a local directory, durable: file and directories are fsynced before `put` returns.

A put writes a temporary file beside the target, fsyncs it, links it to its name (link(2) fails when the name is taken:
that is the create-only check, atomic on every POSIX file system) and fsyncs the directory. A crash leaves either
nothing, or a `.tmp-` file that no listing shows.
"""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from outlive.errors import (
    ObjectExists,
    ObjectMissing,
    VaultFailed,
    VaultForbidden,
    VaultFull,
    VaultUnreachable,
)
from outlive.vault.base import ObjectInfo, check_key

TEMPORARY = ".tmp-"
COMPARE_BYTES = 1 << 20


@contextmanager
def _translated(what: str) -> Iterator[None]:
    """The one place where the operating system's errors become ours."""
    try:
        yield
    except FileNotFoundError as error:
        raise ObjectMissing(what) from error
    except FileExistsError as error:
        raise ObjectExists(what) from error
    except PermissionError as error:
        raise VaultForbidden(f"{what}: {error.strerror}") from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise VaultFull(f"{what}: {error.strerror}") from error
        raise VaultFailed(f"{what}: {error.strerror or error}") from error


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class LocalVault:
    """Objects as files below `root`. The root must exist: a vault whose disk is not mounted must not be made anew."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()

    @classmethod
    def create(cls, root: Path) -> LocalVault:
        """Makes the directory (0700) when it is not there."""
        with _translated(str(root)):
            root.mkdir(parents=True, exist_ok=True, mode=0o700)
        return cls(root)

    @property
    def url(self) -> str:
        return f"file://{self.root}"

    def put(self, key: str, data: bytes) -> None:
        path = self._path(key)
        with _translated(self._name(key)):
            self._make_folder(path.parent)
            descriptor, temporary = tempfile.mkstemp(prefix=TEMPORARY, dir=path.parent)
            try:
                with os.fdopen(descriptor, "wb", buffering=0) as file:
                    _write_all(file.fileno(), data)
                    os.fsync(file.fileno())
                os.link(temporary, path)
            finally:
                with suppress(FileNotFoundError):
                    Path(temporary).unlink()
            _sync_directory(path.parent)

    def get(self, key: str) -> bytes:
        self._check_root()
        with _translated(self._name(key)):
            return self._path(key).read_bytes()

    def holds(self, key: str, data: bytes) -> bool:
        with _translated(self._name(key)), self._path(key).open("rb", buffering=0) as file:
            view = memoryview(data)
            while piece := file.read(COMPARE_BYTES):
                if piece != view[: len(piece)]:
                    return False
                view = view[len(piece) :]
            return not view

    def walk(self, prefix: str) -> Iterator[ObjectInfo]:
        self._check_root()
        folder = self.root / prefix if prefix else self.root
        found: list[ObjectInfo] = []
        with _translated(self._name(prefix)):
            for directory, _, files in os.walk(folder):
                for name in files:
                    if not name.startswith(TEMPORARY):
                        found.append(self._info(Path(directory) / name))
        yield from sorted(found, key=lambda info: info.key)

    def folders(self, prefix: str) -> list[str]:
        self._check_root()
        folder = self.root / prefix if prefix else self.root
        if not folder.is_dir():
            return []
        with _translated(self._name(prefix)):
            return sorted(entry.name for entry in folder.iterdir() if entry.is_dir())

    def copy(self, source: str, target: str) -> None:
        path = self._path(target)
        with _translated(self._name(target)):
            self._make_folder(path.parent)
            os.link(self._path(source), path)  # objects are never rewritten, so one inode may have two names
            _sync_directory(path.parent)

    def delete(self, key: str) -> None:
        path = self._path(key)
        with _translated(self._name(key)), suppress(FileNotFoundError):
            path.unlink()
            _sync_directory(path.parent)
            self._drop_empty_folders(path.parent)

    def free_bytes(self) -> int:
        """What the file system still has room for."""
        with _translated(self.url):
            return shutil.disk_usage(self.root).free

    def _name(self, key: str) -> str:
        return f"{self.url}/{key}"

    def _path(self, key: str) -> Path:
        return self.root / check_key(key)

    def _check_root(self) -> None:
        if not self.root.is_dir():
            raise VaultUnreachable(
                f"{self.root} is not there.",
                hint="Mount the disk that holds it. It is not made anew: an unmounted vault is no empty one.",
            )

    def _make_folder(self, folder: Path) -> None:
        """Makes missing folders and fsyncs each parent, so that a power cut cannot take the new names back."""
        self._check_root()
        missing = []
        while not folder.is_dir():
            missing.append(folder)
            folder = folder.parent
        for new in reversed(missing):
            new.mkdir(exist_ok=True, mode=0o700)
            _sync_directory(new.parent)

    def _drop_empty_folders(self, folder: Path) -> None:
        while folder != self.root:
            try:
                folder.rmdir()
            except OSError:
                return
            folder = folder.parent

    def _info(self, path: Path) -> ObjectInfo:
        stat = path.stat()
        return ObjectInfo(
            path.relative_to(self.root).as_posix(), stat.st_size, datetime.fromtimestamp(stat.st_mtime, UTC)
        )


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]

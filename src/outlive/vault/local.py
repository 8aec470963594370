"""A vault in a local directory, durable: file and directories are fsynced before `put` returns.

A put writes a file without a name, fsyncs it, links it to its name (link(2) fails when the name is taken: that is the
create-only check, atomic on every POSIX file system) and fsyncs the directory. A crash leaves nothing. Where the file
system knows no nameless files (NFS, FAT), it is a `.tmp-` file beside the target, which a crash leaves and no listing shows.
"""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from outlive.errors import (
    ObjectExists,
    ObjectMissing,
    VaultFailed,
    VaultForbidden,
    VaultFull,
    VaultUnreachable,
)
from outlive.vault.base import TEMPORARY, ObjectInfo, check_key
from outlive.vault.durable import give_name, open_unnamed, sync_directory, write_all

T = TypeVar("T")
COMPARE_BYTES = 1 << 20
RACES = 100  # so often a folder may vanish under a writer before it is called an error
NO_LINKS = "The file system has no hard links (FAT, exFAT). Use ext4, xfs, btrfs, zfs or NFS."


@contextmanager
def _translated(what: str) -> Iterator[None]:
    """The one place where the operating system's errors become ours."""
    try:
        yield
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        raise ObjectMissing(what) from error
    except FileExistsError as error:
        raise ObjectExists(what) from error
    except PermissionError as error:
        if error.errno == errno.EPERM and TEMPORARY in str(error.filename):  # our own file could not be linked
            raise VaultFailed(f"{what}: {error.strerror}", hint=NO_LINKS) from error
        raise VaultForbidden(
            f"{what}: {error.strerror}", hint="Check who owns the folder, and who runs this."
        ) from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise VaultFull(f"{what}: {error.strerror}") from error
        raise VaultFailed(f"{what}: {error.strerror or error}") from error


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
            if not self._put_unnamed(path, data):
                self._put_named(path, data)

    def get(self, key: str) -> bytes:
        path = self._path(key)
        self._check_root()
        with _translated(self._name(key)):
            return path.read_bytes()

    def holds(self, key: str, data: bytes) -> bool:
        path = self._path(key)
        self._check_root()
        with _translated(self._name(key)), path.open("rb", buffering=0) as file:
            read = 0
            while piece := file.read(COMPARE_BYTES):
                if not data.startswith(piece, read):  # memcmp; comparing memoryviews goes byte by byte (200 MB/s)
                    return False
                read += len(piece)
            return read == len(data)

    def walk(self, prefix: str) -> Iterator[ObjectInfo]:
        self._check_root()
        folder = self.root / prefix if prefix else self.root
        found: list[ObjectInfo] = []
        with _translated(self._name(prefix)):
            for directory, _, files in os.walk(folder, onerror=_raise_unless_gone):
                for name in files:
                    if not name.startswith(TEMPORARY):
                        with suppress(FileNotFoundError):  # deleted since its folder was read
                            found.append(self._info(Path(directory) / name))
        yield from sorted(found, key=lambda info: info.key)

    def folders(self, prefix: str) -> list[str]:
        self._check_root()
        folder = self.root / prefix if prefix else self.root
        with _translated(self._name(prefix)):
            try:
                return sorted(entry.name for entry in folder.iterdir() if entry.is_dir())
            except (FileNotFoundError, NotADirectoryError):
                return []

    def copy(self, source: str, target: str) -> None:
        origin, path = self._path(source), self._path(target)
        self._check_root()
        with _translated(self._name(source)):
            if not origin.is_file():
                raise FileNotFoundError(origin)
        with _translated(self._name(target)):
            # Objects are never rewritten, so one inode may have two names.
            self._in_folder(path.parent, lambda: os.link(origin, path))
            sync_directory(path.parent)

    def delete(self, key: str) -> None:
        path = self._path(key)
        self._check_root()
        with _translated(self._name(key)):
            with suppress(FileNotFoundError, IsADirectoryError, NotADirectoryError):
                path.unlink()
                sync_directory(path.parent)
            self._drop_empty_folders(path.parent)  # also one that was made for an object that never came

    def free_bytes(self) -> int:
        """What the file system still has room for."""
        with _translated(self.url):
            return shutil.disk_usage(self.root).free

    def _put_unnamed(self, path: Path, data: bytes) -> bool:
        """By a file that has no name until it is whole (open(2), O_TMPFILE). False where there are no such files."""
        descriptor = self._in_folder(path.parent, lambda: open_unnamed(path.parent))
        if descriptor is None:
            return False
        with os.fdopen(descriptor, "wb", buffering=0) as file:
            try:
                write_all(file.fileno(), data)
                os.fsync(file.fileno())
                self._in_folder(path.parent, lambda: give_name(file.fileno(), path))
                os.fsync(file.fileno())  # its number of names too
            except BaseException:
                self._drop_empty_folders(path.parent)
                raise
        return True

    def _put_named(self, path: Path, data: bytes) -> None:
        """By a file with a temporary name beside the target, which a kill leaves behind."""
        descriptor, temporary = self._in_folder(
            path.parent, lambda: tempfile.mkstemp(prefix=TEMPORARY, dir=path.parent)
        )
        try:
            with os.fdopen(descriptor, "wb", buffering=0) as file:
                write_all(file.fileno(), data)
                os.fsync(file.fileno())
            os.link(temporary, path)
        except BaseException:
            Path(temporary).unlink()
            self._drop_empty_folders(path.parent)
            raise
        Path(temporary).unlink()
        sync_directory(path.parent)

    def _name(self, key: str) -> str:
        return f"{self.url}/{key}"

    def _path(self, key: str) -> Path:
        return self.root / check_key(key)

    def _check_root(self) -> None:
        with _translated(self.url):
            there = self.root.is_dir()
        if not there:
            raise VaultUnreachable(
                f"{self.root} is not there.",
                hint="Mount the disk that holds it. It is not made anew: an unmounted vault is no empty one.",
            )

    def _in_folder(self, folder: Path, act: Callable[[], T]) -> T:
        """`act()` with the folder there; again when another thread's `delete` dropped it, empty, in between. A folder that
        was just dropped also answers EPERM on overlayfs, which only a real refusal goes on answering."""
        refused: PermissionError | None = None
        for _ in range(RACES):
            try:
                self._make_folder(folder)
                return act()
            except FileNotFoundError:
                refused = None
            except PermissionError as error:
                if error.errno != errno.EPERM:
                    raise
                refused = error
        raise refused or VaultFailed(f"{folder} vanishes as often as it is made.")

    def _make_folder(self, folder: Path) -> None:
        """Makes missing folders and fsyncs each parent, so that a power cut cannot take the new names back."""
        self._check_root()
        missing = []
        while not folder.is_dir():
            missing.append(folder)
            folder = folder.parent
        for new in reversed(missing):
            try:
                new.mkdir(mode=0o700)
            except FileExistsError:
                if new.is_file():
                    raise VaultFailed(f"{new} is an object and cannot be a folder too.") from None
            sync_directory(new.parent)

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


def _raise_unless_gone(error: OSError) -> None:
    """A folder that cannot be read must not look like an empty one."""
    if not isinstance(error, FileNotFoundError | NotADirectoryError):
        raise error

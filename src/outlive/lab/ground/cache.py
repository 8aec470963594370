"""What is slow to get (wheels, trees, images) is kept outside the repository and made once, even by two runs."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


def is_root() -> bool:
    return os.geteuid() == 0


def cache_root() -> Path:
    """The one folder for everything cached; readable by the unprivileged user that servers run as."""
    chosen = os.environ.get("OUTLIVE_TEST_CACHE")
    if chosen:
        root = Path(chosen)
    elif is_root():
        root = Path("/var/cache/outlive-test")
    else:
        root = Path.home() / ".cache" / "outlive-test"
    root.mkdir(parents=True, exist_ok=True, mode=0o755)
    return root


@contextmanager
def locked(name: str) -> Iterator[None]:
    """Only one process at a time holds `name`; the kernel lets go when the process dies."""
    locks = cache_root() / "locks"
    locks.mkdir(exist_ok=True)
    with (locks / name).open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def make_once(target: Path, make: Callable[[Path], None]) -> Path:
    """`target` as `make(path)` leaves it. It appears whole or not at all, so a cut-off build is simply made again."""
    if target.exists():
        return target
    with locked(target.relative_to(cache_root()).as_posix().replace("/", "-")):
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            unfinished = target.with_name(f".{target.name}.unfinished")
            remove(unfinished)
            make(unfinished)
            unfinished.rename(target)
    return target


def remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)

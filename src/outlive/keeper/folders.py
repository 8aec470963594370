"""Folders below the keeper's state."""

from __future__ import annotations

from pathlib import Path

from outlive.errors import Failed


def make_folder(path: Path, mode: int) -> None:
    """With that mode, whatever the umask, and whether it was there or not. Raises `Failed`."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.chmod(mode)
    except OSError as error:
        raise Failed(f"{path}: {error.strerror}.", hint="Check owner and mode of `keeper.state`.") from error

"""What nobody foresaw: told in one line, without what it held in its hands, which may be a secret."""

from __future__ import annotations

import os
import traceback as tracebacks
from pathlib import Path

from outlive.cli.app import DEBUG
from outlive.errors import Failed, OutliveError


class Bug(OutliveError):
    """Something went wrong in Outlive itself; nothing half-done is counted as done."""

    hint = f"Please report it with the traceback: run it again with {DEBUG}=1. Earlier copies are intact."
    traceback = ""


class MachineRefused(Failed):
    """This machine would not do it; nothing half-done is counted as done."""

    hint = "Check owner, mode and free space of that path, and run it again. Earlier copies are intact."


def as_error(error: Exception) -> OutliveError:
    """The error as one of ours. An operating system's says which path it was about; of any other only its kind and
    place are told, for its text may repeat a DSN or a key. The traceback is for OUTLIVE_DEBUG=1."""
    if isinstance(error, OSError) and error.strerror and not os.environ.get(DEBUG):
        what = f"{error.filename}: {error.strerror}." if error.filename else f"{error.strerror}."
        return MachineRefused(what)
    bug = Bug(f"({type(error).__name__} at {_place(error)})")
    bug.traceback = _traceback(error)
    return bug


def _traceback(error: Exception) -> str:
    if not os.environ.get(DEBUG):
        return ""
    return "".join(tracebacks.format_exception(error))


def _place(error: Exception) -> str:
    """The innermost line of ours, such as `backup/take.py:45`."""
    frames = tracebacks.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "outlive" in Path(frame.filename).parts]
    frame = (ours or list(frames))[-1]
    parts = Path(frame.filename).parts
    since = max((i for i, part in enumerate(parts) if part == "outlive"), default=-2) + 1
    return f"{'/'.join(parts[since:])}:{frame.lineno}"

"""The one way in which a restored directory gets its name.

A new directory is filled under a temporary name beside its place and renamed when it is whole; an empty one that is there
already (a mount point, a fresh volume) holds the file OUTLIVE-RESTORE-INCOMPLETE until it is whole. Nothing is ever
written over.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from outlive.commands import files as words
from outlive.errors import OutliveError, Refused, RestoreFailed
from outlive.transport.base import Completed, Shell, describe

STEP_SECONDS = 600


@contextmanager
def claimed(shell: Shell, target: str) -> Iterator[words.Claim]:
    """Claims the absolute path `target`, to be filled at `claim.directory`. When the body ends well, everything is on disk
    and has its name; when it fails, what was written is removed, or stays marked as incomplete.

    Raises `Refused`, touching nothing, when something is there; `RestoreFailed` when the target cannot be made.
    """
    asked = shell.run(words.claim(target), timeout_seconds=STEP_SECONDS)
    if asked.status == words.TAKEN:
        raise Refused(f"{shell.name}:{target} {asked.stderr.strip()}; nothing was touched.", hint=EMPTY)
    if asked.status != 0:
        raise RestoreFailed(f"{shell.name}:{target}: {last_words(asked)}")
    try:
        claim = words.read_claim(target, asked.text)
    except ValueError as error:
        raise RestoreFailed(f"{shell.name}:{target}: {error}") from error
    try:
        yield claim
        done = shell.run(words.finish(claim), timeout_seconds=STEP_SECONDS)
        if done.status != 0:
            raise RestoreFailed(f"{shell.name}: the restored files could not be put in place: {last_words(done)}")
    except BaseException:
        with suppress(OutliveError):  # the first error is the one to tell; what stays behind is marked
            shell.run(words.give_up(claim), timeout_seconds=STEP_SECONDS)
        raise


EMPTY = "Name a directory that does not exist yet, or an empty one. Existing data is never written over."


def last_words(completed: Completed) -> str:
    """The end of what a program complained."""
    lines = [line.strip() for line in completed.stderr.splitlines() if line.strip()]
    return " | ".join(lines[-4:]) or describe(completed.status)

"""The inside of a host for witnesses: commands as root, over the connection that the look at its identity keeps.

So what is read inside belongs to the machine whose key was proven, and a look costs the host no further connection.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from outlive.clock import Clock
from outlive.commands.ssh import SUDO
from outlive.errors import CommandFailed, LoginRejected
from outlive.transport import aprocess
from outlive.transport.base import Completed
from outlive.transport.net import NoAnswer
from outlive.transport.ssh_peer import SshPeer

REFUSED_SECONDS = 300.0  # nobody is to be taken for a burglar


# What stands in the way of a look inside; ValueError: what came cannot be read.
UNANSWERED = (LoginRejected, NoAnswer, CommandFailed, ValueError)


def why_unanswered(error: Exception) -> tuple[str, str]:
    """The vocabulary's word for it, and the reason in more words."""
    if isinstance(error, NoAnswer):
        return error.word, error.why
    return "rejected" if isinstance(error, LoginRejected) else "unreachable", str(error)


class Inside(Protocol):
    """`run` returns whatever status came. Raises `LoginRejected`, `NoAnswer`, `CommandFailed`."""

    async def run(self, argv: Sequence[str], timeout_seconds: float) -> Completed: ...


class InsidePeer:
    """Over SSH. The connection is renewed now and then by whoever keeps it, so one that ended under a command is tried
    once more."""

    def __init__(self, peer: SshPeer, clock: Clock) -> None:
        self._peer = peer
        self._clock = clock
        self._refused_at: float | None = None

    async def run(self, argv: Sequence[str], timeout_seconds: float) -> Completed:
        if self._refused_at is not None and self._clock.monotonic() - self._refused_at < REFUSED_SECONDS:
            raise LoginRejected(f"{self._peer.address}: the login was refused, and is not tried again yet")
        if self._peer.shaken is None:
            await self._peer.shake(timeout_seconds)
        argv = (*SUDO, *argv) if self._peer.host.sudo else argv
        try:
            return await self._tried_twice(argv, timeout_seconds)
        except LoginRejected:
            self._refused_at = self._clock.monotonic()
            raise

    async def _tried_twice(self, argv: Sequence[str], timeout_seconds: float) -> Completed:
        try:
            return await self._peer.run(argv, timeout_seconds)
        except NoAnswer as error:
            if error.word in ("timeout", "unproven"):
                raise
            return await self._peer.run(argv, timeout_seconds)


class InsideHere:
    """This very machine."""

    async def run(self, argv: Sequence[str], timeout_seconds: float) -> Completed:
        return await aprocess.run(argv, shown=argv[:2], timeout_seconds=timeout_seconds)

"""Where tar runs: on the host itself, or in a throwaway container that sees the volume."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from outlive.commands import tar
from outlive.errors import SourceFailed
from outlive.transport.base import Completed, Shell


@dataclass(frozen=True, slots=True)
class Place:
    """A way to run programs that see the files. `words` come before each command (none: the host itself); `tar` is
    what its tar says of its version."""

    shell: Shell
    tar: str
    words: tuple[str, ...] = ()

    @property
    def is_host(self) -> bool:
        return not self.words

    @property
    def has_gnu_tar(self) -> bool:
        return tar.is_gnu(self.tar)

    def run(self, argv: Sequence[str], *, timeout_seconds: float = 60) -> Completed:
        return self.shell.run((*self.words, *argv), timeout_seconds=timeout_seconds)


def on_host(shell: Shell) -> Place:
    """The host itself. Raises `SourceFailed` when it has no GNU tar."""
    asked = shell.run(tar.version())
    if asked.status != 0 or not tar.is_gnu(asked.text):
        raise SourceFailed(
            f"{shell.name} has no GNU tar.", hint="Install the package `tar` on the host (Alpine: apk add tar)."
        )
    return Place(shell, asked.text.splitlines()[0])

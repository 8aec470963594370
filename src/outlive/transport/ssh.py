"""A host over the system's OpenSSH client, with one shared connection and the keeper's own pinned host keys."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from stat import S_ISDIR

from outlive.commands import ssh as words
from outlive.errors import ConfigError, HostKeyChanged, HostKeyUnknown, HostUnreachable, LoginRejected, SudoRefused
from outlive.model.host import Host, SshAddress
from outlive.transport import process
from outlive.transport.base import Completed

SUDO_SECONDS = 30


def private_folder(folder: Path) -> None:
    """The folder for shared connections, made (0700) when missing. Raises `ConfigError` when others may write there:
    whoever puts a socket into it could answer in the host's name."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.lstat()
    if not S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise ConfigError(
            f"{folder}, where SSH connections are shared, can be written by others.",
            hint="Remove it, and set XDG_RUNTIME_DIR to a folder of your own.",
        )


class SshShell:
    """Runs programs on a host, as root where the host says `sudo`. Raises `ConfigError` when the folder for shared
    connections is not private."""

    def __init__(self, host: Host, paths: words.SshPaths) -> None:
        self.host = host
        self._paths = paths
        self._may = not host.sudo
        private_folder(paths.control)

    @property
    def name(self) -> str:
        return self.host.name

    def command(self, argv: Sequence[str]) -> tuple[str, ...]:
        return words.ssh(self.host, self._paths, argv)

    def forward(self, address: str, port: int) -> tuple[str, ...]:
        return words.forward(self.host, self._paths, address, port)

    def run(self, argv: Sequence[str], *, stdin: bytes | None = None, timeout_seconds: float = 60) -> Completed:
        self._must_be_allowed()
        return self._run(argv, stdin, timeout_seconds)

    def open(self, argv: Sequence[str], *, stdin: bool = False) -> process.Process:
        self._must_be_allowed()
        return process.Process(self.command(argv), shown=argv, stdin=stdin, translate=self._raise_trouble)

    def close(self) -> None:
        """Ends the shared connection, if there is one."""
        process.run(words.close_shared(self.host, self._paths), timeout_seconds=10)

    def _run(self, argv: Sequence[str], stdin: bytes | None, timeout_seconds: float) -> Completed:
        return process.run(
            self.command(argv),
            shown=argv,
            stdin=stdin,
            timeout_seconds=timeout_seconds,
            translate=self._raise_trouble,
        )

    def _must_be_allowed(self) -> None:
        """Asked once: a refusal has sudo's words in the host's language, and the status of any command that failed."""
        if self._may:
            return
        asked = self._run(words.MAY_SUDO, None, SUDO_SECONDS)
        if asked.status != 0:
            said = asked.stderr.strip().splitlines()
            login = SshAddress.parse(self.host.address).user or "LOGIN"
            raise SudoRefused(
                f"{self.name} ({self.host.address}): {said[-1].strip() if said else 'sudo said nothing'}",
                hint=f"As root there: echo '{login} ALL=(root) NOPASSWD: ALL' > /etc/sudoers.d/outlive; or log in as root, "
                "without `sudo = true`.",
            )
        self._may = True

    def _raise_trouble(self, completed: Completed) -> None:
        if completed.status != words.SSH_FAILED:
            return
        said = completed.stderr.strip().splitlines()
        where = f"{self.name} ({self.host.address}): {said[-1].strip() if said else 'ssh said nothing'}"
        match words.read_trouble(completed.stderr):
            case words.SshTrouble.HOST_KEY_CHANGED:
                raise HostKeyChanged(where)
            case words.SshTrouble.HOST_KEY_UNKNOWN:
                raise HostKeyUnknown(where)
            case words.SshTrouble.LOGIN_REJECTED:
                raise LoginRejected(where)
            case words.SshTrouble.UNREACHABLE:
                raise HostUnreachable(where)

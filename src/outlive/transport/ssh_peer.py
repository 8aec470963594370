"""One address of one host, asked again and again over SSH: whose key is it, and what does it say from the inside.

The inside is asked over a connection that is kept (OpenSSH's own sharing) and that is bound to the key of the last finished
key exchange: when another key answers, another connection is made, so that nothing which an old one says is taken for
the new one's word.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from outlive.commands import ssh as words
from outlive.commands import ssh_shake
from outlive.commands.ssh_shake import Shake
from outlive.errors import CommandFailed, LoginRejected
from outlive.model.host import Host, SshAddress
from outlive.transport import aprocess
from outlive.transport.base import Completed
from outlive.transport.hostkey import fingerprint
from outlive.transport.net import NoAnswer

CLOSE_SECONDS = 5
KEEP_SECONDS = 90


class SshPeer:
    """`folder` is private (0700); in it lie the key that was met and the socket of the kept connection. `port` is the one
    that SSH's configuration gives. `prefer` is the type of the key that is pinned: the host is asked for it first.
    `subject` is how observations call the peer."""

    def __init__(self, host: Host, address: str, folder: Path, *, port: int = 22, prefer: str = "") -> None:
        self.host = host
        self.address = address
        self.subject = subject(address, port)
        self._folder = folder
        self._prefer = prefer
        self.shaken: Shake | None = None
        self.key = ""  # of the last shake: `TYPE BASE64`

    async def shake(self, timeout_seconds: float) -> Shake:
        """A new connection, as far as the login. Never raises for what the host does."""
        with tempfile.TemporaryDirectory(prefix="outlive-") as scratch:
            seen = Path(scratch) / "seen"
            argv = ssh_shake.shake(self.host, self.address, seen, prefer=self._prefer, timeout_seconds=timeout_seconds)
            try:
                done = await aprocess.run(argv, shown=("ssh", self.address), timeout_seconds=timeout_seconds + 1)
            except CommandFailed:
                self.shaken = Shake(None, "timeout")
                return self.shaken
            self.shaken = ssh_shake.read_shake(done.text, done.status)
            if self.shaken.fingerprint is not None:
                self._keep(seen, self.shaken.fingerprint)
        return self.shaken

    async def run(self, argv: Sequence[str], timeout_seconds: float) -> Completed:
        """Logs in to the owner of the key that `shake` met, and to nobody else. Raises `LoginRejected`, `NoAnswer`."""
        if self.shaken is None or self.shaken.fingerprint is None:
            raise NoAnswer("unproven", f"{self.address}: no key exchange was finished")
        argv = (*self._client(timeout_seconds), "--", self._name, words.shell_line(argv))
        try:
            done = await aprocess.run(argv, shown=("ssh", self.address), timeout_seconds=timeout_seconds)
        except CommandFailed as error:
            await self.close()
            raise NoAnswer("timeout", f"{self.address}: {error.detail}") from error
        if done.status != words.SSH_FAILED:
            return done
        await self.close()
        said = (done.stderr.strip().splitlines() or ["ssh said nothing"])[-1].strip()
        if words.read_trouble(done.stderr) is words.SshTrouble.LOGIN_REJECTED:
            raise LoginRejected(f"{self.address}: {said}")
        raise NoAnswer(ssh_shake.trouble(done.stderr), f"{self.address}: {said}")

    async def close(self) -> None:
        """Ends the kept connection, if there is one. It can be used again afterwards."""
        if self.shaken is None or self.shaken.fingerprint is None or not self._socket.exists():
            return
        with suppress(CommandFailed):
            await aprocess.run(
                (*self._client(CLOSE_SECONDS), "-O", "exit", "--", self._name), timeout_seconds=CLOSE_SECONDS
            )
        self._socket.unlink(missing_ok=True)

    @property
    def _name(self) -> str:
        return SshAddress.parse(self.host.address).host

    @property
    def _socket(self) -> Path:
        assert self.shaken and self.shaken.fingerprint
        where = f"{self.host.name} {self.host.address} {self.address} {self.shaken.fingerprint}"
        return self._folder / sha256(where.encode()).hexdigest()[:16]

    def _keep(self, seen: Path, proven: str) -> None:
        """The line that ssh has learnt, for logins from now on. ssh writes it before the host has signed, so it is held
        against what was proven."""
        (line,) = [line for line in seen.read_text().splitlines() if fingerprint(line) == proven]
        self.key = " ".join(line.split()[1:3])
        self._socket.with_suffix(".key").write_text(f"{line}\n")

    def _client(self, timeout_seconds: float) -> tuple[str, ...]:
        options = ssh_shake.once(self.address) | {
            "UserKnownHostsFile": str(self._socket.with_suffix(".key")),
            "StrictHostKeyChecking": "yes",
            "ConnectTimeout": str(max(1, round(timeout_seconds))),
            "ServerAliveInterval": "5",
            "ServerAliveCountMax": "3",
            "ControlMaster": "auto",
            "ControlPath": str(self._socket),
            "ControlPersist": str(KEEP_SECONDS),
        }
        return words.client(self.host, options)


def subject(address: str, port: int) -> str:
    """The address, with the port where it is not SSH's own: behind one address there may be several machines."""
    if port == 22:
        return address
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"

"""A real OpenSSH server on the loopback, with keys made for this run, and the client configuration that reaches it."""

from __future__ import annotations

import getpass
import os
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Self

from outlive.lab.ground.cache import is_root
from outlive.lab.ground.process import answers, end, free_port, program, run, wait_until
from outlive.lab.ground.server import Server
from outlive.lab.ground.ssh_keys import client_config, make_key
from tests.world import ledger


class SshServer(Server):
    """`ssh -F server.config web-1` logs in, as the user the tests run as.

    The known_hosts beside it holds the first host key. `rekey()` changes the server's key and leaves known_hosts as it
    was, so that clients see what they see when a machine was replaced.
    """

    address = "web-1"

    def __init__(self, *, options: Mapping[str, str] | None = None, user: str | None = None) -> None:
        """`options` are further lines of sshd_config, such as {"ForceCommand": "cat"}; `user` is whom it logs in, by
        default whom the tests run as."""
        self.user = user or getpass.getuser()
        self.options = dict(options or {})
        self.home: Path | None = None
        self.port = 0
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> Self:
        """A new server; or, after `stop()`, the same one again."""
        if self.port == 0:
            self._make()
        daemon = program("sshd", package="openssh-server")
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [daemon, "-D", "-e", "-f", str(self.home / "sshd_config")],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        ledger.note_process(self.process.pid)
        wait_until(self._is_ready, f"sshd on port {self.port}")
        return self

    def stop(self) -> None:
        """No new connections; those that are open live on, as with a real sshd. `disconnect_all()` ends them."""
        if self.process is not None:
            end(self.process)
            self.process = None

    def disconnect_all(self) -> None:
        """Cuts the open connections: the sessions that this server has forked."""
        if self.process is not None:
            for child in Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split():
                with suppress(ProcessLookupError):  # it ended by itself meanwhile
                    os.kill(int(child), signal.SIGKILL)

    def rekey(self) -> None:
        """Another host key, as after a reinstall."""
        self.stop()
        make_key(self.host_key)
        self.start()

    def close(self) -> None:
        if self.process is not None:
            self.disconnect_all()
        self.stop()
        ledger.discard(self.home)
        self.home = None

    @property
    def host_key_fingerprint(self) -> str:
        return fingerprint(self.host_key)

    def _make(self) -> None:
        program("sshd", package="openssh-server")
        self.home = ledger.new_directory("sshd")
        self.log = self.home / "sshd.log"
        self.host_key = make_key(self.home / "host_key")
        self.identity = make_key(self.home / "identity")
        self.authorized_keys = self.home / "authorized_keys"
        self.authorized_keys.write_bytes(self.identity.with_suffix(".pub").read_bytes())
        self.port = free_port()
        (self.home / "sshd_config").write_text(self._daemon_config())
        self.known_hosts = self.home / "known_hosts"
        key = " ".join(self.host_key.with_suffix(".pub").read_text().split()[:2])
        self.known_hosts.write_text(f"[127.0.0.1]:{self.port} {key}\n")
        self.config = self.home / "ssh_config"
        self.config.write_text(
            client_config(self.address, "127.0.0.1", self.port, self.user, self.identity, self.known_hosts)
        )
        if is_root():
            Path("/run/sshd").mkdir(exist_ok=True, mode=0o755)  # sshd will not start without it

    def _daemon_config(self) -> str:
        lines = {
            "ListenAddress": "127.0.0.1",
            "Port": str(self.port),
            "HostKey": str(self.host_key),
            "AuthorizedKeysFile": str(self.authorized_keys),
            "PidFile": "none",
            "PermitRootLogin": "prohibit-password",
            "PasswordAuthentication": "no",
            "KbdInteractiveAuthentication": "no",
            "UsePAM": "yes" if _is_locked() else "no",
            "StrictModes": "no",
            "MaxStartups": "100",
            "MaxSessions": "50",
            "Subsystem": "sftp internal-sftp",
            **self.options,
        }
        return "".join(f"{name} {value}\n" for name, value in lines.items())

    def _is_ready(self) -> bool:
        assert self.process is not None
        if self.process.poll() is not None:
            raise RuntimeError(f"sshd ended at once:\n{self.log.read_text(errors='replace')}")
        return answers(self.port)


def fingerprint(key: Path) -> str:
    """`SHA256:...` of a key file."""
    return run(["ssh-keygen", "-lf", key.with_suffix(".pub")]).split()[1]


def _is_locked() -> bool:
    """Without PAM sshd refuses accounts whose password is locked, which root's often is."""
    if not is_root():
        return False
    return run(["passwd", "--status", "root"]).split()[1] == "L"

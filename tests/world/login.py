"""An account on this machine that is not root, with an sshd that logs it in: as the `deploy` of many a rented server."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Self

from outlive.lab.ground.cache import is_root
from outlive.lab.ground.process import program, run
from outlive.lab.ground.server import Server
from tests.world import ledger
from tests.world.need import Missing
from tests.world.sshd import SshServer


class Login(Server):
    """`ssh -F login.ssh.config web-1` logs in as `login.name`, who is in no group of note. `allow_sudo()` lets it become
    root without a password, `forbid_sudo()` no more."""

    def __init__(self) -> None:
        self.name = f"ow-{secrets.token_hex(4)}"
        self.sudoers = Path("/etc/sudoers.d") / self.name
        self.ssh = SshServer(user=self.name)
        self._made = False

    def start(self) -> Self:
        if not is_root():
            raise Missing("making an account takes root")
        program("sudo", package="sudo")
        ledger.note("user", self.name)
        self._made = True
        # `*` is a password that nothing fits; the usual `!` would lock the account for sshd.
        run(["useradd", "--create-home", "--shell", "/bin/sh", "--password", "*", self.name])
        self.ssh.start()
        return self

    def allow_sudo(self) -> None:
        ledger.note("file", self.sudoers)
        self.sudoers.write_text(f"{self.name} ALL=(root) NOPASSWD: ALL\n")
        self.sudoers.chmod(0o440)

    def forbid_sudo(self) -> None:
        self.sudoers.unlink(missing_ok=True)
        ledger.strike("file", self.sudoers)

    def close(self) -> None:
        self.ssh.close()
        self.forbid_sudo()
        if self._made:
            run(["userdel", "--force", "--remove", self.name])
            ledger.strike("user", self.name)
            self._made = False

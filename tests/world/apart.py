"""A machine beside this one, as cheaply as can be: a real sshd whose sessions see a mount namespace of their own, in which
some folders are empty."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Self

from outlive.lab.ground.process import end, run, wait_until
from outlive.lab.ground.server import Server
from tests.world import ledger
from tests.world.sshd import SshServer

# Every session waits while `held` is there, where it says something that has the word in it.
SESSION = """\
#!/bin/sh
while [ -s {held} ] && printf %s "$SSH_ORIGINAL_COMMAND" | grep -q -F -- "$(cat {held})"; do sleep 0.05; done
exec nsenter --mount=/proc/{pid}/ns/mnt -- sh -c "$SSH_ORIGINAL_COMMAND"
"""


class MachineApart(Server):
    """`empty` are folders that are there, and have nothing in them. `held`: a file; what is written into it holds up every
    command that has those words."""

    def __init__(self, folder: Path, *empty: Path) -> None:
        self._folder, self._empty = folder, empty
        self.held = folder / "held"
        self.ssh = SshServer(options={"ForceCommand": str(folder / "session")})
        self._space: subprocess.Popen[bytes] | None = None

    def start(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True)
        ready = self._folder / "ready"
        mounts = " && ".join(f"mount -t tmpfs scratch '{one}'" for one in self._empty)
        script = f"{mounts} && touch '{ready}' && exec sleep infinity"
        self._space = subprocess.Popen(["unshare", "--mount", "--propagation", "private", "sh", "-c", script])
        ledger.note_process(self._space.pid)
        wait_until(ready.exists, "a mount namespace")
        session = self._folder / "session"
        session.write_text(SESSION.format(held=self.held, pid=self._space.pid))
        session.chmod(0o755)
        self.ssh.start()
        return self

    def inside(self, *words: str) -> str:
        assert self._space is not None
        return run(["nsenter", f"--mount=/proc/{self._space.pid}/ns/mnt", "--", *words])

    def close(self) -> None:
        self.held.unlink(missing_ok=True)  # else a session that waits for it would for ever
        self.ssh.close()
        if self._space is not None:
            end(self._space)
            self._space = None

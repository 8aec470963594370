"""The outer Docker engine: the one that runs, or one that we start (dockerd.py)."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Self

from outlive.lab.ground import dockerd
from outlive.lab.ground.ledger import Ledger
from outlive.lab.ground.missing import ProgramFailed, TookTooLong
from outlive.lab.ground.process import run
from outlive.lab.ground.server import Server

# What a container needs to run sshd and an engine of its own. Not --privileged: that asks for CAP_SYS_RESOURCE too,
# which a virtual machine's root may itself not have.
MACHINE_RIGHTS = (
    *("--cap-add", "ALL", "--cap-drop", "SYS_RESOURCE", "--cgroupns", "private"),
    *("--security-opt", "seccomp=unconfined", "--security-opt", "apparmor=unconfined"),
    *("--security-opt", "systempaths=unconfined", "--device-cgroup-rule", "a *:* rwm"),
)


class DockerEngine(Server):
    """`engine.run(...)` and friends are the docker command line. What is started here belongs to the ledger's owner."""

    client = ""  # the path of the docker command

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.label = f"outlive.owner={ledger.name}"
        self._use: IO[str] | None = None

    def start(self) -> Self:
        """Joins the running engine, or starts one. Missing when neither can be."""
        self.client = dockerd.client()
        self._use = dockerd.join(self.client)
        return self

    def close(self) -> None:
        """Removes our containers; the last user of an engine that we started also stops it."""
        if self._use is not None:
            if dockerd.answers(self.client):
                self.remove_all()
            self._use.close()
            self._use = None
            dockerd.stop()

    def remove_all(self) -> list[str]:
        """Removes all containers of our owner, by label, so that one whose start was interrupted is found too."""
        found = self.docker("ps", "--all", "--quiet", "--no-trunc", "--filter", f"label={self.label}").split()
        for container in found:
            self.remove(container)
        return found

    def docker(self, *words: str | Path, input: bytes | None = None, timeout: float = 600) -> str:
        """`docker WORDS`; its stdout without the last newline. Raises with all it said when it fails."""
        return run([self.client, *words], input=input, timeout=timeout).rstrip("\n")

    def run(self, image: str, *command: str, options: Sequence[str] = ()) -> str:
        """A container in the background; its id."""
        container = self.docker("run", "--detach", "--label", self.label, *options, image, *command)
        self.ledger.note("container", container)
        return container

    def remove(self, container: str) -> None:
        self.docker("rm", "--force", "--volumes", container)
        self.ledger.strike("container", container)

    def exec(self, container: str, *command: str, input: bytes | None = None) -> str:
        return self.docker("exec", *(["-i"] if input is not None else []), container, *command, input=input)

    def logs(self, container: str, since: str = "") -> str:
        window = ["--since", since] if since else []
        done = subprocess.run(
            [self.client, "logs", *window, container], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        return done.stdout.decode(errors="replace")

    def wait_for_log(self, container: str, text: str, seconds: float = 60, since: str = "") -> None:
        """Returns when it has printed `text` (since that time); raises with its log when it ends or takes too long."""
        command = [self.client, "logs", "--follow", *(["--since", since] if since else []), container]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as following:
            patience = threading.Timer(seconds, following.kill)
            patience.start()
            try:
                assert following.stdout is not None
                seen = next((True for line in following.stdout if text in line), False)
                late = not patience.is_alive()
            finally:
                patience.cancel()
                following.kill()
        if not seen and late:
            raise TookTooLong(f"{text!r} in the log of {container[:12]}, within {seconds:g} s.")
        if not seen:
            raise ProgramFailed(f"the container ended:\n{self.logs(container, since)[-3000:]}")

    def address(self, container: str) -> str:
        """Its address on the docker network, reachable from this machine."""
        form = "{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}"
        return self.docker("inspect", "-f", form, container).split()[0]

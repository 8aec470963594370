"""The outer Docker engine: the one that runs, or one that the test world starts and, when its last user ends, stops."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Self

from tests.world import ledger
from tests.world.cache import cache_root, is_root, locked
from tests.world.need import Missing
from tests.world.process import program, run, wait_until
from tests.world.server import Server

SOCKET = Path("/var/run/docker.sock")
# Debian's own client first: another one in /usr/local/bin may want an engine, or a builder, that Debian does not have.
CLIENTS = ("/usr/bin/docker",)
# What a container needs to run sshd and an engine of its own. Not --privileged: that asks for CAP_SYS_RESOURCE too,
# which a virtual machine's root may itself not have.
MACHINE_RIGHTS = (
    *("--cap-add", "ALL", "--cap-drop", "SYS_RESOURCE", "--cgroupns", "private"),
    *("--security-opt", "seccomp=unconfined", "--security-opt", "apparmor=unconfined"),
    *("--security-opt", "systempaths=unconfined", "--device-cgroup-rule", "a *:* rwm"),
)


def client() -> str:
    return program("docker", package="docker.io", prefer=CLIENTS)


class DockerEngine(Server):
    """`engine.run(...)` and friends are the docker command line; containers started here are removed by `close()`."""

    client = ""  # the path of the docker command

    def __init__(self) -> None:
        self.label = f"outlive-test.run={ledger.process_mark(os.getpid())}"
        self._use: IO[str] | None = None

    def start(self) -> Self:
        """Joins the running engine, or starts one. Missing when neither can be."""
        self.client = client()
        with locked("dockerd"):
            self._use = (_run_folder() / "dockerd.users").open("w")
            fcntl.flock(self._use, fcntl.LOCK_SH)  # held as long as this run lives: see close()
            if not _answers(self.client):
                _start_engine(self.client)
        return self

    def close(self) -> None:
        """Removes our containers; the last user of an engine that the test world started also stops it."""
        if self._use is not None and _answers(self.client):
            # By label, so that one whose start was interrupted is found too.
            for container in self.docker(
                "ps", "--all", "--quiet", "--no-trunc", "--filter", f"label={self.label}"
            ).split():
                self.remove(container)
        if self._use is not None:
            self._use.close()
            self._use = None
            stop_engine()

    def docker(self, *words: str | Path, input: bytes | None = None, timeout: float = 600) -> str:
        """`docker WORDS`; its stdout without the last newline. Raises with all it said when it fails."""
        return run([self.client, *words], input=input, timeout=timeout).rstrip("\n")

    def run(self, image: str, *command: str, options: Sequence[str] = ()) -> str:
        """A container in the background, removed by `close()`; its id."""
        container = self.docker("run", "--detach", "--label", self.label, *options, image, *command)
        ledger.note("container", container)
        return container

    def remove(self, container: str) -> None:
        self.docker("rm", "--force", "--volumes", container)
        ledger.strike("container", container)

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

        def printed() -> bool:
            log = self.logs(container, since)
            if text not in log and self.docker("inspect", "-f", "{{.State.Running}}", container) != "true":
                raise RuntimeError(f"the container ended:\n{log[-3000:]}")
            return text in log

        wait_until(printed, f"{text!r} in the log of {container[:12]}", seconds=seconds, every=0.1)

    def address(self, container: str) -> str:
        """Its address on the docker network, reachable from this machine."""
        form = "{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}"
        return self.docker("inspect", "-f", form, container).split()[0]


def stop_engine() -> bool:
    """Stops the engine that the test world started, unless somebody still uses it. True when it was stopped now."""
    mark = _run_folder() / "dockerd.mark"
    with locked("dockerd"), (_run_folder() / "dockerd.users").open("w") as users:
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        ours = mark.read_text() if mark.exists() else ""
        if (_run_folder() / "dockerd.keep").exists():
            return False
        if not ours or ledger.process_mark(int(ours.partition(":")[0])) != ours:
            return False
        pid = int(ours.partition(":")[0])
        os.kill(pid, signal.SIGTERM)
        wait_until(lambda: not ledger.process_mark(pid), "dockerd to end", seconds=60)
        mark.unlink()
    return True


def keep_engine() -> None:
    """The engine stays up when its last user ends, until `python -m tests.world down`."""
    (_run_folder() / "dockerd.keep").touch()


def end_engine() -> bool:
    (_run_folder() / "dockerd.keep").unlink(missing_ok=True)
    return stop_engine()


def _run_folder() -> Path:
    folder = cache_root() / "run"
    folder.mkdir(exist_ok=True)
    return folder


def _answers(command: str) -> bool:
    return subprocess.run([command, "version"], capture_output=True, timeout=30).returncode == 0


def _start_engine(command: str) -> None:
    if not is_root():
        raise Missing("no Docker engine answers, and starting one takes root")
    daemon = program("dockerd", package="docker.io", prefer=("/usr/sbin/dockerd",))
    log = _run_folder() / "dockerd.log"
    pidfile = _run_folder() / "dockerd.pid"
    pidfile.unlink(missing_ok=True)
    words = ["--data-root", cache_root() / "docker", "--exec-root", "/run/outlive-test-docker", "--pidfile", pidfile]
    with log.open("wb") as file:
        process = subprocess.Popen(
            [daemon, *words, "--host", f"unix://{SOCKET}"],
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            cwd="/",
            start_new_session=True,  # it outlives this run when another one has joined it meanwhile
        )
    (_run_folder() / "dockerd.mark").write_text(ledger.process_mark(process.pid))

    def up() -> bool:
        if process.poll() is not None:
            raise Missing(f"dockerd does not start here: {log.read_text(errors='replace')[-600:]}")
        return _answers(command)

    wait_until(up, "dockerd", seconds=60, every=0.2)
    # The data root is ours alone: stopped containers in it are what a machine that lost power left.
    run([command, "container", "prune", "--force"])


def debootstrap() -> str:
    """The path of debootstrap; Missing where images cannot be made."""
    if not is_root():
        raise Missing("making the base image takes root")
    return program("debootstrap", package="debootstrap")

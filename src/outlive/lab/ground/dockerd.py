"""A Docker engine for machines on which none runs: started by its first user, stopped by its last."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
from pathlib import Path
from typing import IO

from outlive.lab.ground import ledger
from outlive.lab.ground.cache import cache_root, is_root, locked
from outlive.lab.ground.missing import Missing
from outlive.lab.ground.process import program, run, wait_until

SOCKET = Path("/var/run/docker.sock")
# Debian's own client first: another one in /usr/local/bin may want an engine, or a builder, that Debian does not have.
CLIENTS = ("/usr/bin/docker",)


def client() -> str:
    return program("docker", package="docker.io", prefer=CLIENTS)


def answers(command: str) -> bool:
    return subprocess.run([command, "version"], capture_output=True, timeout=30).returncode == 0


def join(command: str) -> IO[str]:
    """The running engine, or one started now, is not stopped by others as long as what is returned stays open."""
    with locked("dockerd"):
        use = (_run_folder() / "dockerd.users").open("w")
        fcntl.flock(use, fcntl.LOCK_SH)
        if not answers(command):
            _start(command)
    return use


def stop() -> bool:
    """Stops the engine that we started, unless somebody still uses or keeps it. True when it was stopped now."""
    mark = _run_folder() / "dockerd.mark"
    with locked("dockerd"), (_run_folder() / "dockerd.users").open("w") as users:
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        ours = mark.read_text() if mark.exists() else ""
        if any(_run_folder().glob("dockerd.keep*")) or not ledger.is_alive(ours):
            return False
        pid = int(ours.partition(":")[0])
        os.kill(pid, signal.SIGTERM)
        wait_until(lambda: not ledger.process_mark(pid), "dockerd to end", seconds=60)
        mark.unlink()
    return True


def is_ours() -> bool:
    """Whether the engine of this machine was last one that we started, though it may have died since."""
    return (_run_folder() / "dockerd.mark").exists()


def keep(name: str) -> None:
    """The engine stays up when its last user ends, until `let_go` of the same name."""
    (_run_folder() / f"dockerd.keep.{name}").touch()


def let_go(name: str) -> bool:
    """True when that stopped the engine."""
    (_run_folder() / f"dockerd.keep.{name}").unlink(missing_ok=True)
    return stop()


def _run_folder() -> Path:
    folder = cache_root() / "run"
    folder.mkdir(exist_ok=True)
    return folder


def _start(command: str) -> None:
    if not is_root():
        raise Missing("no Docker engine answers, and starting one takes root")
    daemon = program("dockerd", package="docker.io", prefer=("/usr/sbin/dockerd",))
    log = _run_folder() / "dockerd.log"
    pidfile = _run_folder() / "dockerd.pid"
    pidfile.unlink(missing_ok=True)
    folders = ("--data-root", cache_root() / "docker", "--exec-root", "/run/outlive-test-docker", "--pidfile", pidfile)
    with log.open("wb") as file:
        process = subprocess.Popen(
            [daemon, *map(str, folders), "--host", f"unix://{SOCKET}"],
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
        return answers(command)

    wait_until(up, "dockerd to answer", seconds=60, every=0.2)
    # The data root is ours alone: stopped containers in it are what a machine that lost power left.
    run([command, "container", "prune", "--force"])

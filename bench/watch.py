"""Looks beside blackbox_exporter, in one run: `make bench-watch`, or `python -m bench.watch [--small] [--json]`.

Both probe the same servers on the loopback, each held to one processor; what is counted is processor time, so that a busy
machine does not decide who wins. bench/README.md says how to read it.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from bench.blackbox import PROGRAM, Blackbox
from bench.measure import tree, tree_cpu_seconds
from bench.report import markdown
from outlive.lab.ground.process import wait_until
from tests.world import packages
from tests.world.need import Missing
from tests.world.sshd import SshServer
from tests.world.web import Authority, WebServer

NAME = "shop.example.test"
CORE = 0
KINDS = ("tcp", "tls", "http", "https")
WHAT = {
    "tcp": "a port",
    "tls": "a certificate, whole handshake",
    "http": "a page",
    "https": "a page, whole handshake",
}


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured: looks a kind, over SSH, and how often all of it."""

    looks: int
    by_ssh: int
    rounds: int


FULL, SMALL = Plan(2000, 60, 3), Plan(200, 10, 1)


@dataclass(frozen=True, slots=True)
class Servers:
    """What both look at."""

    folder: Path
    plain: WebServer
    secure: WebServer
    authority: Path
    ssh: SshServer

    def port(self, kind: str) -> int:
        return (self.secure if kind in ("tls", "https") else self.plain).port


def ours(servers: Servers, kind: str, count: int, port: int) -> float:
    """Processor seconds of so many looks, in a process of their own."""
    setup = servers.folder / "setup.json"
    words = {"kind": kind, "count": count, "port": port, "name": NAME, "core": CORE}
    files = {"authority": str(servers.authority), "config": str(servers.ssh.config)}
    setup.write_text(json.dumps(words | files))
    done = subprocess.run([sys.executable, "-m", "bench.watch_ours", str(setup)], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(done.stderr[-3000:])
    return float(json.loads(done.stdout)["cpu_seconds"])


def by_ssh(servers: Servers, kind: str, count: int) -> tuple[float, float]:
    """Our and the host's processor seconds a look: the cost of one look is taken away, for the connection's beginning."""
    assert servers.ssh.process is not None
    daemon, costs = servers.ssh.process.pid, []
    for times in (1, count + 1):
        before = tree_cpu_seconds(daemon)
        mine = ours(servers, kind, times, servers.ssh.port)
        wait_until(lambda: list(tree(daemon)) == [daemon], "the end of all sessions: only then are they counted", 30)
        costs.append((mine, tree_cpu_seconds(daemon) - before))
    return tuple((more - once) / count for once, more in zip(*costs, strict=True))  # type: ignore[return-value]


def contest(servers: Servers, blackbox: Blackbox, plan: Plan) -> dict[str, Any]:
    """Medians over the rounds."""
    looks: dict[str, dict[str, list[float]]] = {kind: {"outlive": [], "blackbox": []} for kind in KINDS}
    ssh: dict[str, list[tuple[float, float]]] = {"ssh": [], "exchange": []}
    for _ in range(plan.rounds):
        for kind in KINDS:
            idle = ours(servers, kind, 1, servers.port(kind))  # starting Python is no look
            mine = (ours(servers, kind, plan.looks, servers.port(kind)) - idle) / plan.looks
            looks[kind]["outlive"].append(mine)
            looks[kind]["blackbox"].append(blackbox.probe(kind, servers.port(kind), plan.looks)[1] / plan.looks)
        for kind, costs in ssh.items():
            costs.append(by_ssh(servers, kind, plan.by_ssh))
    return {
        "looks_per_core_second": {
            kind: {name: round(1 / median(costs)) for name, costs in several.items()} for kind, several in looks.items()
        },
        "ssh": {
            kind: {
                "looks_per_core_second": round(1 / median(mine for mine, _ in costs)),
                "host_cpu_milliseconds": round(1000 * median(theirs for _, theirs in costs), 2),
            }
            for kind, costs in ssh.items()
        },
    }


def table(numbers: dict[str, Any]) -> str:
    head = ("looks a second and core", "outlive", "blackbox_exporter", "")
    looks = numbers["looks_per_core_second"]
    rows = [(WHAT[kind], str(looks[kind]["outlive"]), str(looks[kind]["blackbox"]), "") for kind in KINDS]
    kept, fresh = numbers["ssh"]["ssh"], numbers["ssh"]["exchange"]
    rows += [
        ("a host's inside by SSH, kept connection", str(kept["looks_per_core_second"]), "-", ""),
        ("an SSH key exchange", str(fresh["looks_per_core_second"]), "-", ""),
    ]
    cost = (
        f"on the watched host: {kept['host_cpu_milliseconds']} ms of processor time a look by SSH, "
        f"{fresh['host_cpu_milliseconds']} ms a key exchange (once a minute); nothing stays there"
    )
    return f"{markdown([head, *rows])}\n{cost}"


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.watch", description=__doc__)
    parser.add_argument("--small", action="store_true", help="few looks, one round: does everything work?")
    parser.add_argument("--json", action="store_true", help="numbers on stdout, the table to stderr")
    options = parser.parse_args(argv)
    try:
        packages.install({PROGRAM: PROGRAM})
    except Missing as error:
        sys.stderr.write(f"{error}\n")
        return 3
    with tempfile.TemporaryDirectory(prefix="outlive-bench-") as scratch:
        folder = Path(scratch)
        authority = Authority(folder)
        # A login's shell as a server has it: bash reads ~/.bashrc for every command by SSH, and a person's may be long.
        login = SshServer(options={"SetEnv": "HOME=/nowhere"})
        with WebServer() as plain, WebServer(authority.issue(NAME)) as secure, login as ssh:
            blackbox = Blackbox(folder, authority.path, NAME, CORE)
            try:
                servers = Servers(folder, plain, secure, authority.path, ssh)
                numbers = contest(servers, blackbox, SMALL if options.small else FULL)
            finally:
                blackbox.close()
    (sys.stderr if options.json else sys.stdout).write(f"{table(numbers)}\n")
    if options.json:
        print(json.dumps(numbers))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""So many looks by one kind of witness, in a process of its own: `python -m bench.watch_ours SETUP.json` prints the cost."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from outlive.clock import SystemClock
from outlive.model.check import Check
from outlive.model.host import Host
from outlive.model.observation import Observation
from outlive.transport.dns import Names
from outlive.transport.net import trust
from outlive.transport.ssh_peer import SshPeer
from outlive.witnesses.base import Witness
from outlive.witnesses.http import HttpWitness
from outlive.witnesses.ssh_identity import SshWitness
from outlive.witnesses.tcp import TcpWitness
from outlive.witnesses.tls import TlsWitness

AT_ONCE = 50
HERE = "127.0.0.1"


def witness(setup: dict[str, Any]) -> Callable[[], Witness]:
    """Makes the witness that is measured."""
    clock, names = SystemClock(), Names([HERE])
    port, name = setup["port"], setup["name"]
    trusting = trust(Path(setup["authority"]))
    match setup["kind"]:
        case "tcp":
            return lambda: TcpWitness(HERE, port, clock)
        case "tls":
            return lambda: TlsWitness(name, HERE, port, trusting, clock)
        case "http":
            return lambda: HttpWitness(Check(url=f"http://{HERE}:{port}/"), names, trusting, clock)
        case "https":
            return lambda: HttpWitness(Check(url=f"https://{name}:{port}/"), names, trusting, clock, HERE)
    raise ValueError(setup["kind"])


async def many(setup: dict[str, Any]) -> list[Observation]:
    """Fifty at once; every one has to succeed, so that nobody is fast by failing."""
    make, gate = witness(setup), asyncio.Semaphore(AT_ONCE)

    async def one() -> Observation:
        async with gate:
            (seen,) = await make().look()
            if seen.error is not None or (isinstance(seen.value, dict) and seen.value.get("valid") is False):
                raise RuntimeError(f"a look failed: {seen.value}")
            return seen

    return await asyncio.gather(*(one() for _ in range(setup["count"])))


async def by_ssh(setup: dict[str, Any]) -> None:
    """Over the kept connection (`ssh`), or as many key exchanges (`exchange`), one after another."""
    with tempfile.TemporaryDirectory(prefix="outlive-") as folder:
        host = Host(name="web-1", address="ssh://web-1", ssh_config=setup["config"])
        peer = SshPeer(host, HERE, Path(folder), port=setup["port"])
        looking = SshWitness(peer, SystemClock(), lambda place, token: None)
        for _ in range(setup["count"]):
            if setup["kind"] == "exchange":
                assert (await peer.shake(20)).fingerprint
            else:
                assert any(one.fact == "guest.machine_id" for one in await looking.look())
        await peer.close()


def main() -> None:
    setup = json.loads(Path(sys.argv[1]).read_text())
    os.sched_setaffinity(0, {setup["core"]})
    began, before = time.perf_counter(), _cpu_seconds()
    asyncio.run(by_ssh(setup) if setup["kind"] in ("ssh", "exchange") else many(setup))  # type: ignore[arg-type]
    print(json.dumps({"seconds": time.perf_counter() - began, "cpu_seconds": _cpu_seconds() - before}))


def _cpu_seconds() -> float:
    """Of this process and the children that it has waited for."""
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in both)


if __name__ == "__main__":
    main()

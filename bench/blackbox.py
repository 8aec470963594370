"""Prometheus' blackbox_exporter as a peer: it probes what it is told to over HTTP, and its processor time is counted."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import time
from pathlib import Path
from urllib.parse import quote

from bench.measure import tree_cpu_seconds
from outlive.lab.ground.process import answers, end, free_port, wait_until
from outlive.transport.dns import Names
from outlive.transport.http import Question, ask
from outlive.transport.net import trust

PROGRAM = "prometheus-blackbox-exporter"
AT_ONCE = 50
_MODULES = """
modules:
  tcp: {{prober: tcp, timeout: 10s}}
  tls:
    prober: tcp
    timeout: 10s
    tcp: {{tls: true, tls_config: {{ca_file: {authority}, server_name: {name}}}}}
  http: {{prober: http, timeout: 10s}}
  https:
    prober: http
    timeout: 10s
    http: {{headers: {{Host: {name}}}, tls_config: {{ca_file: {authority}, server_name: {name}}}}}
"""


class Blackbox:
    """A running exporter, held to one processor."""

    def __init__(self, folder: Path, authority: Path, name: str, core: int) -> None:
        path = folder / "blackbox.yml"
        path.write_text(_MODULES.format(authority=authority, name=name))
        self._port = free_port()
        program = shutil.which(PROGRAM)
        assert program is not None
        words = [program, f"--config.file={path}", f"--web.listen-address=127.0.0.1:{self._port}", "--log.level=error"]
        self._process = subprocess.Popen(
            words,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "GOMAXPROCS": "1"},
            start_new_session=True,
        )
        os.sched_setaffinity(self._process.pid, {core})
        wait_until(lambda: answers(self._port), "blackbox_exporter", 20)

    def close(self) -> None:
        end(self._process)

    def probe(self, kind: str, port: int, count: int) -> tuple[float, float]:
        """Seconds, and its processor seconds. Every probe has to succeed. What carrying the question and the answer (some
        kilobytes of metrics) costs it is part of how it is asked."""
        target = f"{kind}://127.0.0.1:{port}/" if kind.startswith("http") else f"127.0.0.1:{port}"
        url = f"http://127.0.0.1:{self._port}/probe?module={kind}&target={quote(target, safe='')}"
        began, before = time.perf_counter(), tree_cpu_seconds(self._process.pid)
        asyncio.run(_many(url, count))
        return time.perf_counter() - began, tree_cpu_seconds(self._process.pid) - before


async def _many(url: str, count: int) -> None:
    names, trusting, gate = Names(["127.0.0.1"]), trust(), asyncio.Semaphore(AT_ONCE)

    async def one() -> None:
        async with gate:
            answer = await ask(Question(url, timeout_seconds=20), names, trusting)
            if b"probe_success 1" not in answer.body:
                raise RuntimeError(f"a probe failed: {answer.error} {answer.body[-200:]!r}")

    await asyncio.gather(*(one() for _ in range(count)))

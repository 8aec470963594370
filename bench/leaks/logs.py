"""Ordinary logs of a small stack, made on the fly and the same for the same seed: a reverse proxy, a Next.js app with
its stack traces, a Python gateway, Postgres, Temporal, sshd, the kernel, Docker, and people's prose (Python's own
documentation). Nothing in them is a secret, much looks like one: UUIDs, digests, ETags, base64, hexadecimal."""

from __future__ import annotations

import base64
import json
import pydoc_data.topics
import random
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

BLOCK_BYTES = 1 << 20
_PATHS = (
    *("/", "/api/health", "/api/meta/readyz", "/api/v1/graphs/run", "/schedules", "/_next/static/chunks/app/layout.js"),
    *("/_next/image?url=%2Fhero.png&w=1080&q=75", "/api/auth/session", "/login?next=%2Faccount", "/favicon.ico"),
    *("/wp-login.php", "/.env", "/api/v1/users/search?q=chair+cushion", "/robots.txt"),
)
_AGENTS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/132.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.2 Safari/605.1.15",
    "Mozilla/5.0 (X11; Linux x86_64; rv:134.0) Gecko/20100101 Firefox/134.0",
    "kube-probe/1.31",
    "Blackbox Exporter/0.25.0",
    "node",
)
_TABLES = ("accounts", "usage_events", "graph_runs", "credit_ledger", "sessions", "schedules", "api_keys")
_MODULES = (
    "src/app/api/route.ts",
    "node_modules/next/dist/server/app-render/app-render.js",
    "dist/server/next-server.js",
)
_FUNCTIONS = ("executeGraphActivity", "renderToHTMLOrFlight", "processTicksAndRejections", "handleRequestImpl", "fetch")
_TASKS = ("WorkflowTaskQueue", "ActivityTaskQueue", "billing-queue", "graph-queue")
_PROSE = tuple(
    sentence
    for text in pydoc_data.topics.topics.values()
    for sentence in re.split(r"(?<=[.:])\s+", " ".join(str(text).split()))
    if 40 < len(sentence) < 400
)


class Logs:
    """Lines of a stack over time. `random` decides everything; the clock runs from a fixed moment."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._now = datetime(2026, 2, 7, 7, 0, tzinfo=UTC)
        self._kinds: tuple[tuple[int, Callable[[], str]], ...] = (
            (30, self._access),
            (25, self._app),
            (3, self._trace),
            (12, self._gateway),
            (12, self._postgres),
            (8, self._temporal),
            (4, self._sshd),
            (2, self._kernel),
            (2, self._docker),
            (4, self._chat),
        )

    def blocks(self, total_bytes: int) -> Iterator[bytes]:
        """About `total_bytes` in blocks of whole lines."""
        made = 0
        while made < total_bytes:
            block = self._block(min(BLOCK_BYTES, total_bytes - made))
            made += len(block)
            yield block

    def _block(self, size: int) -> bytes:
        lines: list[str] = []
        length = 0
        weights = [weight for weight, _ in self._kinds]
        makers = [make for _, make in self._kinds]
        while length < size:
            for make in self._random.choices(makers, weights, k=200):
                self._now += timedelta(microseconds=self._random.randrange(90_000))
                line = make()
                lines.append(line)
                length += len(line) + 1
        return ("\n".join(lines) + "\n").encode()

    def _stamp(self) -> str:
        return self._now.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def _ip(self) -> str:
        return f"{self._random.choice(('192.0.2', '198.51.100', '203.0.113'))}.{self._random.randrange(256)}"

    def _hex(self, digits: int) -> str:
        return f"{self._random.getrandbits(4 * digits):0{digits}x}"

    def _uuid(self) -> str:
        text = self._hex(32)
        return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"

    def _access(self) -> str:
        draw = self._random
        return (
            f'{self._ip()} - - [{self._now:%d/%b/%Y:%H:%M:%S} +0000] "{draw.choice(("GET", "POST"))} '
            f'{draw.choice(_PATHS)} HTTP/2.0" {draw.choice((200, 200, 200, 304, 404, 502))} {draw.randrange(90000)} '
            f'"https://shop.example/" "{draw.choice(_AGENTS)}" rt={draw.random():.3f}'
        )

    def _app(self) -> str:
        draw = self._random
        entry = {
            "level": draw.choice(("info", "info", "info", "warn", "error")),
            "time": self._stamp(),
            "service": "app",
            "reqId": self._uuid(),
            "traceId": self._hex(32),
            "method": "GET",
            "route": draw.choice(_PATHS),
            "status": draw.choice((200, 200, 404, 500)),
            "durationMs": round(draw.random() * 900, 2),
            "etag": base64.b64encode(draw.randbytes(20)).decode(),
            "msg": draw.choice(("request completed", "session refreshed", "cache miss", "credit balance below limit")),
        }
        return json.dumps(entry, separators=(",", ":"))

    def _trace(self) -> str:
        draw = self._random
        head = f"Error: connect ECONNREFUSED 127.0.0.1:{draw.randrange(1024, 65535)}"
        frames = [
            f"    at async {draw.choice(_FUNCTIONS)} "
            f"(/app/{draw.choice(_MODULES)}:{draw.randrange(900)}:{draw.randrange(90)})"
            for _ in range(draw.randrange(3, 12))
        ]
        return "\n".join([head, *frames, f"  digest: '{draw.randrange(10**9, 4 * 10**9)}'"])

    def _gateway(self) -> str:
        draw = self._random
        return (
            f"{self._stamp()} - LiteLLM Proxy:{draw.choice(('INFO', 'DEBUG'))}: proxy_server.py:{draw.randrange(5000)} - "
            f"model=openrouter/{draw.choice(('small', 'large'))} call_id={self._uuid()} tokens={draw.randrange(9000)} "
            f"cache_key={self._hex(64)} spend=0.{draw.randrange(10**6):06d}"
        )

    def _postgres(self) -> str:
        draw = self._random
        table = draw.choice(_TABLES)
        return (
            f"{self._now:%Y-%m-%d %H:%M:%S.000} UTC [{draw.randrange(9999)}] app@shop LOG:  duration: "
            f'{draw.random() * 300:.3f} ms  execute <unnamed>: select "{table}"."id", "{table}"."created_at" from '
            f'"{table}" where "{table}"."id" = $1 and "deleted" is null order by "created_at" desc limit $2'
        )

    def _temporal(self) -> str:
        draw = self._random
        return json.dumps(
            {
                "level": "info",
                "ts": self._stamp(),
                "msg": draw.choice(("Started Worker", "Task queue manager started", "none of the shards is idle")),
                "component": "matching-engine",
                "wf-task-queue-name": f"/_sys/{draw.choice(_TASKS)}/{draw.randrange(4)}",
                "wf-task-queue-type": "Workflow",
                "wf-namespace": "default",
                "shard-id": draw.randrange(512),
                "address": f"172.18.0.{draw.randrange(2, 20)}:7233",
                "logging-call-at": f"taskQueueManager.go:{draw.randrange(900)}",
            }
        )

    def _sshd(self) -> str:
        draw = self._random
        return (
            f"{self._now:%b %d %H:%M:%S} web-1 sshd[{draw.randrange(9**6)}]: Failed password for invalid user "
            f"{draw.choice(('admin', 'oracle', 'test', 'ubuntu'))} from {self._ip()} port {draw.randrange(65535)} ssh2"
        )

    def _kernel(self) -> str:
        draw = self._random
        return (
            f"{self._now:%b %d %H:%M:%S} web-1 kernel: [{draw.random() * 10**6:.6f}] [UFW BLOCK] IN=eth0 OUT= "
            f"MAC={':'.join(self._hex(2) for _ in range(14))} SRC={self._ip()} DST={self._ip()} LEN=40 "
            f"TTL={draw.randrange(255)} PROTO=TCP SPT={draw.randrange(65535)} DPT={draw.randrange(65535)} "
            f"WINDOW=1024 RES=0x00 SYN URGP=0"
        )

    def _docker(self) -> str:
        return (
            f'time="{self._stamp()}" level=info msg="image pulled" digest="sha256:{self._hex(64)}" '
            f'container={self._hex(64)} ref="ghcr.io/example/shop:prod-{self._hex(40)}"'
        )

    def _chat(self) -> str:
        return json.dumps(
            {"time": self._stamp(), "service": "chat", "role": "user", "content": self._random.choice(_PROSE)}
        )

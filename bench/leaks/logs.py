"""Logs as a small production writes them, made up line by line, the same for the same seed. Pure."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

START = datetime(2026, 2, 7, tzinfo=UTC)
PATHS = (
    "/",
    "/api/health",
    "/api/v1/chat/completions",
    "/_next/static/chunks/4bd1b696-f785427dddbba9fb.js",
    "/login",
    "/api/orders/{id}",
    "/images/logo.svg",
    "/favicon.ico",
    "/.env",
    "/wp-login.php",
    "/api/users/{id}/cart",
)
AGENTS = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/121.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_3 like Mac OS X) AppleWebKit/605.1.15",
    "curl/8.5.0",
    "Go-http-client/2.0",
    "GitHub-Hookshot/044aadd",
    "Prometheus/2.49.1",
)
MESSAGES = (
    "request completed",
    "cart updated",
    "retry later",
    "cache miss",
    "job done: welcome mail",
    "token usage recorded",
    "user session refreshed",
    "order paid",
    "stock below limit",
    "connection pool is full, wait",
)
STATEMENTS = (
    'SELECT "id", "name", "price" FROM "product" WHERE "category" = $1 ORDER BY "rank" LIMIT 20',
    "UPDATE cart SET total = $1, updated_at = now() WHERE id = $2",
    "INSERT INTO event (kind, at, body) VALUES ($1, $2, $3)",
    "select * from session where token_hash = $1 for update",
)
KERNEL = (
    "docker0: port 3(veth{hex:7}) entered forwarding state",
    "br-{hex:12}: port 2(veth{hex:7}) entered disabled state",
    'audit: type=1400 audit({n}.{n}:{n}): apparmor="STATUS" operation="profile_load" name="docker-default"',
    "[UFW BLOCK] IN=eth0 OUT= MAC={hex:12} SRC=198.51.100.{b} DST=203.0.113.9 LEN=40 TTL=241 PROTO=TCP SPT={n} DPT=23",
)
SENTENCES = (
    "Note that the next release changes how the image is built, so please read the upgrade guide before you start.",
    "Warning: this property is deprecated and has no effect any more; use the other one instead.",
    "The file has been moved to a new folder. Check that your editor can still find it.",
)


def lines(seed: int) -> Iterator[str]:
    """Without an end, without newlines."""
    draw = random.Random(seed)
    kinds: tuple[tuple[Callable[[random.Random, str], str], int], ...] = (
        (_access, 40),
        (_application, 30),
        (_database, 10),
        (_system, 6),
        (_kernel, 4),
        (_proxy, 6),
        (_error, 1),
        (_prose, 1),
    )
    makers = [maker for maker, _ in kinds]
    weights = [weight for _, weight in kinds]
    now = START
    while True:
        for maker in draw.choices(makers, weights, k=1000):
            now += timedelta(milliseconds=draw.randrange(400))
            yield from maker(draw, now.isoformat(timespec="milliseconds")).split("\n")


def _hex(draw: random.Random, digits: int) -> str:
    return f"{draw.getrandbits(4 * digits):0{digits}x}"


def _id(draw: random.Random) -> str:
    return f"{_hex(draw, 8)}-{_hex(draw, 4)}-4{_hex(draw, 3)}-a{_hex(draw, 3)}-{_hex(draw, 12)}"


def _address(draw: random.Random) -> str:
    return f"198.51.{draw.randrange(256)}.{draw.randrange(256)}"


def _path(draw: random.Random) -> str:
    return draw.choice(PATHS).replace("{id}", str(draw.randrange(10**6)))


def _access(draw: random.Random, now: str) -> str:
    status, size = draw.choice((200, 200, 200, 304, 404, 502)), draw.randrange(90_000)
    asked = f'"GET {_path(draw)} HTTP/2.0" {status} {size} "https://shop.example/" "{draw.choice(AGENTS)}"'
    return f"{_address(draw)} - - [{now}] {asked}"


def _application(draw: random.Random, now: str) -> str:
    return json.dumps(
        {
            "level": draw.choice((30, 30, 30, 40)),
            "time": now,
            "pid": draw.randrange(1, 400),
            "hostname": _hex(draw, 12),
            "reqId": _id(draw),
            "path": _path(draw),
            "msg": draw.choice(MESSAGES),
            "ms": round(draw.random() * 400, 2),
            "etag": f'W/"{_hex(draw, 20)}"',
        }
    )


def _database(draw: random.Random, now: str) -> str:
    head = f"{now} UTC [{draw.randrange(20, 9000)}] shop@shop LOG:  "
    if draw.random() < 0.7:
        return f"{head}duration: {draw.random() * 900:.3f} ms  execute <unnamed>: {draw.choice(STATEMENTS)}"
    lsn = f"{draw.randrange(16):X}/{_hex(draw, 8).upper()}"
    return f"{head}checkpoint complete: wrote {draw.randrange(4000)} buffers (1.2%); sync=0.021 s, lsn={lsn}, redo lsn={lsn}"


def _system(draw: random.Random, now: str) -> str:
    port, name = draw.randrange(30000, 65000), draw.choice(("root", "admin", "ubuntu", "git"))
    said = draw.choice(
        (
            f"Failed password for invalid user {name} from {_address(draw)} port {port} ssh2",
            f"Disconnected from authenticating user {name} {_address(draw)} port {port} [preauth]",
            f"Accepted publickey for deploy from {_address(draw)} port {port} ssh2: ED25519 SHA256:{_hex(draw, 43)}",
        )
    )
    return f"{now} web-1 sshd[{draw.randrange(500, 90000)}]: {said}"


def _kernel(draw: random.Random, now: str) -> str:
    text = draw.choice(KERNEL).replace("{hex:7}", _hex(draw, 7)).replace("{hex:12}", _hex(draw, 12))
    return f"{now} web-1 kernel: " + text.replace("{n}", str(draw.randrange(99999))).replace(
        "{b}", str(draw.randrange(256))
    )


def _proxy(draw: random.Random, now: str) -> str:
    return json.dumps(
        {
            "level": "info",
            "ts": now,
            "logger": "http.log.access",
            "msg": "handled request",
            "request": {
                "remote_ip": _address(draw),
                "proto": "HTTP/2.0",
                "method": "GET",
                "host": "shop.example",
                "uri": _path(draw),
                "headers": {"User-Agent": [draw.choice(AGENTS)], "Cookie": ["REDACTED"], "Authorization": ["REDACTED"]},
            },
            "bytes_read": 0,
            "duration": draw.random(),
            "size": draw.randrange(9000),
            "status": 200,
        }
    )


def _error(draw: random.Random, now: str) -> str:
    return (
        f"{now} TypeError: Cannot read properties of undefined (reading 'price')\n"
        f"    at Object.render (/app/.next/server/chunks/{draw.randrange(999)}.js:1:{draw.randrange(99999)})\n"
        "    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)\n"
        "    at async eval (webpack-internal:///(rsc)/./app/page.tsx:17:20)"
    )


def _prose(draw: random.Random, now: str) -> str:
    return f"{now} builder | {draw.choice(SENTENCES)}"

"""A Loki of our own for tests: strict about what it is asked, and as ill-behaved as one behind a proxy.

Shapes and refusals as Grafana Loki's HTTP API reference has them: streams in no order, times as text, `[start, end)`, at
most `limit` lines over all streams, a limit above the allowed one refused with status 400 and plain text. Its tail brings
lines as they come in, several streams a message, looks back no further than it likes, and leaves lines out, with or without
saying so (`tail_faults`).
"""

from __future__ import annotations

import json
import threading
from base64 import b64decode
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, urlsplit

from websockets.frames import Frame, Opcode
from websockets.utils import accept_key

from outlive.transport.api import Api
from outlive.transport.dns import Names
from tests.world.web import TRUST

USER, TOKEN, TENANT = "123456", "a-token-of-the-tests", "shop"
TAIL = "/loki/api/v1/tail"
QUERY = '{app="shop"}'
HTML = b"<html><body><h1>502 Bad Gateway</h1></body></html>"
FAULTS: dict[str, tuple[int, dict[str, str], bytes]] = {
    "429": (429, {"Retry-After": "2"}, b"Maximum active query limit reached"),
    "429-for-long": (429, {"Retry-After": "3600"}, b""),
    "500": (500, {}, b"context deadline exceeded"),
    "502-html": (502, {"Content-Type": "text/html"}, HTML),
    "200-html": (200, {"Content-Type": "text/html"}, HTML),
    "cut-off": (200, {}, b'{"status":"success","data":{"resultType":"str'),
    "matrix": (200, {}, b'{"status":"success","data":{"resultType":"matrix","result":[]}}'),
}


class Loki:
    """`lines`: `(nano, labels, text)` in the order in which they arrived. `faults` come first, one a question. `numbers`:
    times as whole numbers, as qryn gives them."""

    def __init__(self, most_entries: int = 5000) -> None:
        self.lines: list[tuple[int, dict[str, str], str]] = []
        self.faults: list[str] = []
        self.asked: list[dict[str, str]] = []
        self.wrong: list[str] = []
        self.waits: list[float] = []
        self.most_entries, self.numbers = most_entries, False
        self.tail_faults: list[str] = []
        self.tails, self.tails_open = 0, 0
        self.cut = threading.Event()
        loki = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                if urlsplit(self.path).path == TAIL:
                    self.close_connection = True
                    return tail(loki, self)
                status, headers, body = loki.answer(self.path, dict(self.headers))
                self.send_response(status)
                for name, value in ({"Content-Type": "application/json"} | headers).items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *words: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Loki:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.cut.set()
        self._server.shutdown()
        self._server.server_close()

    def write(self, nano: int, text: str, service: str = "app", stream: str = "stderr") -> None:
        self.lines.append((nano, {"app": "shop", "service": service, "stream": stream}, text))

    def api(self, token: str = TOKEN) -> Api:
        async def sleep(seconds: float) -> None:
            self.waits.append(seconds)

        names, headers = Names(["127.0.0.1"], 1.0), {"X-Scope-OrgID": TENANT}
        return Api(self.url, token, names, TRUST, 0.0, 5.0, sleep, user=USER, headers=headers)

    def answer(self, target: str, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        url = urlsplit(target)
        asked = {name: value for name, (value, *_) in parse_qs(url.query, strict_parsing=True).items()}
        if (refused := self.refused(headers)) is not None:
            return refused
        self.wrong += list(_wrong(url.path, asked))
        self.asked.append(asked)
        if self.wrong:
            return 400, {}, self.wrong[-1].encode()
        if self.faults:
            return FAULTS[self.faults.pop(0)]
        if int(asked["limit"]) > self.most_entries:
            numbers = f"({asked['limit']} > {self.most_entries})"
            why = f"max entries limit per query exceeded, limit > max_entries_limit_per_query {numbers}"
            return 400, {"Content-Type": "text/plain"}, why.encode()
        return 200, {}, self._found(int(asked["start"]), int(asked["end"]), int(asked["limit"]))

    def refused(self, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes] | None:
        if headers.get("X-Scope-OrgID") != TENANT:
            return 401, {}, b"no org id"
        if b64decode(headers.get("Authorization", "").removeprefix("Basic ")) != f"{USER}:{TOKEN}".encode():
            return 401, {}, b"invalid credentials"
        return None

    def _found(self, start: int, end: int, limit: int) -> bytes:
        inside = sorted({(nano, tuple(of.items()), text) for nano, of, text in self.lines if start <= nano < end})
        streams: dict[tuple[tuple[str, str], ...], list[list[Any]]] = {}
        for nano, of, text in inside[:limit]:
            streams.setdefault(of, []).append([nano if self.numbers else str(nano), text])
        result = [{"stream": dict(of), "values": values} for of, values in reversed(streams.items())]
        data = {"resultType": "streams", "result": result, "stats": {"summary": {}}}
        return json.dumps({"status": "success", "data": data}).encode()


def tail(loki: Loki, request: BaseHTTPRequestHandler) -> None:
    """One connection, until either side ends it. Pings every tenth of a second, as Loki does every second."""
    url, headers = urlsplit(request.path), dict(request.headers)
    asked = {name: value for name, (value, *_) in parse_qs(url.query, strict_parsing=True).items()}
    wrong = list(_wrong_tail(asked, {name.lower(): value for name, value in headers.items()}))
    loki.wrong += wrong
    loki.tails += 1
    fault = loki.tail_faults.pop(0) if loki.tail_faults else ""
    refused = loki.refused(headers) or ((400, {}, wrong[0].encode()) if wrong else FAULTS.get(fault))
    if refused is not None:
        request.send_response(refused[0])
        request.send_header("Content-Length", str(len(refused[2])))
        request.end_headers()
        request.wfile.write(refused[2])
        return
    accept = accept_key(request.headers["Sec-WebSocket-Key"])
    request.wfile.write(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: %b\r\n\r\n" % accept.encode()
    )
    loki.tails_open += 1
    loki.cut.clear()
    with suppress(OSError):
        _bring(loki, request, len(loki.lines), fault)
    loki.tails_open -= 1


def _bring(loki: Loki, request: BaseHTTPRequestHandler, sent: int, fault: str) -> None:
    while not loki.cut.wait(0.02):
        if fault != "mute":
            request.wfile.write(Frame(Opcode.PING, b"").serialize(mask=False))
        new, sent = loki.lines[sent:], len(loki.lines)
        if not new:
            continue
        left_out = new[::2] if fault in ("drops", "drops-unsaid") else []
        streams = [
            {"stream": of, "values": [[str(nano), text]]} for nano, of, text in new if (nano, of, text) not in left_out
        ]
        told: dict[str, Any] = {"streams": streams}
        if fault == "drops":
            told["dropped_entries"] = [{"labels": of, "timestamp": str(nano)} for nano, of, _ in left_out]
        elif sent % 2:
            told["dropped_entries"] = None  # Go's empty list
        body = b"not JSON" if fault == "garbage" else json.dumps(told).encode()
        half = len(body) // 2
        request.wfile.write(Frame(Opcode.TEXT, body[:half], fin=False).serialize(mask=False))
        request.wfile.write(Frame(Opcode.CONT, body[half:]).serialize(mask=False))
        if fault == "cuts":
            return


def _wrong_tail(asked: dict[str, str], headers: dict[str, str]) -> Iterator[str]:
    if set(asked) != {"query", "start", "limit", "delay_for"} or asked["query"] != QUERY:
        yield f"tail: parameters {sorted(asked)}"
    elif not (asked["start"].isdigit() and len(asked["start"]) == 19 and int(asked["delay_for"]) <= 5):
        yield "tail: start is no nanosecond, or delay_for above 5"
    if headers.get("upgrade", "").lower() != "websocket" or headers.get("sec-websocket-version") != "13":
        yield "tail: not a websocket handshake"


def _wrong(path: str, asked: dict[str, str]) -> Iterator[str]:
    if path != "/loki/api/v1/query_range":
        yield f"404 {path}"
    if set(asked) != {"query", "start", "end", "limit", "direction"} or asked["direction"] != "forward":
        yield f"parameters {sorted(asked)}"
    elif not all(asked[name].isdigit() and len(asked[name]) == 19 for name in ("start", "end")):
        yield "start and end are no nanoseconds"
    elif int(asked["start"]) >= int(asked["end"]):
        yield "end timestamp must not be before or equal to start time"
    elif asked["query"] != QUERY:
        yield f"query {asked['query']}"

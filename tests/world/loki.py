"""A Loki of our own for tests: strict about what it is asked, and as ill-behaved as one behind a proxy.

Shapes and refusals as Grafana Loki's HTTP API reference has them: streams in no order, times as text, `[start, end)`, at
most `limit` lines over all streams, a limit above the allowed one refused with status 400 and plain text.
"""

from __future__ import annotations

import json
import threading
from base64 import b64decode
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, urlsplit

from outlive.transport.api import Api
from outlive.transport.dns import Names
from outlive.transport.net import trust

USER, TOKEN, TENANT = "123456", "a-token-of-the-tests", "shop"
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
        loki = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
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
        self._server.shutdown()
        self._server.server_close()

    def write(self, nano: int, text: str, service: str = "app", stream: str = "stderr") -> None:
        self.lines.append((nano, {"app": "shop", "service": service, "stream": stream}, text))

    def api(self, token: str = TOKEN) -> Api:
        async def sleep(seconds: float) -> None:
            self.waits.append(seconds)

        names, headers = Names(["127.0.0.1"], 1.0), {"X-Scope-OrgID": TENANT}
        return Api(self.url, token, names, trust(), 0.0, 5.0, sleep, user=USER, headers=headers)

    def answer(self, target: str, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        url = urlsplit(target)
        asked = {name: value for name, (value, *_) in parse_qs(url.query, strict_parsing=True).items()}
        if headers.get("X-Scope-OrgID") != TENANT:
            return 401, {}, b"no org id"
        if b64decode(headers.get("Authorization", "").removeprefix("Basic ")) != f"{USER}:{TOKEN}".encode():
            return 401, {}, b"invalid credentials"
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

    def _found(self, start: int, end: int, limit: int) -> bytes:
        inside = sorted({(nano, tuple(of.items()), text) for nano, of, text in self.lines if start <= nano < end})
        streams: dict[tuple[tuple[str, str], ...], list[list[Any]]] = {}
        for nano, of, text in inside[:limit]:
            streams.setdefault(of, []).append([nano if self.numbers else str(nano), text])
        result = [{"stream": dict(of), "values": values} for of, values in reversed(streams.items())]
        data = {"resultType": "streams", "result": result, "stats": {"summary": {}}}
        return json.dumps({"status": "success", "data": data}).encode()


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

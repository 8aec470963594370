"""Somebody else's API in this process, which misbehaves as real ones do: late, refused, gone after the effect, not yet seen.

A subclass answers `answer(method, path, query, body)`. `bites` come first, one a request that it is meant for.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

TOKEN = "a-token-of-the-tests"
Answer = tuple[int, Any]


@dataclass
class Bite:
    """What happens to the next request of that method whose path holds `path`, `times` times."""

    kind: str  # "429", "500", "503", "lost" (done, and nobody hears of it), "cut" (not done, nobody hears), "slow"
    method: str = ""
    path: str = ""
    times: int = 1
    seconds: float = 0.0


@dataclass
class BitingApi:
    """`heard` are all requests. `watch` is called with the number of a request, before it is done and after: it may end the
    client."""

    bites: list[Bite] = field(default_factory=list)
    heard: list[tuple[str, str]] = field(default_factory=list)
    watch: Callable[[int, str], None] = lambda number, when: None
    port: int = 0

    def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> Answer:
        raise NotImplementedError

    def refusal(self, status: int) -> Any:
        return {"message": f"status {status}"}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._lock = threading.Lock()
        handler = type("Bound", (_Handler,), {"api": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def serve(self, method: str, target: str, token: str, sent: bytes) -> tuple[int, dict[str, str], Any] | None:
        """None: nothing is said any more."""
        with self._lock:
            self.heard.append((method, target))
            number = len(self.heard)
            bite = next((one for one in self.bites if one.method in ("", method) and one.path in target), None)
            if bite:
                bite.times -= 1
                if bite.times <= 0:
                    self.bites.remove(bite)
        self.watch(number, "before")
        if bite and bite.kind == "slow":
            time.sleep(bite.seconds)
        if bite and bite.kind == "cut":
            return None
        if bite and bite.kind.isdigit():
            headers = {"Retry-After": "0"} if bite.kind == "429" else {}
            return int(bite.kind), headers, self.refusal(int(bite.kind))
        if token != f"Bearer {TOKEN}":
            return 401, {}, self.refusal(401)
        parts = urlsplit(target)
        with self._lock:
            status, body = self.answer(
                method, parts.path, dict(parse_qsl(parts.query)), json.loads(sent) if sent else None
            )
        self.watch(number, "after")
        return None if bite and bite.kind == "lost" else (status, {}, body)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    api: BitingApi

    def _any(self) -> None:
        sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        said = self.api.serve(self.command, self.path, self.headers.get("Authorization", ""), sent)
        self.close_connection = True
        if said is None:
            return
        status, headers, body = said
        content = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        for name, value in {**headers, "Content-Type": "application/json", "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        with suppress(OSError):  # the client did not wait, or is no more
            self.end_headers()
            self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _any

    def log_message(self, format: str, *arguments: object) -> None:
        """Not to the terminal."""

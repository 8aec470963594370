"""The provider's HTTP: the API for those with the token, and `/lab`, by which the lab tells it what to know and how to fail.

It runs as a process of its own (`python -m outlive.lab.provider.server`) and forgets everything when it ends.
"""

from __future__ import annotations

import argparse
import copy
import json
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from outlive.lab.ground.ledger import Ledger
from outlive.lab.provider import api
from outlive.lab.provider.documents import Key, Knowledge, Server
from outlive.lab.provider.faults import Fault, spoil, take

RATE_PER_SECOND = 4  # as the real one says of itself
LAB = "/lab/"


class Provider:
    """What all requests share. `stale` is what it goes on saying instead of what it knows."""

    def __init__(self, token: str, seconds: Callable[[], float] = time.monotonic) -> None:
        self.token = token
        self._seconds = seconds
        self.lock = threading.Lock()
        self.known = Knowledge()
        self.stale: Knowledge | None = None
        self.faults: list[Fault] = []
        self.seen: deque[str] = deque(maxlen=1000)
        self._recent: deque[float] = deque(maxlen=RATE_PER_SECOND)

    def ask(self, path: str, query: dict[str, str], token: str) -> api.Answer:
        """A client's GET."""
        with self.lock:
            now = self._seconds()
            if len(self._recent) == RATE_PER_SECOND and now - self._recent[0] < 1:
                return api.refusal(429, "Too many requests.", {"Retry-After": "1"})
            self._recent.append(now)
            if token != f"Bearer {self.token}":
                return api.refusal(401, "Unauthorized.")
            return api.get(path, query, self.stale or self.known)

    def tell(self, method: str, path: str, body: Any) -> api.Answer:
        """The lab's word. Unknown paths are 404."""
        with self.lock:
            match method, path.strip("/").split("/"):
                case "GET", ["requests"]:
                    return api.Answer(200, list(self.seen))
                case "POST", ["servers"]:
                    self.known.servers.append(Server(**body))
                case "DELETE", ["servers", identity]:
                    self.known.servers = [one for one in self.known.servers if str(one.id) != identity]
                case "PUT", ["keys"]:
                    self.known.keys = [Key(**one) for one in body]
                case "PATCH", ["servers", identity]:
                    for one in self.known.servers:
                        if str(one.id) == identity:
                            for name, value in body.items():
                                setattr(one, name, value)
                case "PUT", ["remaining_hours"]:
                    self.known.remaining_hours = body
                case "PUT", ["stale"]:
                    self.stale = copy.deepcopy(self.known) if body else None
                case "PUT", ["faults"]:
                    self.faults = [Fault(**one) for one in body]
                case _:
                    return api.refusal(404, "Not found.")
        return api.Answer(200, {})


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    provider: Provider  # set by serve()

    def handle_any(self) -> None:
        parts = urlsplit(self.path)
        sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if parts.path.startswith(LAB):
            return self._send(self.provider.tell(self.command, parts.path[len(LAB) :], json.loads(sent or b"null")))
        with self.provider.lock:
            self.provider.seen.append(f"{self.command} {self.path}")
            fault = take(self.provider.faults, self.command, parts.path)
        if fault:
            time.sleep(fault.delay_seconds)
            if fault.drop:
                self.close_connection = True
                return None
            if fault.status:
                return self._send(api.refusal(fault.status, fault.message, fault.headers))
        if self.command != "GET" or not parts.path.startswith("/v1/"):
            return self._send(api.refusal(405, "This fake can only be asked."))
        token = self.headers.get("Authorization", "")
        answer = self.provider.ask(parts.path[len("/v1/") :], dict(parse_qsl(parts.query)), token)
        if fault and answer.status == 200:
            answer = replace(answer, body=spoil(answer.body, fault))
        return self._send(answer, truncated=bool(fault and fault.truncate))

    do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = handle_any

    def _send(self, answer: api.Answer, *, truncated: bool = False) -> None:
        content = json.dumps(answer.body).encode()
        self.send_response(answer.status)
        for name, value in {**answer.headers, "Content-Type": "application/json"}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if truncated else content)
        self.close_connection = self.close_connection or truncated

    def log_message(self, format: str, *arguments: object) -> None:
        """Not to the terminal of whoever brought the lab up."""


def serve(address: str, port: int, token: str) -> None:
    """Answers on that address, and on the loopback, where no partition of the lab's network reaches."""
    handler = type("Bound", (Handler,), {"provider": Provider(token)})
    loopback = ThreadingHTTPServer(("127.0.0.1", port), handler)
    threading.Thread(target=loopback.serve_forever, daemon=True).start()
    ThreadingHTTPServer((address, port), handler).serve_forever()


def main() -> None:
    reader = argparse.ArgumentParser()
    for name in ("address", "port", "token-file", "ledger"):
        reader.add_argument(f"--{name}", required=True)
    told = reader.parse_args()
    Ledger(Path(told.ledger), "").note_process(os.getpid())  # itself: whoever started it may be killed before
    serve(told.address, int(told.port), Path(told.token_file).read_text().strip())


if __name__ == "__main__":
    main()

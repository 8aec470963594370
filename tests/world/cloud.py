"""The lab's provider in this process, and a client that asks it without waiting."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import ThreadingHTTPServer
from types import TracebackType
from typing import Any

from outlive.lab.provider.api import Answer
from outlive.lab.provider.documents import Knowledge, Server
from outlive.lab.provider.faults import Fault
from outlive.lab.provider.server import Handler, Provider
from outlive.providers.cherry import Cherry
from outlive.transport.api import Api
from outlive.transport.dns import Names
from tests.world.web import TRUST

TOKEN = "a-token-of-the-tests"
CREATED = "2026-01-03T10:00:00+00:00"


class Cloud:
    """`waits` are the seconds for which the client was told to wait. With `changes` it takes orders too, as the real one
    does; without, it can only be asked."""

    def __init__(self) -> None:
        seconds = iter(range(0, 10**9, 10))
        self.provider = Provider(TOKEN, lambda: float(next(seconds)))
        self.heard: list[str] = []
        self.changes: Callable[[str, str, dict[str, Any], Knowledge], Answer] | None = None
        cloud = self

        class Bound(Handler):
            provider = cloud.provider

            def handle_any(self) -> None:
                cloud.heard.append(self.headers.get("Authorization", ""))
                super().handle_any()

            def handle_order(self) -> None:
                if cloud.changes is None or self.headers.get("Authorization") != f"Bearer {TOKEN}":
                    return self.handle_any()
                body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
                with self.provider.lock:
                    path = self.path.removeprefix("/v1/")
                    return self._send(cloud.changes(self.command, path, body, self.provider.known))

            do_GET = handle_any
            do_PUT = do_POST = do_DELETE = handle_order

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Bound)
        self.port = self._server.server_address[1]
        self.waits: list[float] = []

    def __enter__(self) -> Cloud:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def servers(self, *servers: Server) -> None:
        self.provider.known.servers = list(servers)

    def faults(self, *faults: Fault) -> None:
        self.provider.faults = list(faults)

    def client(self, token: str = TOKEN, timeout_seconds: float = 5.0, every_seconds: float = 0.0) -> Cherry:
        async def sleep(seconds: float) -> None:
            self.waits.append(seconds)

        names = Names(["127.0.0.1"], 1.0)
        return Cherry(Api(self.url, token, names, TRUST, every_seconds, timeout_seconds, sleep), "100200")


def server(number: int, hostname: str = "", address: str = "", **more: object) -> Server:
    return Server(number, hostname or f"web-{number}", address or f"203.0.113.{number % 250}", CREATED, **more)  # type: ignore[arg-type]

"""Hetzner Cloud's list of servers in this process, as strict as its documentation (docs.hetzner.cloud: "Pagination",
"Sorting", "Rate Limiting", "Errors"): at most 50 a page, errors as `{"error": {..}}`, 429 without Retry-After."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, urlsplit

from outlive.lab.provider.faults import Fault, spoil, take
from outlive.providers.hetzner import Hetzner
from outlive.transport.api import Api
from outlive.transport.dns import Names
from tests.world.web import TRUST

TOKEN = "a-token-of-the-tests"
MOST_A_PAGE = 50
RESET = {"RateLimit-Limit": "3600", "RateLimit-Remaining": "0", "RateLimit-Reset": "1798250400"}


class HetznerCloud:
    """`heard` are the paths that were asked for, `waits` the seconds for which the client was told to wait. `meta` is what
    the list says of itself instead of the truth."""

    def __init__(self) -> None:
        self.listed: list[dict[str, Any]] = []
        self.faults: list[Fault] = []
        self.heard: list[str] = []
        self.waits: list[float] = []
        self.meta: dict[str, Any] = {}
        cloud = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                cloud.heard.append(self.path)
                fault = take(cloud.faults, "GET", self.path)
                status, body = cloud.answer(self.path, self.headers.get("Authorization", ""), fault)
                content = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                for name, value in {**(fault.headers if fault else {}), **(RESET if status == 429 else {})}.items():
                    self.send_header(name, value)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                is_cut = fault is not None and fault.truncate
                self.wfile.write(content[: len(content) // 2] if is_cut else content)
                self.close_connection = True

            def log_message(self, format: str, *arguments: object) -> None:
                """Not to the terminal."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def __enter__(self) -> HetznerCloud:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, path: str, token: str, fault: Fault | None) -> tuple[int, Any]:
        if fault and fault.status:
            return fault.status, refusal("rate_limit_exceeded" if fault.status == 429 else "server_error")
        if token != f"Bearer {TOKEN}":
            return 401, refusal("unauthorized")
        parts = urlsplit(path)
        if parts.path != "/v1/servers":
            return 404, refusal("not_found")
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        if int(query.get("per_page", 25)) > MOST_A_PAGE or query.get("sort", "id") not in ("id", "id:asc"):
            return 400, refusal("invalid_input")
        page = self._page(int(query.get("page", 1)), int(query.get("per_page", 25)))
        return 200, page | {"servers": spoil(page["servers"], fault)} if fault else page

    def client(self, token: str = TOKEN, every_seconds: float = 0.0) -> Hetzner:
        async def sleep(seconds: float) -> None:
            self.waits.append(seconds)

        return Hetzner(Api(self.url, token, Names(["127.0.0.1"], 1.0), TRUST, every_seconds, 5.0, sleep))

    def _page(self, page: int, size: int) -> dict[str, Any]:
        total = len(self.listed)
        last = max(1, -(-total // size))
        numbers = {
            "page": page,
            "per_page": size,
            "previous_page": page - 1 if page > 1 else None,
            "next_page": page + 1 if page < last else None,
            "last_page": last,
            "total_entries": total,
        }
        ordered = sorted(self.listed, key=lambda one: int(one["id"]))
        return {"servers": ordered[(page - 1) * size : page * size], "meta": {"pagination": numbers | self.meta}}


def refusal(code: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": code.replace("_", " "), "details": {}}}


def server(number: int, **more: Any) -> dict[str, Any]:
    """As "Get all servers" shows one; what nobody reads is left out."""
    return {
        "id": number,
        "name": f"web-{number}",
        "status": "running",
        "created": "2026-01-03T10:00:00+00:00",
        "public_net": {"ipv4": {"ip": f"203.0.113.{number % 250}", "blocked": False}, "ipv6": None},
        "image": {"id": 1, "name": "debian-12"},
        "server_type": {"id": 2, "name": "cx22"},
    } | more

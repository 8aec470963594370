"""A reverse proxy that misbehaves when told to: to be put between a client and a real S3 server.

    with FlakyProxy(rgw.endpoint) as proxy:
        proxy.next(answer(503), times=2)                       # the next two requests fail
        proxy.next(cut_request(after=1 << 20), method="PUT")   # the next PUT is cut off within its body
        proxy.next(drop_response(), method="PUT")              # the next PUT happens, but nobody hears of it
        ...
        assert proxy.count(method="PUT") == 4

Headers pass unchanged, Host among them, so signatures stay valid. One connection upstream for each request.
"""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import urlsplit

from outlive.lab.ground.server import Server

CHUNK = 64 << 10
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "expect", "te", "upgrade"}


class CutOff(Exception):
    """The connection to the client is to be closed now, without a word."""


@dataclass(frozen=True)
class Fault:
    """What goes wrong with one request; the functions below make them."""

    name: str
    status: int = 0
    code: str = ""
    delay: float = 0.0
    request_bytes: int | None = None
    response_bytes: int | None = None


def answer(status: int, code: str = "") -> Fault:
    """An error in S3's form instead of the effect. The request's body is read and thrown away."""
    usual = {403: "AccessDenied", 404: "NoSuchKey", 500: "InternalError", 503: "SlowDown"}
    return Fault(f"answer {status}", status=status, code=code or usual.get(status, "Unknown"))


def delay(seconds: float) -> Fault:
    """All goes well, only late."""
    return Fault(f"delay {seconds:g} s", delay=seconds)


def cut_request(after: int = 0) -> Fault:
    """The connection breaks when that many bytes of the request's body have passed; the server sees it break too."""
    return Fault(f"cut request after {after}", request_bytes=after)


def cut_response(after: int = 0) -> Fault:
    """The connection breaks when that many bytes of the response's body have passed."""
    return Fault(f"cut response after {after}", response_bytes=after)


def drop_response() -> Fault:
    """The request takes effect, and the connection breaks before a single byte of the answer."""
    return Fault("drop response", response_bytes=-1)


@dataclass
class Planned:
    """A fault, for whom, and how often yet."""

    fault: Fault
    left: float
    method: str
    path: str

    def fits(self, method: str, path: str) -> bool:
        return self.left > 0 and self.method in ("", method) and self.path in path


@dataclass(frozen=True)
class Seen:
    """One request as it went: `outcome` is the status, or the fault's name."""

    method: str
    path: str
    outcome: str


@dataclass
class FlakyProxy(Server):
    """Every request takes `latency_seconds` longer than it would without the proxy."""

    upstream: str
    seen: list[Seen] = field(default_factory=list)
    endpoint: str = ""
    latency_seconds: float = 0.0

    def __post_init__(self) -> None:
        self._planned: list[Planned] = []
        self._lock = threading.Lock()
        self.closing = threading.Event()

    def next(self, fault: Fault, *, times: float = 1, method: str = "", path: str = "") -> None:
        """Plans the fault for the next `times` requests with that method and with `path` in theirs (inf: for good)."""
        with self._lock:
            self._planned.append(Planned(fault, times, method, path))

    def heal(self) -> None:
        """From now on all goes well."""
        with self._lock:
            self._planned.clear()

    def count(self, *, method: str = "", path: str = "", outcome: str = "") -> int:
        with self._lock:
            return sum(
                method in ("", one.method) and path in one.path and outcome in ("", one.outcome) for one in self.seen
            )

    def take(self, method: str, path: str) -> Fault | None:
        """The fault that this request meets, used up by it."""
        with self._lock:
            for planned in self._planned:
                if planned.fits(method, path):
                    planned.left -= 1
                    return planned.fault
        return None

    def record(self, method: str, path: str, outcome: str) -> None:
        with self._lock:
            self.seen.append(Seen(method, path, outcome))

    def start(self) -> Self:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.endpoint = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def close(self) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()


def _handler(proxy: FlakyProxy) -> type[BaseHTTPRequestHandler]:
    """http.server wants a class; this one knows its proxy."""
    return type("Handler", (_Handler,), {"proxy": proxy})


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    proxy: FlakyProxy

    def log_message(self, format: str, *args: object) -> None:
        """Silent: what happened is in proxy.seen."""

    def _serve(self) -> None:
        fault = self.proxy.take(self.command, self.path)
        outcome = fault.name if fault else ""
        try:
            self.proxy.closing.wait(self.proxy.latency_seconds + (fault.delay if fault else 0))
            if fault and fault.status:
                self._refuse(fault)
            else:
                status = self._forward(fault)
                outcome = outcome or str(status)
        except (CutOff, OSError, http.client.HTTPException) as problem:
            outcome = outcome or f"broken: {problem!r}"
            self.close_connection = True
            with suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)
        self.proxy.record(self.command, self.path, outcome)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _serve

    def _refuse(self, fault: Fault) -> None:
        for _ in self._body():
            pass
        text = f"<?xml version='1.0'?><Error><Code>{fault.code}</Code><Message>planned</Message></Error>".encode()
        self.send_response(fault.status)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text)

    def _forward(self, fault: Fault | None) -> int:
        upstream = urlsplit(self.proxy.upstream)
        connection = http.client.HTTPConnection(upstream.hostname or "", upstream.port, timeout=120)
        try:
            self._send_request(connection, fault.request_bytes if fault else None)
            response = connection.getresponse()
            self._send_response(response, fault.response_bytes if fault else None)
            return response.status
        finally:
            connection.close()

    def _send_request(self, connection: http.client.HTTPConnection, limit: int | None) -> None:
        connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            if name.lower() not in HOP_BY_HOP:
                connection.putheader(name, value)
        connection.endheaders()
        for chunk in _up_to(limit, self._body()):
            connection.send(chunk)
        if limit is not None:
            raise CutOff

    def _send_response(self, response: http.client.HTTPResponse, limit: int | None) -> None:
        if limit is not None and limit < 0:
            response.read()
            raise CutOff
        self.send_response_only(response.status, response.reason)
        known_length = response.getheader("Content-Length") is not None
        for name, value in response.getheaders():
            if name.lower() not in HOP_BY_HOP:
                self.send_header(name, value)
        bodiless = self.command == "HEAD" or response.status in (204, 304)
        if not known_length and not bodiless:
            self.send_header("Connection", "close")  # the body then ends where the connection does
            self.close_connection = True
        self.end_headers()
        for chunk in _up_to(limit, iter(lambda: response.read(CHUNK), b"")):
            self.wfile.write(chunk)
        if limit is not None:
            raise CutOff

    def _body(self) -> Iterator[bytes]:
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            raise http.client.HTTPException("this proxy takes bodies with a Content-Length only")
        left = int(self.headers.get("Content-Length") or 0)
        while left:
            chunk = self.rfile.read(min(CHUNK, left))
            if not chunk:
                raise CutOff
            left -= len(chunk)
            yield chunk


def _up_to(limit: int | None, chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The first `limit` bytes of it, or all."""
    for chunk in chunks:
        if limit is not None and len(chunk) >= limit:
            yield chunk[:limit]
            return
        if limit is not None:
            limit -= len(chunk)
        yield chunk


def eventually(condition: Callable[[], bool], seconds: float = 5) -> bool:
    """Requests are recorded when they end, which may be a moment after the client has its answer."""
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    return condition()

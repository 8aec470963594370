"""Who receives alerts: a webhook and a mail server on the loopback, which fail as real ones do."""

from __future__ import annotations

import email
import json
import socket
import threading
import time
from dataclasses import dataclass, field
from email.message import Message
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

HANG_SECONDS = 3.0


@dataclass
class Webhook:
    """Answers as it is told: `status`, or `fault` "hang", "cut" (the connection ends without an answer). `got` are path and
    body of each request that was answered well."""

    status: int = 200
    fault: str = ""
    got: list[tuple[str, Any]] = field(default_factory=list)
    asked: int = 0

    def __enter__(self) -> Self:
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                owner.asked += 1
                if owner.fault == "hang":
                    time.sleep(HANG_SECONDS)
                if owner.fault:
                    self.close_connection = True
                    return
                if owner.status < 300:
                    owner.got.append((self.path, _read(body)))
                self.send_response(owner.status)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, format: str, *args: object) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._server.server_address[1]}"


def _read(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body.decode()


@dataclass
class MailServer:
    """Takes mail, or answers `refuses` ("451 try later", "550 no such user"); with `cut` it hangs up after DATA.
    `at`: its port."""

    refuses: str = ""
    cut: bool = False
    at: int = 0
    got: list[Message] = field(default_factory=list)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.cut:
            assert server.transport is not None
            server.transport.abort()
            return "421 gone"
        if self.refuses:
            return self.refuses
        assert isinstance(envelope.content, bytes)
        self.got.append(email.message_from_bytes(envelope.content, policy=default))
        return "250 taken"

    def __enter__(self) -> Self:
        self._controller = Controller(self, hostname="127.0.0.1", port=self.at or free_port())
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop()

    @property
    def port(self) -> int:
        return int(self._controller.port)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])

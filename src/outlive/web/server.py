"""The page's server, in a thread of its own. A fault there ends neither streams nor backups."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

CLOSING_SECONDS = 3


class PageServer:
    """Serves at an `address:port` from `start` to `stop`; with TLS when there are files with a `certificate` and its key."""

    def __init__(
        self, app: Starlette, listen: str, say: Callable[[str], None], certificate: tuple[Path, Path] | None = None
    ) -> None:
        self._listen, self._say, self._scheme = listen, say, "https" if certificate else "http"
        self._app = app
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=CLOSING_SECONDS,
            limit_concurrency=200,
            ssl_certfile=certificate[0] if certificate else None,
            ssl_keyfile=str(certificate[1]) if certificate else None,
        )
        self._server = uvicorn.Server(config)
        self._thread: threading.Thread | None = None
        self.address = listen

    def start(self) -> None:
        """From its return on browsers may come. That it cannot listen there is told."""
        try:
            there = _listening(self._listen)
        except OSError as error:
            self._say(f"nobody serves the page: {self._listen}: {error.strerror}. See [page] listen.")
            return
        self.address = f"{self._listen.rpartition(':')[0]}:{there.getsockname()[1]}"
        self._say(f"the page is at {self._scheme}://{self.address}/")
        self._thread = threading.Thread(target=self._serve, args=(there,), name="page", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._app.state.stopping = True  # streams of news end by themselves
        self._server.should_exit = True
        if self._thread is not None:
            self._thread.join(2 * CLOSING_SECONDS)

    def _serve(self, there: socket.socket) -> None:
        try:
            with there:
                self._server.run(sockets=[there])
        except Exception as error:  # noqa: BLE001 - as above
            self._say(f"nobody serves the page any more: {type(error).__name__}: {error}")


def _listening(listen: str) -> socket.socket:
    host, _, port = listen.rpartition(":")
    family = socket.AF_INET6 if host.startswith("[") else socket.AF_INET
    there = socket.create_server((host.strip("[]"), int(port)), family=family)
    # Whoever is accepted there inherits it. Without it every answer waits 40 ms for a delayed acknowledgement: asyncio
    # sets it only on sockets whose protocol is named.
    there.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return there

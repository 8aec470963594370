"""A private Unix socket on this side whose every connection is carried by a program on the other side.

libpq connects to the socket; each accepted connection becomes the stdin and stdout of one child (`docker exec`,
`ssh -W`), so no byte passes through Python (research: relay.md). Nothing is installed or changed on the server.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

PORT = 5432
PATIENCE_SECONDS = 3.0  # for children to end by themselves once their connection is closed
LAST_WORDS_SECONDS = 1.0
LONGEST_FOLDER = 60  # a socket's whole path may have 107 bytes


class Relay:
    """A context manager; `directory` is what libpq is given as `host`. The directory is private (0700).

    On the way out it is gone, and so is every child and thread, whatever state the other side is in.
    """

    def __init__(self, argv: Sequence[str], *, greet: Callable[[socket.socket], None] | None = None) -> None:
        """`greet` speaks with whoever connects before the other side does; it raises `OSError` to close the connection."""
        self._argv = list(argv)
        self._greet = greet
        self._children: list[tuple[subprocess.Popen[bytes], threading.Thread]] = []
        self._complaints: deque[str] = deque(maxlen=20)
        self._lock = threading.Lock()

    def __enter__(self) -> Relay:
        parent = None if len(tempfile.gettempdir()) <= LONGEST_FOLDER else "/tmp"
        self.directory = Path(tempfile.mkdtemp(prefix="outlive-relay-", dir=parent))
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self.path))
        self._listener.listen(8)
        self._acceptor = threading.Thread(target=self._accept, name="relay", daemon=True)
        self._acceptor.start()
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):  # wakes the acceptor; closing alone would leave it in accept(2)
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._acceptor.join(timeout=5)
        shutil.rmtree(self.directory, ignore_errors=True)
        with self._lock:
            self._end_children()

    @property
    def path(self) -> Path:
        """The socket itself, named as libpq looks for it."""
        return self.directory / f".s.PGSQL.{PORT}"

    @property
    def complaints(self) -> str:
        """What the programs on the other side complained lately: why a connection was closed.

        Its program may not have ended yet, and its last words may still be in the pipe: up to a second is waited for them.
        """
        with self._lock:
            children = list(self._children)
        deadline = time.monotonic() + LAST_WORDS_SECONDS
        for _, listener in children:
            listener.join(max(0.0, deadline - time.monotonic()))
        return " | ".join(self._complaints)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                self._carry(connection)

    def _carry(self, connection: socket.socket) -> None:
        try:
            if self._greet is not None:
                self._greet(connection)
        except OSError as error:
            self._complaints.append(f"on this side: {error}")
            return
        try:
            child = subprocess.Popen(
                self._argv,
                stdin=connection.fileno(),
                stdout=connection.fileno(),
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            self._complaints.append(f"{self._argv[0]}: {error.strerror}")
            return
        listener = threading.Thread(target=self._listen_to, args=(child,), name="relay words", daemon=True)
        listener.start()
        with self._lock:
            self._children = [(one, words) for one, words in self._children if one.poll() is None]
            self._children.append((child, listener))

    def _listen_to(self, child: subprocess.Popen[bytes]) -> None:
        assert child.stderr
        with child.stderr as pipe:
            for line in pipe:
                if text := line.decode("utf-8", "replace").strip():
                    self._complaints.append(text)

    def _end_children(self) -> None:
        """Their connections are closed by now, so they end by themselves, telling the other side; else they are killed."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        for child, listener in self._children:
            with suppress(subprocess.TimeoutExpired):
                child.wait(max(0.0, deadline - time.monotonic()))
            if child.poll() is None:
                child.kill()
                child.wait()
            listener.join(timeout=1)

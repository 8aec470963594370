"""Every kind of relay carries bytes both ways unharmed and ends with either side."""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from outlive.commands.relays import RELAYS_TCP, RELAYS_UNIX, relay

pytestmark = pytest.mark.slow

MEBIBYTES = 100
KINDS = (*RELAYS_TCP, *RELAYS_UNIX)
Serve = Callable[[socket.socket], None]


def command(kind: str, target: str, port: int) -> list[str]:
    """The relay as it is run here; busybox's nc stands for nc, as in the images that have nothing else."""
    words = list(relay(kind, target, port))
    if words[0] == "nc":
        words = ["busybox", *words]
    if shutil.which(words[0]) is None:
        pytest.skip(f"{words[0]} is not here")
    return words


@pytest.fixture(params=KINDS)
def carried(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[Serve], subprocess.Popen[bytes]]]:
    """Starts a server of one connection, and the relay to it."""
    started: list[subprocess.Popen[bytes]] = []
    servers: list[threading.Thread] = []
    listener = socket.socket(socket.AF_UNIX if request.param.endswith("-unix") else socket.AF_INET)
    path = str(tmp_path / "s")
    listener.bind(path if listener.family == socket.AF_UNIX else ("127.0.0.1", 0))
    listener.listen()

    def start(serve: Serve) -> subprocess.Popen[bytes]:
        def run() -> None:
            with suppress(OSError):  # the relay may end without having called
                connection, _ = listener.accept()
                with connection:
                    serve(connection)

        unix = listener.family == socket.AF_UNIX
        words = command(request.param, path if unix else "127.0.0.1", 0 if unix else listener.getsockname()[1])
        servers.append(threading.Thread(target=run, daemon=True))
        servers[-1].start()
        started.append(subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0))
        return started[-1]

    yield start
    with suppress(OSError):  # wakes a server that still waits
        listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    for child in started:
        child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe:
                pipe.close()
    for server in servers:
        server.join(5)


def echo(connection: socket.socket) -> None:
    while data := connection.recv(1 << 16):
        connection.sendall(data)


@pytest.mark.slow
def test_a_hundred_mebibytes_both_ways(carried: Callable[[Serve], subprocess.Popen[bytes]]) -> None:
    child = carried(echo)
    assert child.stdin and child.stdout
    block, sent, got = os.urandom(1 << 20), hashlib.sha256(), hashlib.sha256()

    def send() -> None:
        for number in range(MEBIBYTES):
            piece = number.to_bytes(4, "big") + block[4:]
            sent.update(piece)
            view = memoryview(piece)
            while view:
                view = view[child.stdin.write(view) :]  # type: ignore[union-attr]

    thread = threading.Thread(target=send)
    thread.start()
    left = MEBIBYTES << 20
    while left and (data := child.stdout.read(min(left, 1 << 20))):
        got.update(data)
        left -= len(data)
    thread.join()
    assert left == 0 and got.digest() == sent.digest()


def test_what_the_server_said_before_it_closed_arrives_whole(
    carried: Callable[[Serve], subprocess.Popen[bytes]],
) -> None:
    """And then the relay ends, though its own stdin is still open: else a client would wait for ever."""
    said = os.urandom(3 << 20)
    child = carried(lambda connection: connection.sendall(said))
    assert child.stdout
    began = time.monotonic()
    heard = b""
    while data := child.stdout.read(1 << 20):
        heard += data
        if len(heard) % 3 == 0:
            time.sleep(0.01)  # a slow reader
    child.wait(5)
    assert heard == said and time.monotonic() - began < 5


def test_when_the_client_leaves_the_server_hears_its_last_words_and_the_end(
    carried: Callable[[Serve], subprocess.Popen[bytes]],
) -> None:
    heard: list[bytes] = []
    over = threading.Event()

    def listen(connection: socket.socket) -> None:
        while data := connection.recv(1 << 16):
            heard.append(data)
        over.set()

    child = carried(listen)
    assert child.stdin
    child.stdin.write(b"X\0\0\0\4")
    child.stdin.close()
    assert over.wait(5) and b"".join(heard) == b"X\0\0\0\4"
    child.wait(5)


def test_nothing_at_the_address_ends_it_at_once() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        for kind in RELAYS_TCP:
            words = list(relay(kind, "127.0.0.1", closed.getsockname()[1]))
            if kind != "nc" and shutil.which(words[0]):
                done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, timeout=10)
                assert done.returncode != 0 and b"refused" in done.stderr.lower()


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError):
        relay("telnet", "127.0.0.1", 1)


@pytest.mark.parametrize("kind", [kind for kind in RELAYS_TCP if kind in ("perl", "python3", "bash")])
def test_no_child_is_left_to_whoever_is_process_one(kind: str, tmp_path: Path) -> None:
    """In its container Postgres is: a child of ours that dies of a signal there would restart production."""
    left = tmp_path / "left"
    listener = socket.create_server(("127.0.0.1", 0))
    words = command(kind, "127.0.0.1", listener.getsockname()[1])
    script = (
        "import ctypes, os, subprocess, sys, time\n"
        "ctypes.CDLL(None).prctl(36, 1)\n"  # PR_SET_CHILD_SUBREAPER: orphans come to us, as to process 1
        "child = subprocess.Popen(sys.argv[2:], stdin=subprocess.PIPE, stdout=subprocess.PIPE)\n"
        "time.sleep(0.3); child.stdin.close(); child.wait(); time.sleep(0.3)\n"
        "try: pid, status = os.waitpid(-1, 0); open(sys.argv[1], 'w').write(f'{pid} {status}')\n"
        "except ChildProcessError: open(sys.argv[1], 'w').write('none')\n"
    )
    for _ in range(5):
        subprocess.run(["python3", "-c", script, str(left), *words], check=True, timeout=20)
        connection, _address = listener.accept()
        connection.close()
        assert left.read_text() == "none"
    listener.close()

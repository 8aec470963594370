"""TCP and TLS to one address, with the time that each step took. What does not answer is a `NoAnswer` with one word."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from outlive.errors import ConfigError, NoData


class NoAnswer(NoData):
    """Nothing answered there."""

    def __init__(self, word: str, why: str) -> None:
        """`word` is one of the vocabulary's: refused, timeout, unreachable, dns, tls, ..."""
        super().__init__(f"({word}) {why}")
        self.word = word
        self.why = why


@dataclass(frozen=True, slots=True)
class Trust:
    """How certificates are looked at: `strict` believes the system's authorities (and those added), `blind` only looks.
    Made once: reading the authorities takes 20 ms."""

    strict: ssl.SSLContext
    blind: ssl.SSLContext


def trust(more: Path | None = None) -> Trust:
    """`more` is a file of further authorities (PEM). Raises `ConfigError` when it cannot be read."""
    strict = ssl.create_default_context()
    if more is not None:
        try:
            strict.load_verify_locations(more)
        except OSError as error:  # ssl.SSLError is one
            raise ConfigError(f"{more} holds no readable certificates: {error}.") from error
    blind = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # it believes nobody, so it reads no authorities
    blind.check_hostname = False
    blind.verify_mode = ssl.CERT_NONE
    return Trust(strict, blind)


@dataclass(slots=True)
class Steps:
    """How long each step took; None for one that was not finished. Filled in on the way, so that a time-out leaves what
    had been reached."""

    connect_seconds: float | None = None
    tls_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """An open connection. `leaf` is the certificate (DER) of the other side; `distrust` says why it is not valid for the
    name, empty when it is."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    leaf: bytes = b""
    distrust: str = ""


@asynccontextmanager
async def connection(address: str, port: int, steps: Steps) -> AsyncIterator[socket.socket]:
    """A TCP connection, closed on the way out. Raises `NoAnswer`. The caller sets the time limit (`asyncio.timeout`)."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as sock:
        sock.setblocking(False)
        began = time.perf_counter()
        try:
            await asyncio.get_running_loop().sock_connect(sock, (address, port))
        except OSError as error:
            raise NoAnswer(_word(error), f"{address} port {port}: {error.strerror or error}") from error
        steps.connect_seconds = time.perf_counter() - began
        yield sock


@asynccontextmanager
async def line(address: str, port: int, steps: Steps) -> AsyncIterator[Line]:
    """A plain connection to read from and write to. Raises `NoAnswer`."""
    async with connection(address, port, steps) as sock:
        reader, writer = await asyncio.open_connection(sock=sock)
        with _closing(writer):
            yield Line(reader, writer)


@asynccontextmanager
async def tls_line(address: str, port: int, name: str, trust: Trust, steps: Steps) -> AsyncIterator[Line]:
    """A TLS connection to an address, asking for `name` (SNI). A certificate that is not valid for it does not end the
    look: a second connection sees it all the same, and `distrust` says what is wrong. Raises `NoAnswer`."""
    distrust = ""
    for context in (trust.strict, trust.blind):
        async with connection(address, port, steps) as sock:
            began = time.perf_counter()
            try:
                reader, writer = await asyncio.open_connection(sock=sock, ssl=context, server_hostname=name)
            except ssl.SSLCertVerificationError as error:
                distrust = _distrust(error)
                continue
            except (OSError, EOFError) as error:
                raise NoAnswer("tls", f"{address} port {port}, {name}: {_said(error)}") from error
            with _closing(writer):
                secure: ssl.SSLObject = writer.get_extra_info("ssl_object")
                leaf = secure.getpeercert(binary_form=True) or b""
                steps.tls_seconds = time.perf_counter() - began
                yield Line(reader, writer, leaf, distrust)
            return


@contextmanager
def _closing(writer: asyncio.StreamWriter) -> Iterator[None]:
    """Cut, not closed politely: the other side may hang."""
    try:
        yield
    finally:
        writer.transport.abort()


def _word(error: OSError) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "refused"
    if isinstance(error, TimeoutError):  # ETIMEDOUT: the kernel has given up before us
        return "timeout"
    return "unreachable"


def _distrust(error: ssl.SSLCertVerificationError) -> str:
    """`certificate has expired`, `self-signed certificate`, `Hostname mismatch, ...`: OpenSSL's own words."""
    return error.verify_message or str(error)


def _said(error: Exception) -> str:
    if isinstance(error, ssl.SSLError) and error.reason:
        return error.reason.lower().replace("_", " ")
    return str(error) or "the connection was closed"

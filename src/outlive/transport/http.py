"""One HTTP/1.1 question, with the time that each step took, asked by name or at a pinned address.

Sockets, TLS and `h11` instead of a client library: none of them tells connecting from the TLS handshake, nor asks one
address while the name (SNI, Host) is another's. Every question opens a connection of its own: a kept one would say
nothing about whether new ones are taken.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from email.utils import parsedate_to_datetime
from urllib.parse import SplitResult, urljoin, urlsplit

import h11

import outlive
from outlive.transport.dns import Names
from outlive.transport.net import Line, NoAnswer, Steps, Trust, line, tls_line

BODY_BYTES = 256 << 10
REDIRECTS = 5
_READ_BYTES = 64 << 10


@dataclass(frozen=True, slots=True)
class Question:
    """GET `url`, which must be whole (`https://name/path`). With an `address`, whoever is there is asked, whatever the
    name leads to, and only redirects to the same name are followed. All of it may take `timeout_seconds`."""

    url: str
    address: str | None = None
    timeout_seconds: float = 10.0


@dataclass(slots=True)
class Answer:
    """What came. `error` (one word of the vocabulary) and `why` say where it ended, if it did; the seconds are those of
    the last URL asked, None for steps that were not reached. `distrust` says why the certificate is not valid, empty
    when it is; `redirects` are the URLs that were left behind."""

    url: str
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    error: str = ""
    why: str = ""
    remote_address: str = ""
    dns_seconds: float | None = None
    steps: Steps = field(default_factory=Steps)
    first_byte_seconds: float | None = None
    seconds: float = 0.0
    distrust: str = ""
    redirects: tuple[str, ...] = ()

    @property
    def date(self) -> datetime | None:
        """The server's clock, to the second."""
        with suppress(ValueError):
            said = parsedate_to_datetime(self.headers.get("date", ""))
            return said if said.tzinfo else None
        return None


async def ask(question: Question, names: Names, trust: Trust) -> Answer:
    """Never raises for what the network does: that is the answer."""
    began = time.perf_counter()
    left: tuple[str, ...] = ()
    url = question.url
    while True:
        answer = await _ask_once(replace(question, url=url), began, names, trust)
        answer.redirects = left
        answer.seconds = time.perf_counter() - began
        onward = _onward(question, answer)
        if onward is None or len(left) == REDIRECTS:
            return answer
        left, url = (*left, url), onward


def _onward(question: Question, answer: Answer) -> str | None:
    """Where a redirect leads, if it is to be followed."""
    if answer.status not in (301, 302, 303, 307, 308) or "location" not in answer.headers:
        return None
    onward = urljoin(answer.url, answer.headers["location"])
    target = urlsplit(onward)
    if target.scheme not in ("http", "https") or not target.hostname:
        return None
    if question.address is not None and target.hostname != urlsplit(question.url).hostname:
        return None
    return onward


async def _ask_once(question: Question, began: float, names: Names, trust: Trust) -> Answer:
    answer = Answer(question.url)
    left = question.timeout_seconds - (time.perf_counter() - began)
    try:
        async with asyncio.timeout(max(0.001, left)):
            await _talk(question, answer, names, trust)
    except TimeoutError:
        answer.error = _unreached(answer)
        answer.why = f"no answer within {question.timeout_seconds:g} s"
    except NoAnswer as error:
        answer.error = {"refused": "connect_refused", "timeout": "connect_timeout"}.get(error.word, error.word)
        answer.why = error.why
    except (h11.RemoteProtocolError, ssl.SSLError, OSError, EOFError) as error:
        answer.error = "closed"
        answer.why = str(error) or "the connection was closed before the answer"
    return answer


def _unreached(answer: Answer) -> str:
    """The step that a time-out ended."""
    if answer.status is not None:
        return "body_timeout"
    if answer.steps.connect_seconds is not None:
        return "headers_timeout"  # also when TLS was not finished: somebody took the connection, and said nothing
    return "connect_timeout" if answer.remote_address else "dns"


async def _talk(question: Question, answer: Answer, names: Names, trust: Trust) -> None:
    url = urlsplit(question.url)
    name = url.hostname or ""
    began = time.perf_counter()
    addresses = (question.address,) if question.address else await names.resolve(name)
    if not question.address:
        answer.dns_seconds = time.perf_counter() - began
    for last, address in enumerate(addresses, start=1 - len(addresses)):
        answer.remote_address = address
        try:
            async with _open(url, address, trust, answer.steps) as opened:
                answer.distrust = opened.distrust
                await _exchange(url, opened, answer)
                return
        except NoAnswer:
            if last == 0:  # no further address to try
                raise


def _open(url: SplitResult, address: str, trust: Trust, steps: Steps) -> AbstractAsyncContextManager[Line]:
    if url.scheme == "https":
        return tls_line(address, url.port or 443, url.hostname or "", trust, steps)
    return line(address, url.port or 80, steps)


async def _exchange(url: SplitResult, opened: Line, answer: Answer) -> None:
    talk = h11.Connection(our_role=h11.CLIENT)
    began = time.perf_counter()
    opened.writer.write(talk.send(_request(url)) or b"")
    talk.send(h11.EndOfMessage())
    body = bytearray()
    while True:
        event = talk.next_event()
        if event is h11.NEED_DATA:
            data = await opened.reader.read(_READ_BYTES)
            answer.first_byte_seconds = answer.first_byte_seconds or time.perf_counter() - began
            talk.receive_data(data)
        elif isinstance(event, h11.Response):
            answer.status = event.status_code
            answer.headers = {name.decode(): value.decode("latin-1") for name, value in event.headers}
        elif isinstance(event, h11.Data):
            body += event.data
            answer.body = bytes(body[:BODY_BYTES])
        if isinstance(event, h11.EndOfMessage) or len(body) >= BODY_BYTES:
            return


def _request(url: SplitResult) -> h11.Request:
    target = (url.path or "/") + (f"?{url.query}" if url.query else "")
    headers = {
        "Host": url.netloc.rpartition("@")[2],
        "User-Agent": f"outlive/{outlive.__version__}",
        "Accept": "*/*",
        "Accept-Encoding": "identity",
        "Connection": "close",
    }
    return h11.Request(method="GET", target=target, headers=list(headers.items()))

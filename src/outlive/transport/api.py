"""Questions to an API that wants a token, and changes asked of it: JSON, HTTP/1.1. The token goes to one host and to nobody
else.

Apart from `http.py`, which looks at pages and therefore goes on where a certificate is not valid and follows redirects: here
both end the question, because the token would be in the wrong hands (CherryServers' own SDK re-sends it to wherever a
redirect points; research/incident-and-provider.md 2).
"""

from __future__ import annotations

import asyncio
import json
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import SplitResult, urlencode, urlsplit

import h11

import outlive
from outlive.transport.dns import Names
from outlive.transport.net import Line, NoAnswer, Steps, Trust, line, tls_line

BODY_BYTES = 32 << 20
TRIES = 3
JSON, FORM = "application/json", "application/x-www-form-urlencoded"
LONGEST_WAIT_SECONDS = 60.0  # who is told to come back later than that comes back with the next look
_SAID_BYTES = 200  # of why a question was wrong
_AGAIN = (429, 500, 502, 503, 504)
NOT_DONE = frozenset({"dns", "refused", "tls", "refused_token", "rate_limited", "unwilling"})


@dataclass(frozen=True, slots=True)
class Reply:
    """`headers` have lower-case names; `body` is the JSON that came."""

    headers: Mapping[str, str]
    body: Any
    status: int = 200


@dataclass(slots=True)
class Api:
    """`base` is `https://host/v1` (plain http only where the configuration allowed it). `every_seconds`: at least so long
    between two questions, repeated ones too. With a `user` the token is a password (RFC 7617); it is "" where nobody wants
    one; `headers` go along. Belongs to one event loop. The token shows up in no message."""

    base: str
    token: str = field(repr=False)
    names: Names
    trust: Trust
    every_seconds: float = 0.25
    timeout_seconds: float = 10.0
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    user: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    asked: int = 0
    _next_at: float = 0.0

    async def get(self, path: str, *, absent_ok: bool = False) -> Reply:
        """What is at `base` + `path`. Raises `NoAnswer`, with the last of the tries' words. With `absent_ok` a 404 is an
        answer too, without a body; a token that may not see a thing is answered so as well."""
        for left in range(TRIES - 1, -1, -1):
            await self._turn()
            status, headers, body = await self._once(path)
            if status == 200:
                return Reply(headers, _json(body))
            if status == 404 and absent_ok:
                return Reply(headers, None, status)
            wait = _retry_after(headers) if status == 429 else 1.0
            if status not in _AGAIN or not left or wait > LONGEST_WAIT_SECONDS:
                raise NoAnswer(*refused(status, headers, wait, body))
            await self.sleep(wait)
        raise AssertionError("the last try raises")

    async def send(self, method: str, path: str, body: Any = None) -> Reply:
        """Asks for a change, and again only where it was surely not done: too many questions. Raises `NoAnswer`: with a word
        of `NOT_DONE` nothing was done; with any other nobody knows, and a look must tell."""
        for left in range(TRIES - 1, -1, -1):
            await self._turn()
            status, headers, answer = await self._once(
                path, method, None if body is None else json.dumps(body).encode()
            )
            if 200 <= status < 300:
                return Reply(headers, _json(answer) if answer.strip() else None, status)
            wait = _retry_after(headers)
            if status != 429 or not left or wait > LONGEST_WAIT_SECONDS:
                raise NoAnswer(*_unwilling(status, headers, wait, answer))
            await self.sleep(wait)
        raise AssertionError("the last try raises")

    async def form(self, path: str, fields: Mapping[str, str]) -> Reply:
        """Posts a form, once: what is in it may be good for one time only (RFC 6749, 4.1.2). Raises `NoAnswer`."""
        await self._turn()
        status, headers, answer = await self._once(path, "POST", urlencode(fields).encode(), FORM)
        if status == 200:
            return Reply(headers, _json(answer))
        raise NoAnswer(*_unwilling(status, headers, _retry_after(headers), answer))

    async def _turn(self) -> None:
        now = asyncio.get_running_loop().time()
        at = max(now, self._next_at)
        self._next_at = at + self.every_seconds
        self.asked += 1
        if at > now:
            await self.sleep(at - now)

    async def _once(
        self, path: str, method: str = "GET", body: bytes | None = None, kind: str = JSON
    ) -> tuple[int, Mapping[str, str], bytes]:
        url = urlsplit(self.base.rstrip("/") + path)
        try:
            async with asyncio.timeout(self.timeout_seconds):
                return await self._talk(url, method, body, kind)
        except TimeoutError as error:
            raise NoAnswer("timeout", f"{url.hostname}: no answer within {self.timeout_seconds:g} s") from error
        except (h11.LocalProtocolError, UnicodeEncodeError) as error:
            why = "the token holds what no token has (a line break, an accent): it was not sent"
            raise NoAnswer("refused_token", why) from error
        except h11.RemoteProtocolError as error:
            raise NoAnswer("truncated", f"{url.hostname}: the answer broke off or is no HTTP") from error
        except (OSError, EOFError) as error:
            raise NoAnswer("unreachable", f"{url.hostname}: the connection broke off") from error

    async def _talk(
        self, url: SplitResult, method: str, sent: bytes | None, kind: str
    ) -> tuple[int, Mapping[str, str], bytes]:
        async with self.opened(url) as way:
            return await self._exchange(url, way, self._request(url, method, sent, kind), sent)

    @asynccontextmanager
    async def opened(self, url: SplitResult) -> AsyncIterator[Line]:
        """A connection to that host over which the token may go. Raises `NoAnswer`."""
        host = url.hostname or ""
        address = (await self.names.resolve(host))[0]
        if url.scheme != "https":
            async with line(address, url.port or 80, Steps()) as way:
                yield way
            return
        async with tls_line(address, url.port or 443, host, self.trust, Steps()) as way:
            if way.distrust:
                raise NoAnswer("tls", f"{host}: {way.distrust}; the token was not sent")
            yield way

    async def _exchange(
        self, url: SplitResult, opened: Line, request: h11.Request, sent: bytes | None
    ) -> tuple[int, Mapping[str, str], bytes]:
        talk = h11.Connection(our_role=h11.CLIENT)
        opened.writer.write(talk.send(request) or b"")
        if sent:
            opened.writer.write(talk.send(h11.Data(data=sent)) or b"")
        opened.writer.write(talk.send(h11.EndOfMessage()) or b"")
        status, headers, body = 0, dict[str, str](), bytearray()
        while True:
            event = talk.next_event()
            if event is h11.NEED_DATA:
                talk.receive_data(await opened.reader.read(64 << 10))
            elif isinstance(event, h11.Response):
                status = event.status_code
                headers = {name.decode(): value.decode("latin-1") for name, value in event.headers}
            elif isinstance(event, h11.Data):
                body += event.data
                if len(body) > BODY_BYTES:
                    raise NoAnswer("too_long", f"{url.hostname}: an answer of more than {BODY_BYTES >> 20} MiB")
            elif isinstance(event, h11.EndOfMessage):
                return status, headers, bytes(body)
            elif isinstance(event, h11.ConnectionClosed):
                raise NoAnswer("truncated", f"{url.hostname}: the answer broke off")

    def _request(self, url: SplitResult, method: str, sent: bytes | None, kind: str) -> h11.Request:
        headers = {
            "Host": url.netloc.rpartition("@")[2],
            "Accept": "application/json",
            "Connection": "close",
            **self.introduction(),
        }
        if sent is not None or method != "GET":
            headers |= {"Content-Type": kind, "Content-Length": str(len(sent or b""))}
        target = url.path + (f"?{url.query}" if url.query else "")
        return h11.Request(method=method, target=target, headers=list(headers.items()))

    def introduction(self) -> dict[str, str]:
        """Who asks: it holds the token."""
        return {"User-Agent": f"outlive/{outlive.__version__}", **self.headers, **self._login()}

    def _login(self) -> dict[str, str]:
        if self.user:
            pair = b64encode(f"{self.user}:{self.token}".encode()).decode()
            return {"Authorization": f"Basic {pair}"}
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise NoAnswer("unreadable", "the answer is no JSON, or was cut off") from error


def refused(status: int, headers: Mapping[str, str], wait: float, body: bytes) -> tuple[str, str]:
    """The word and the words for an answer that is none. `headers` have lower-case names."""
    if 300 <= status < 400:
        where = urlsplit(headers.get("location", "")).hostname or "elsewhere"
        return "redirect", f"the API redirects to {where}: not followed, because the token would go along"
    if status in (401, 403):
        return "refused_token", f"the API refuses the token (status {status})"
    if status == 429:
        return "rate_limited", f"the API is asked too often: not again for {wait:g} s"
    said = f": {body[:_SAID_BYTES].decode('utf-8', 'replace').strip()}" if status == 400 and body else ""
    return "status", f"the API answered with status {status}{said}"


def _unwilling(status: int, headers: Mapping[str, str], wait: float, body: bytes) -> tuple[str, str]:
    """Of a change. A status of 4xx says that it was not done, save for 408 and 409, which a look must explain."""
    word, why = refused(status, headers, wait, body)
    if 400 <= status < 500 and status not in (401, 403, 408, 409, 429):
        said = body[:_SAID_BYTES].decode("utf-8", "replace").strip()
        return "unwilling", f"the API answered with status {status}: {said}"
    return word, why


def _retry_after(headers: Mapping[str, str]) -> float:
    """Seconds or a date (RFC 9110, 10.2.3); a second where it says neither."""
    said = headers.get("retry-after", "").strip()
    if said.isascii() and said.isdigit():
        return float(said[:9])
    try:
        until = parsedate_to_datetime(said)
        return max(0.0, (until - datetime.now(UTC)).total_seconds()) if until.tzinfo else 1.0
    except ValueError:
        return 1.0

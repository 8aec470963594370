"""What an API sends by itself: the JSON messages of a WebSocket (RFC 6455). The token goes where `api.py` lets it go.

The protocol is the `websockets` library's; the connection is our own, so that names, certificates and time limits are those
of every other question. Who says nothing for `IDLE_SECONDS`, not even to a ping, is gone: a dead connection looks quiet.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from typing import Any
from urllib.parse import urlsplit

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidStatus
from websockets.frames import Frame, Opcode
from websockets.uri import parse_uri

from outlive.transport.api import Api, refused
from outlive.transport.net import Line, NoAnswer

MESSAGE_BYTES = 8 << 20
PING_SECONDS = 15.0
IDLE_SECONDS = 45.0


async def messages(api: Api, path: str, *, idle_seconds: float = IDLE_SECONDS) -> AsyncGenerator[Any, None]:
    """Each message that comes; first None, when the other side has agreed. Ends when the other side ends it, without a
    sound. Raises `NoAnswer`."""
    url = urlsplit(api.base.rstrip("/") + path)
    try:
        async with api.opened(url) as way:
            talk = await _agreed(api, url.geturl(), way)
            yield None
            async with aclosing(_read(talk, way, idle_seconds)) as texts:
                async for text in texts:
                    yield _json(text)
    except (OSError, EOFError) as error:
        raise NoAnswer("unreachable", f"{url.hostname}: the connection broke off") from error


async def _agreed(api: Api, url: str, way: Line) -> ClientProtocol:
    """After the opening handshake."""
    talk = ClientProtocol(parse_uri("ws" + url.removeprefix("http")), max_size=MESSAGE_BYTES)
    request = talk.connect()
    for name, value in api.introduction().items():
        request.headers[name] = value
    talk.send_request(request)
    host = urlsplit(url).hostname
    try:
        async with asyncio.timeout(api.timeout_seconds):
            while talk.handshake_exc is None and talk.state.name == "CONNECTING":
                await _exchange(talk, way)
    except TimeoutError as error:
        raise NoAnswer("timeout", f"{host}: no answer within {api.timeout_seconds:g} s") from error
    if (why := talk.handshake_exc) is not None:
        if isinstance(why, InvalidStatus):
            answer = why.response
            headers = {name.lower(): value for name, value in answer.headers.raw_items()}
            raise NoAnswer(*refused(answer.status_code, headers, 1.0, bytes(answer.body or b"")))
        raise NoAnswer("no_socket", f"{host}: it does not speak WebSocket ({type(why).__name__})")
    return talk


async def _read(talk: ClientProtocol, way: Line, idle_seconds: float) -> AsyncGenerator[bytes, None]:
    """Whole text messages."""
    parts: list[bytes] = []
    silent = 0.0
    for text in _whole(talk, parts):
        yield text
    while talk.state.name == "OPEN":
        wait = min(PING_SECONDS, idle_seconds / 3)
        try:
            async with asyncio.timeout(wait):
                await _exchange(talk, way)
            silent = 0.0
        except TimeoutError:
            silent += wait
            if silent >= idle_seconds:
                raise NoAnswer(
                    "timeout", f"nothing was heard for {idle_seconds:g} s, not even an answer to a ping"
                ) from None
            talk.send_ping(b"outlive")
            _send(talk, way)
        for text in _whole(talk, parts):
            yield text
    if isinstance(talk.close_exc, Exception) and talk.close_code not in (None, 1000, 1001, 1005, 1006):
        raise NoAnswer("closed", f"the other side ended it with code {talk.close_code}")


async def _exchange(talk: ClientProtocol, way: Line) -> None:
    """Sends what is to be sent, and takes in what comes next."""
    _send(talk, way)
    if data := await way.reader.read(64 << 10):
        talk.receive_data(data)
    else:
        talk.receive_eof()
    _send(talk, way)


def _send(talk: ClientProtocol, way: Line) -> None:
    for data in talk.data_to_send():
        if data:
            way.writer.write(data)


def _whole(talk: ClientProtocol, parts: list[bytes]) -> Iterator[bytes]:
    """Frames to messages: a message may come in several. `parts`: those of one that is not whole yet."""
    for frame in talk.events_received():
        if not isinstance(frame, Frame) or frame.opcode not in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
            continue
        parts.append(bytes(frame.data))
        if frame.fin:
            text = b"".join(parts)
            parts.clear()
            yield text


def _json(text: bytes) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise NoAnswer("unreadable", "a message is no JSON, or was cut off") from error

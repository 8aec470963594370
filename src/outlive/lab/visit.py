"""A visitor's look at one address under a certain name, whatever DNS says."""

from __future__ import annotations

import http.client
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Page:
    """What came back: `status` 0 and an `error` when nothing did. `leaf` is the certificate (DER) that was shown."""

    status: int = 0
    body: str = ""
    error: str = ""
    leaf: bytes = b""


def visit(address: str, name: str, path: str, authority: Path, timeout_seconds: float = 3) -> Page:
    """The page over TLS, verified for `name` against that certificate authority."""
    context = ssl.create_default_context(cafile=str(authority))
    leaf = b""
    try:
        with (
            socket.create_connection((address, 443), timeout=timeout_seconds) as plain,
            context.wrap_socket(plain, server_hostname=name) as channel,
        ):
            leaf = channel.getpeercert(binary_form=True) or b""
            connection = http.client.HTTPConnection(name)
            connection.sock = channel
            connection.request("GET", path)
            answer = connection.getresponse()
            return Page(answer.status, answer.read().decode(errors="replace"), leaf=leaf)
    except (OSError, http.client.HTTPException) as problem:
        return Page(error=f"{type(problem).__name__}: {problem}", leaf=leaf)

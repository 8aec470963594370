"""A real BIND in a container: primary of `example.test`, which takes updates with one TSIG key and no others."""

from __future__ import annotations

import base64
import secrets
from typing import Self

import dns.message
import dns.query

from outlive.lab.ground.docker import DockerEngine
from outlive.lab.ground.images import build, debian
from outlive.lab.ground.server import Server
from tests.world.images import RECIPES

ZONE = "example.test"
KEY = "outlive-update"
CONFIG = f"""
key "{KEY}" {{ algorithm hmac-sha256; secret "%s"; }};
options {{ directory "/var/cache/bind"; recursion no; listen-on-v6 {{ none; }}; dnssec-validation no; }};
zone "{ZONE}" {{ type primary; file "/var/cache/bind/zone"; allow-update {{ key "{KEY}"; }}; }};
"""
RECORDS = f"""$ORIGIN {ZONE}.
$TTL 300
@ IN SOA ns1 hostmaster 1 60 60 3600 90
@ IN NS ns1
ns1 IN A 127.0.0.1
shop IN A 203.0.113.9
shop IN AAAA 2001:db8::9
www IN CNAME shop
"""
SERVE = "until [ -e /tmp/go ]; do sleep 0.05; done; chown -R bind: /var/cache/bind; exec named -g -u bind"


class Bind(Server):
    """At port 53 of `address`. `secret` is the key's, base64."""

    def __init__(self, engine: DockerEngine) -> None:
        self._engine = engine
        self._container = ""
        self.secret = base64.b64encode(secrets.token_bytes(32)).decode()
        self.address = ""

    def start(self) -> Self:
        debian(self._engine)
        self._container = self._engine.run(build(self._engine, RECIPES / "bind"), "sh", "-c", SERVE)
        for path, text in (("/etc/bind/named.conf", CONFIG % self.secret), ("/var/cache/bind/zone", RECORDS)):
            self._engine.exec(self._container, "sh", "-c", f"cat > {path}", input=text.encode())
        self._engine.exec(self._container, "touch", "/tmp/go")
        self._engine.wait_for_log(self._container, "all zones loaded")
        self.address = self._engine.address(self._container)
        return self

    def serial(self) -> int:
        """Of the zone: it counts the changes that were done."""
        answer = dns.query.tcp(dns.message.make_query(ZONE, "SOA"), self.address, timeout=10)
        return int(answer.answer[0][0].serial)

    def close(self) -> None:
        if self._container:
            self._engine.remove(self._container)
            self._container = ""

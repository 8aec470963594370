"""An authoritative DNS server on the loopback, which is also the resolver of the tests: real messages over UDP and TCP."""

from __future__ import annotations

import secrets
import socketserver
import struct
import threading
from typing import Self

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

from outlive.lab.ground.server import Server
from tests.world.need import Missing

TTL = 60


class NameServer(Server):
    """Answers for the zone from `records` (by name and type, without the final dot), which can be changed at any time.
    With `mute` it hears and says nothing, with `refuses` it refuses everybody. It listens at port 53 of a loopback address
    of its own (root), because authorities are asked at no other port."""

    def __init__(self, zone: str = "example.test") -> None:
        self.zone = zone
        self.address = address = (
            f"127.{secrets.randbelow(200) + 20}.{secrets.randbelow(256)}.{secrets.randbelow(254) + 1}"
        )
        self.mute = self.refuses = self.truncates = False
        self.asked: list[tuple[str, str]] = []
        self.records: dict[tuple[str, str], list[str]] = {
            (zone, "SOA"): [f"ns1.{zone}. admin.{zone}. 1 60 60 60 60"],
            (zone, "NS"): [f"ns1.{zone}."],
            (f"ns1.{zone}", "A"): [address],
        }

    def start(self) -> Self:
        outer = self

        class Udp(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                data, sock = self.request
                if (answer := outer.answer(data, over_tcp=False)) is not None:
                    sock.sendto(answer, self.client_address)

        class Tcp(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                (length,) = struct.unpack(">H", self.request.recv(2))
                if (answer := outer.answer(self.request.recv(length), over_tcp=True)) is not None:
                    self.request.sendall(struct.pack(">H", len(answer)) + answer)

        socketserver.ThreadingTCPServer.allow_reuse_address = True
        try:
            self._servers = [
                socketserver.ThreadingUDPServer((self.address, 53), Udp),
                socketserver.ThreadingTCPServer((self.address, 53), Tcp),
            ]
        except PermissionError as error:
            raise Missing("only root may listen at port 53") from error
        for server in self._servers:
            server.daemon_threads = True
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def close(self) -> None:
        for server in getattr(self, "_servers", ()):
            server.shutdown()
            server.server_close()

    def answer(self, data: bytes, *, over_tcp: bool) -> bytes | None:
        question = dns.message.from_wire(data)
        asked = question.question[0]
        name, kind = asked.name.to_text(omit_final_dot=True).lower(), dns.rdatatype.to_text(asked.rdtype)
        self.asked.append((name, kind))
        if self.mute:
            return None
        answer = dns.message.make_response(question)
        answer.flags |= dns.flags.AA | dns.flags.RA
        if self.refuses:
            answer.set_rcode(dns.rcode.REFUSED)
        elif self.truncates and not over_tcp:
            answer.flags |= dns.flags.TC
        else:
            self._fill(answer, name, kind)
        return answer.to_wire()

    def _fill(self, answer: dns.message.Message, name: str, kind: str) -> None:
        if not any(known == name for known, _ in self.records) or not name.endswith(self.zone):
            answer.set_rcode(dns.rcode.NXDOMAIN)
            return
        found = kind
        if (name, kind) not in self.records and (name, "CNAME") in self.records:
            found = "CNAME"
        texts = self.records.get((name, found), [])
        if texts:
            answer.answer.append(dns.rrset.from_text(f"{name}.", TTL, "IN", found, *texts))
        if found == "CNAME" and kind != "CNAME":
            self._fill(answer, texts[0].rstrip("."), kind)
            answer.set_rcode(dns.rcode.NOERROR)

"""Every witness through the same suite: somebody answers, nobody is there, somebody never answers. Real servers."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from outlive.clock import SystemClock
from outlive.commands.docker_look import ContainerState, Seat
from outlive.errors import ConfigError
from outlive.lab.ground.process import free_port
from outlive.model.check import Check
from outlive.model.host import Host
from outlive.model.journal import Journal
from outlive.model.log_file import LogFile
from outlive.providers.base import Provider
from outlive.providers.static import Static
from outlive.testing.witnesses import WITNESS_CONTRACT, Case, Promise, it_reports_what_it_sees
from outlive.transport.api import Api
from outlive.transport.dns import Names
from outlive.transport.inside import InsideHere, InsidePeer
from outlive.transport.net import trust
from outlive.transport.postgres import DsnWay
from outlive.transport.postgres_identity import identify
from outlive.transport.ssh_peer import SshPeer
from outlive.witnesses.base import Witness
from outlive.witnesses.capacity import CapacityWitness
from outlive.witnesses.dns import DnsWitness
from outlive.witnesses.docker import DockerWitness
from outlive.witnesses.domain import DomainWitness
from outlive.witnesses.host_logs import HostLogWitness
from outlive.witnesses.http import HttpWitness
from outlive.witnesses.inside import LocalWitness
from outlive.witnesses.journal import JournalWitness
from outlive.witnesses.logs import LogWitness
from outlive.witnesses.loki import LokiWitness
from outlive.witnesses.postgres_identity import PostgresWitness
from outlive.witnesses.provider import Claim, ProviderWitness
from outlive.witnesses.ssh_identity import SshWitness
from outlive.witnesses.tcp import TcpWitness
from outlive.witnesses.tls import TlsWitness
from outlive.witnesses.tofu_plan import TofuPlanWitness
from outlive.witnesses.tofu_state import TofuStateWitness
from tests.world.cloud import Cloud, server
from tests.world.docker import DockerEngine
from tests.world.images import busybox
from tests.world.journal import JournalFolder, Line, writer
from tests.world.loki import QUERY, Loki
from tests.world.names import NameServer
from tests.world.need import need
from tests.world.sshd import SshServer, client_config
from tests.world.web import Authority, Page, WebServer

pytestmark = pytest.mark.slow
CLOCK = SystemClock()
NAME = "shop.example.test"
NOBODY = Names(["127.0.0.1"], 1.0)


@pytest.fixture(scope="module")
def mute() -> Iterator[int]:
    """A port that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        yield listener.getsockname()[1]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def web(authority: Authority) -> Iterator[WebServer]:
    with WebServer(authority.issue(NAME)) as server:
        server.pages["/domain/example.test"] = Page(
            body=json.dumps({"events": [{"eventAction": "expiration", "eventDate": "2027-08-13T04:00:00Z"}]}).encode()
        )
        yield server


@pytest.fixture
def http(web: WebServer, authority: Authority, mute: int) -> Case:
    def make(port: int) -> Witness:
        check = Check(url=f"https://{NAME}:{port}/", timeout_seconds=1)
        return HttpWitness(check, NOBODY, trust(authority.path), CLOCK, "127.0.0.1")

    return Case("http.response", lambda: make(web.port), lambda: make(free_port()), lambda: make(mute), 5)


@pytest.fixture
def tls(web: WebServer, authority: Authority, mute: int) -> Case:
    def make(port: int) -> Witness:
        return TlsWitness(NAME, "127.0.0.1", port, trust(authority.path), CLOCK, 1)

    return Case("tls.leaf", lambda: make(web.port), lambda: make(free_port()), lambda: make(mute), 5)


@pytest.fixture
def tcp(web: WebServer) -> Case:
    """What takes connections is what it looks for: there, nobody is mute."""
    return Case(
        "tcp.connect",
        lambda: TcpWitness("127.0.0.1", web.port, CLOCK, 1),
        lambda: TcpWitness("127.0.0.1", free_port(), CLOCK, 1),
    )


@pytest.fixture
def dns() -> Iterator[Case]:
    server, mute_one = need("dns", NameServer().start), need("dns", NameServer().start)
    server.records[NAME, "A"] = ["203.0.113.9"]
    mute_one.mute = True

    def make(address: str) -> Witness:
        return DnsWitness(NAME, Names([address], 1.0), CLOCK)

    yield Case("dns.addresses", lambda: make(server.address), lambda: make("127.0.0.1"), lambda: make(mute_one.address))
    server.close()
    mute_one.close()


@pytest.fixture
def domain(web: WebServer, authority: Authority) -> Iterator[Case]:
    """RDAP by the web server; whois is not reachable anywhere here, which is said."""
    server = need("dns", NameServer().start)
    server.records[NAME, "A"] = ["127.0.0.1"]

    def make(port: int) -> Witness:
        names = Names([server.address], 1.0)
        return DomainWitness("example.test", names, trust(authority.path), CLOCK, f"https://{NAME}:{port}")

    yield Case("dns.domain", lambda: make(web.port), lambda: make(free_port()))
    server.close()


@pytest.fixture
def ssh(ssh_server: SshServer, mute: int, tmp_path: Path) -> Case:
    def make(port: int) -> Witness:
        config = tmp_path / f"config-{port}"
        identity, known = ssh_server.identity, tmp_path / "known"
        config.write_text(client_config("web-1", "127.0.0.1", port, ssh_server.user, identity, known))
        host = Host(name="web-1", address="ssh://web-1", ssh_config=str(config))
        return SshWitness(SshPeer(host, "127.0.0.1", tmp_path, port=port), CLOCK, lambda place, token: None, (), 4)

    alive, dead = lambda: make(ssh_server.port), lambda: make(free_port())
    return Case("ssh.host_key", alive, dead, lambda: make(mute), 20)


def inside_of(ssh_server: SshServer, port: int, folder: Path) -> InsidePeer:
    """This machine over SSH, as far as somebody answers at the port."""
    config = folder / f"config-{port}"
    config.write_text(client_config("web-1", "127.0.0.1", port, ssh_server.user, ssh_server.identity, folder / "known"))
    host = Host(name="web-1", address="ssh://web-1", ssh_config=str(config))
    return InsidePeer(SshPeer(host, "127.0.0.1", folder, port=port), CLOCK)


@pytest.fixture
def capacity(ssh_server: SshServer, mute: int, tmp_path: Path) -> Case:
    def make(port: int) -> Witness:
        return CapacityWitness("127.0.0.1", inside_of(ssh_server, port, tmp_path), CLOCK, 4)

    alive, dead = lambda: make(ssh_server.port), lambda: make(free_port())
    return Case("host.memory", alive, dead, lambda: make(mute), 20)


@pytest.fixture
def docker(ssh_server: SshServer, docker_host: DockerEngine, mute: int, tmp_path: Path) -> Case:
    docker_host.run(busybox(docker_host), "sleep", "600")

    def make(port: int) -> Witness:
        return DockerWitness("127.0.0.1", inside_of(ssh_server, port, tmp_path), CLOCK, 10)

    alive, dead = lambda: make(ssh_server.port), lambda: make(free_port())
    return Case("container", alive, dead, lambda: make(mute), 40)


@pytest.fixture
def log_files(ssh_server: SshServer, tmp_path: Path) -> Case:
    path = tmp_path / "error.log"
    path.write_text("hello\n")

    def make(port: int) -> Witness:
        inside = inside_of(ssh_server, port, tmp_path)
        return HostLogWitness("127.0.0.1", inside, CLOCK, [LogFile(path=str(path))], b"k", timeout_seconds=4)

    return Case("log.seen", lambda: make(ssh_server.port), lambda: make(free_port()))


@pytest.fixture
def journal(ssh_server: SshServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Case:
    """Of this machine, in a folder; nobody is there over SSH."""
    need("journal", writer)
    there = JournalFolder.make(tmp_path)
    there.write(Line(CLOCK.now(), (b"Server listening on 0.0.0.0 port 22.",)))
    monkeypatch.setenv("PATH", f"{there.programs}:{os.environ['PATH']}")
    dead = inside_of(ssh_server, free_port(), tmp_path)
    return Case(
        "log.seen",
        lambda: JournalWitness("127.0.0.1", InsideHere(), CLOCK, [Journal()], b"k"),
        lambda: JournalWitness("127.0.0.1", dead, CLOCK, [Journal()], b"k"),
    )


@pytest.fixture
def logs(ssh_server: SshServer, mute: int, tmp_path: Path) -> Case:
    path = tmp_path / "app-json.log"
    path.write_text('{"log": "hello", "stream": "stdout", "time": "2026-03-14T11:00:00Z"}\n')
    app = ContainerState(
        Seat("app"), "c1", "", True, 0, None, False, "none", 0, log_path=str(path), log_driver="json-file"
    )

    def make(port: int) -> Witness:
        return LogWitness(
            "127.0.0.1", inside_of(ssh_server, port, tmp_path), CLOCK, lambda: [app], b"k", timeout_seconds=4
        )

    alive, dead = lambda: make(ssh_server.port), lambda: make(free_port())
    return Case("log.seen", alive, dead, lambda: make(mute), 20)


@pytest.fixture
def local(monkeypatch: pytest.MonkeyPatch) -> Case:
    """This machine is never away; a shell that is not there stands for it."""

    def make(path: str) -> Witness:
        monkeypatch.setenv("PATH", path)
        return LocalWitness("here", CLOCK, lambda place, token: None)

    return Case("guest.machine_id", lambda: make(os.environ["PATH"]), lambda: make("/nowhere"))


@pytest.fixture
def postgres_identity(request: pytest.FixtureRequest) -> Iterator[Case]:
    """How long a mute server is waited for is the way's own affair (tests/transport/test_postgres.py)."""
    server = request.getfixturevalue("postgres")
    executor = ThreadPoolExecutor(2)

    def make(dsn: str) -> Witness:
        return PostgresWitness("web-1", "app-db", lambda: identify(DsnWay(dsn)), executor, CLOCK)

    def at(port: int) -> Witness:
        return make(f"host=127.0.0.1 port={port} user=x dbname=x connect_timeout=2")

    yield Case("pg.system_identifier", lambda: make(server.dsn()), lambda: at(free_port()))
    executor.shutdown(wait=True)


@pytest.fixture
def tofu(tmp_path: Path) -> Case:
    path = tmp_path / "terraform.tfstate"
    attributes = {"id": "811287", "ipv4_address": "203.0.113.9"}
    server = {"mode": "managed", "type": "server", "name": "web", "instances": [{"attributes": attributes}]}
    path.write_text(json.dumps({"version": 4, "resources": [server]}))
    return Case(
        "tofu.state",
        lambda: TofuStateWitness("web-1", path, None, CLOCK),
        lambda: TofuStateWitness("web-1", tmp_path / "none", None, CLOCK),
    )


@pytest.fixture
def provider(mute: int) -> Iterator[Case]:
    """The lab's, in this process; nobody at the port; one that takes the connection and says nothing."""
    with Cloud() as cloud:
        cloud.servers(server(811287, "web-1", "203.0.113.9"))
        claims = {"web-1": Claim(frozenset({"811287"}))}

        def make(port: int) -> Witness:
            def opened() -> Provider:
                client = cloud.client(timeout_seconds=0.5)
                client.api.base = f"http://127.0.0.1:{port}/v1"
                return client

            return ProviderWitness("cherry", opened, lambda: claims, CLOCK)

        yield Case("provider.server", lambda: make(cloud.port), lambda: make(free_port()), lambda: make(mute), 5)


@pytest.fixture
def loki(mute: int) -> Iterator[Case]:
    """A strict one in this process."""
    with Loki() as store:
        store.write(time.time_ns() - 10**9, "listening")

        def make(url: str) -> Witness:
            def opened() -> Api:
                api = store.api()
                api.base, api.timeout_seconds = url, 0.5
                return api

            return LokiWitness("grafana", "web-1", QUERY, opened, CLOCK, b"k" * 32)

        at = "http://127.0.0.1"
        yield Case(
            "log.seen", lambda: make(store.url), lambda: make(f"{at}:{free_port()}"), lambda: make(f"{at}:{mute}"), 5
        )


@pytest.fixture
def provider_without_token() -> Case:
    """A provider's file; and a token that is not to be had."""

    def none() -> Provider:
        raise ConfigError("The environment variable TOKEN is not set, or empty.")

    def read() -> Provider:
        return Static(Path(__file__).parents[1] / "recorded" / "providers" / "static.toml")

    return Case(
        "provider.server",
        lambda: ProviderWitness("file", read, dict, CLOCK),
        lambda: ProviderWitness("file", none, dict, CLOCK),
    )


@pytest.fixture
def tofu_plan(tmp_path: Path) -> Case:
    """A program that plays what OpenTofu said; and none at all."""
    document = Path(__file__).parents[1] / "recorded" / "tofu" / "address-moved-refresh-only.json"
    program = tmp_path / "tofu"
    program.write_text(f'#!/bin/sh\ncase "$2" in plan) exit 2;; show) cat {document};; esac\n')
    program.chmod(0o700)
    return Case(
        "tofu.plan",
        lambda: TofuPlanWitness("infra", tmp_path, str(program), None, CLOCK),
        lambda: TofuPlanWitness("infra", tmp_path, "/nowhere/tofu", None, CLOCK),
    )


KINDS = [
    "http",
    "tls",
    "tcp",
    "dns",
    "domain",
    "ssh",
    "capacity",
    "logs",
    "log_files",
    "journal",
    "loki",
    "local",
    "tofu",
    "provider",
    "provider_without_token",
    "tofu_plan",
]
KINDS_MARKED = [
    *KINDS,
    pytest.param("postgres_identity", marks=pytest.mark.postgres),
    pytest.param("docker", marks=pytest.mark.docker),
]


@pytest.mark.parametrize("promise", WITNESS_CONTRACT, ids=lambda promise: promise.__name__)
@pytest.mark.parametrize("kind", KINDS_MARKED)
def test_it_keeps_the_contract(kind: str, promise: Promise, request: pytest.FixtureRequest) -> None:
    case: Case = request.getfixturevalue(kind)
    promise(case)


def test_a_witness_that_calls_silence_well_is_found_out() -> None:
    """The suite itself can fail."""
    made: Callable[[], Witness] = lambda: TcpWitness("127.0.0.1", free_port(), CLOCK, 1)  # noqa: E731
    liar = Case("tcp.connect", made, made)
    with pytest.raises(AssertionError, match="broken promise: it reports"):
        it_reports_what_it_sees(liar)

"""Fixtures that bring up the test world. What this machine cannot have is skipped with its reason (see tests/world)."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import FrameType
from typing import Any, TypeVar

import hypothesis
import pytest

from outlive.clock import SystemClock
from outlive.lab.breaks.table import heal
from outlive.lab.down import down
from outlive.lab.ground.cache import cache_root
from outlive.lab.ground.server import Server
from outlive.lab.up import up
from outlive.lab.world import Lab
from tests.lab.leftovers import leftovers
from tests.world import ledger
from tests.world.bind import Bind
from tests.world.disk import small_disk
from tests.world.docker import DockerEngine
from tests.world.flaky_http import FlakyProxy
from tests.world.machine import Machine
from tests.world.need import need
from tests.world.postgres import PostgresServer
from tests.world.postgres_container import PostgresContainer
from tests.world.postgres_trees import MAJORS
from tests.world.s3 import CephGateway, Rclone, Swift
from tests.world.sshd import SshServer

MARKERS = {
    "docker": "uses a Docker engine",
    "s3": "uses a real S3 server",
    "postgres": "uses a real Postgres server",
    "slow": "a second or more, with the others of its file",
}
SLOW_TO_COME_UP = ("whole_lab", "vm", "rgw", "swift_s3")
AnyServer = TypeVar("AnyServer", bound=Server)


def pytest_configure(config: pytest.Config) -> None:
    for name, meaning in MARKERS.items():
        config.addinivalue_line("markers", f"{name}: {meaning}")
    hypothesis.settings.register_profile("outlive", deadline=None)  # no test may depend on being fast
    hypothesis.settings.register_profile("quick", deadline=None, max_examples=20)  # `make unit`; `make test` tries more
    hypothesis.settings.load_profile(config.getoption("--hypothesis-profile") or "outlive")
    # A CI job is cancelled with SIGTERM: as after Ctrl-C, fixtures then end what they started.
    signal.signal(signal.SIGTERM, _interrupt)
    # Ignored in a shell's background and below nohup, and our children would inherit that:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, lambda *_: None)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where several tests run at a time, those of a file stay together, and those that share a server that is slow to start.
    The groups that take long begin first, so that nobody waits for the last of them alone."""
    long: set[str] = set()
    for item in items:
        item.add_marker(pytest.mark.xdist_group(_group(item)))
        if item.get_closest_marker("slow"):
            long.add(_group(item))
    items.sort(key=lambda item: (_group(item) != SLOW_TO_COME_UP[0], _group(item) not in long))


def _group(item: pytest.Item) -> str:
    names = getattr(item, "fixturenames", ())
    return next((shared for shared in SLOW_TO_COME_UP if shared in names), item.nodeid.partition("::")[0])


def pytest_sessionstart() -> None:
    ledger.sweep()


def lend(name: str, server: AnyServer) -> Iterator[AnyServer]:
    """The running server for as long as the fixture lives, closed also when its start was interrupted."""
    try:
        yield need(name, server.start)
    finally:
        server.close()


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """Postgres 17, shared by the session: make your own database in it."""
    yield from lend("postgres", PostgresServer(17))


@pytest.fixture(scope="session", params=MAJORS, ids=lambda major: f"pg{major}")
def postgres_any(request: pytest.FixtureRequest) -> Iterator[PostgresServer]:
    """Each major from 14 to 18 in turn, shared by the session."""
    yield from lend("postgres", PostgresServer(request.param))


@pytest.fixture
def new_postgres() -> Iterator[Callable[..., PostgresServer]]:
    """Makes servers of your own: `server = new_postgres(16, tablespaces=True)`. They end with the test."""
    with ExitStack() as stack:

        def make(*arguments: Any, **settings: Any) -> PostgresServer:
            return need("postgres", lambda: stack.enter_context(PostgresServer(*arguments, **settings)))

        yield make


@pytest.fixture(scope="session")
def ssh_server() -> Iterator[SshServer]:
    """A real sshd on the loopback, shared: do not rekey or stop it; make your own SshServer() for that."""
    yield from lend("sshd", SshServer())


@pytest.fixture
def tiny_disk() -> Iterator[Path]:
    """A mounted file system of 16 MiB."""
    with ExitStack() as stack:
        yield need("disk", lambda: stack.enter_context(small_disk(16)))


@pytest.fixture(scope="session")
def docker_host() -> Iterator[DockerEngine]:
    """This machine's Docker engine, started for the session if none runs."""
    yield from lend("docker", DockerEngine())


@pytest.fixture
def postgres_container(docker_host: DockerEngine) -> Iterator[Callable[..., PostgresContainer]]:
    """Makes containers of your own, ended with the test: `postgres_container(16)`, `postgres_container(alpine=True)`."""
    with ExitStack() as stack:

        def make(*arguments: Any, **settings: Any) -> PostgresContainer:
            container = PostgresContainer(docker_host, *arguments, **settings)
            return need("docker", lambda: stack.enter_context(container))

        yield make


@pytest.fixture(scope="session")
def vm(docker_host: DockerEngine) -> Iterator[Machine]:
    """A server reached by SSH with a compose stack on it, shared: look at it and copy from it, do not change it."""
    yield from lend("docker", Machine(docker_host))


@pytest.fixture
def new_vm(docker_host: DockerEngine) -> Iterator[Callable[..., Machine]]:
    """Makes servers of your own, to be broken and ended with the test: `new_vm()`, `new_vm(name="web-2", stack=False)`."""
    with ExitStack() as stack:

        def make(**settings: Any) -> Machine:
            return need("docker", lambda: stack.enter_context(Machine(docker_host, **settings)))

        yield make


@pytest.fixture(scope="session")
def rgw(docker_host: DockerEngine) -> Iterator[CephGateway]:
    """Ceph's S3 gateway: it answers as AWS does."""
    yield from lend("s3", CephGateway(docker_host))


@pytest.fixture(scope="session")
def swift_s3(docker_host: DockerEngine) -> Iterator[Swift]:
    """Swift's S3 interface: it refuses conditional writes (501)."""
    yield from lend("s3", Swift(docker_host))


@pytest.fixture(scope="session")
def rclone_s3() -> Iterator[Rclone]:
    """rclone's S3 server: it ignores conditions and overwrites."""
    yield from lend("s3", Rclone())


@pytest.fixture
def flaky_rgw(rgw: CephGateway) -> Iterator[FlakyProxy]:
    """A proxy before `rgw` that breaks requests as it is told (see tests/world/flaky_http.py)."""
    with FlakyProxy(rgw.endpoint) as proxy:
        yield proxy


@pytest.fixture
def flaky_rclone(rclone_s3: Rclone) -> Iterator[FlakyProxy]:
    """The same before `rclone_s3`, which is up in a moment."""
    with FlakyProxy(rclone_s3.endpoint) as proxy:
        yield proxy


@pytest.fixture(scope="session")
def whole_lab(docker_host: DockerEngine) -> Iterator[Lab]:
    """The lab, up for the session. Tests take `lab`."""
    folder = cache_root() / "run" / f"lab-{os.getpid()}"
    ledger.note("ledger", folder / "ledger")
    try:
        yield need("docker", lambda: up(folder, SystemClock(), lambda step: None))
    finally:
        if folder.exists():
            down(folder)
            assert leftovers(docker_host, folder) == []
        ledger.strike("ledger", folder / "ledger")


@pytest.fixture
def lab(whole_lab: Lab) -> Iterator[Lab]:
    """The lab, to be broken; what is still broken at the end of the test is healed."""
    yield whole_lab
    while whole_lab.record.broken:
        heal(whole_lab)


@pytest.fixture(scope="session")
def bind(docker_host: DockerEngine) -> Iterator[Bind]:
    """A real BIND that takes updates."""
    yield from lend("docker", Bind(docker_host))

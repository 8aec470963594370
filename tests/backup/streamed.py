"""A real server whose log is streamed into a vault while somebody writes, and brought back from the vault alone."""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import psycopg

from outlive.backup.copies import catalog
from outlive.backup.log.ship import Shipped, Shipper, ShipPolicy
from outlive.backup.log.wal_fetch import by_segment, list_log, segment
from outlive.backup.log.windows import Reached, Window
from outlive.backup.restore.cluster import Cluster
from outlive.backup.restore.programs import LocalPrograms
from outlive.backup.restore.recover_to import windows
from outlive.backup.restore.replay import Replay, replayed
from outlive.backup.restore.restore_postgres import point_tablespaces, restore_postgres
from outlive.backup.streams.seal import SealPolicy
from outlive.backup.take import take
from outlive.clock import Clock, SystemClock
from outlive.commands.wal import segment_start
from outlive.lab.ground.process import wait_until
from outlive.model.asset import PostgresAsset
from outlive.model.copy import Copy
from outlive.sources.postgres import PostgresSource
from outlive.sources.wal import open_stream
from outlive.sources.wal_words import setting_bytes
from outlive.transport.local import LocalShell
from outlive.transport.postgres import DsnWay, Way
from outlive.vault.base import Vault
from tests.backup.made import KEY, RECOVERY
from tests.world.postgres import PostgresServer

ASSET = PostgresAsset(name="db")
RECIPIENTS = (KEY.to_public(), RECOVERY.to_public())
SLOT = "outlive_db"


@dataclass
class Shipping:
    """A shipper in a thread of its own. `errors` is how it ended; `told` what it said."""

    way: Way
    vault: Vault
    policy: ShipPolicy
    over_gap: bool = False
    told: list[Shipped] = field(default_factory=list)
    errors: list[BaseException] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    def start(self) -> Shipping:
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()
        return self

    def _run(self) -> None:
        try:
            with open_stream(self.way, SLOT) as stream:
                shipper = Shipper("db", stream, self.vault, self.policy, SystemClock(), self.told.append)
                shipper.run(self.stop, over_gap=self.over_gap)
        except BaseException as error:  # noqa: BLE001
            self.errors.append(error)

    @property
    def until(self) -> datetime | None:
        return self.told[-1].until if self.told else None

    @property
    def position(self) -> int:
        return self.told[-1].position if self.told else 0

    def await_until(self, moment: datetime, seconds: float = 30) -> None:
        """Until everything before that moment is in the vault."""
        wait_until(
            lambda: self.errors or (self.until is not None and self.until >= moment), "the log to be shipped", seconds
        )
        self.raise_errors()

    def await_error(self, seconds: float = 30) -> BaseException:
        wait_until(lambda: bool(self.errors), "the shipper to end", seconds)
        return self.errors[0]

    def raise_errors(self) -> None:
        if self.errors:
            raise self.errors[0]

    def end(self) -> None:
        self.stop.set()
        self.thread.join(60)
        assert not self.thread.is_alive()
        self.raise_errors()


@contextmanager
def shipping(server: PostgresServer, vault: Vault, every: float = 0.3, **settings: object) -> Iterator[Shipping]:
    """Ships while the body runs, then what has come. What ended it before is raised."""
    policy = ShipPolicy(RECIPIENTS, every_seconds=every)
    one = Shipping(DsnWay(server.dsn()), vault, policy, **settings).start()  # type: ignore[arg-type]
    wait_until(lambda: bool(one.told or one.errors), "the shipper to begin")
    try:
        yield one
    finally:
        one.stop.set()
        one.thread.join(60)
    one.raise_errors()


def take_base(server: PostgresServer, vault: Vault, state: Path, clock: Clock | None = None) -> None:
    clock = clock or SystemClock()
    source = PostgresSource(ASSET, DsnWay(server.dsn()), clock, remote=False)
    take(ASSET, source, vault, SealPolicy(RECIPIENTS), state=state, clock=clock)


def copies(vault: Vault) -> list[Copy]:
    return catalog.copies(vault, "db")


def newest_window(vault: Vault) -> Window:
    return max(windows(vault, copies(vault)), key=lambda one: (one.since, one.timeline))


def now() -> datetime:
    return datetime.now(UTC)


class Writer:
    """Commits one row after the other and notes when each was acknowledged."""

    def __init__(self, server: PostgresServer, pause: float = 0.002) -> None:
        server.sql("create table if not exists written(n bigint primary key, at timestamptz default clock_timestamp())")
        self._server = server
        self._pause = pause
        self.acknowledged: list[tuple[int, datetime]] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Writer:
        self._next = int(self._server.sql("select coalesce(max(n), 0) + 1 from written"))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(20)

    def await_rows(self, count: int) -> None:
        wait_until(lambda: len(self.acknowledged) >= count, f"{count} rows to be written")

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                with psycopg.connect(self._server.dsn(), autocommit=True, connect_timeout=5) as connection:
                    while not self._stop.wait(self._pause):
                        connection.execute("insert into written(n) values (%s)", (self._next,))
                        self.acknowledged.append((self._next, now()))
                        self._next += 1
            except psycopg.Error:
                self._next += 1  # it may have been committed: nobody knows
                time.sleep(0.05)

    def before(self, moment: datetime) -> set[int]:
        return {n for n, at in self.acknowledged if at < moment}


@contextmanager
def brought_back(
    vault: Vault, server: PostgresServer, at: datetime | None = None, window: Window | None = None, **settings: object
) -> Iterator[tuple[Cluster, Reached]]:
    """A running server made from the vault alone."""
    window = window or newest_window(vault)
    manifest = next(copy.manifest for copy in copies(vault) if copy.id == window.base.copy)
    folder = Path(tempfile.mkdtemp(prefix="ow-b-"))
    folder.chmod(0o755)
    try:
        layout = restore_postgres(vault, manifest, [KEY], LocalShell(), str(folder / "data"))
        point_tablespaces(LocalShell(), layout)
        prepare: Callable[[Path], None] = settings.pop("prepare", lambda data: None)  # type: ignore[assignment]
        prepare(folder / "data")
        programs = LocalPrograms(server.bin("postgres").parent)
        replay = Replay(vault, manifest, window, [KEY], folder / "data", at)
        with replayed(replay, programs, server.superuser) as found:
            yield found
        assert not (folder / "data" / "postmaster.pid").exists()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def ask(cluster: Cluster, query: str) -> list[tuple[object, ...]]:
    with cluster.door().connect("postgres") as connection:
        return connection.execute(query.encode()).fetchall()


def rows(cluster: Cluster) -> set[int]:
    return {int(str(row[0])) for row in ask(cluster, "select n from written")}


def wal_keys(vault: Vault) -> Sequence[str]:
    return [info.key.rpartition("/")[2] for info in vault.walk("wal/")]


def log_in_vault(vault: Vault, server: PostgresServer) -> dict[str, bytes]:
    """Every segment that the vault has log of, from the beginning to where it ends, opened and checked."""
    system = int(server.system_identifier)
    size = setting_bytes(server.sql("show wal_segment_size"))
    log = list_log(vault, "db", f"pg-{system}", size)[-1]
    pieces = [one for one in log.stretches if one.end > one.start]
    found = {}
    for name, own in by_segment(pieces, size).items():
        length = max(one.end for one in own) - segment_start(name, size)[1]
        found[name] = segment(vault, own, size, system, [KEY])[:length]
    return found


def assert_same_log(vault: Vault, server: PostgresServer) -> int:
    """The vault has, byte by byte, what the server has (start it with `KEEP`); without a hole. Returns its end."""
    found = log_in_vault(vault, server)
    size = setting_bytes(server.sql("show wal_segment_size"))
    starts = sorted((segment_start(name, size)[1], name) for name in found)
    for (start, name), (following, _) in pairwise(starts):
        assert following == start + size and len(found[name]) == size, f"a hole behind {name}"
    for name, data in found.items():
        assert (server.data / "pg_wal" / name).read_bytes()[: len(data)] == data, name
    return starts[-1][0] + len(found[starts[-1][1]])


KEEP = {"wal_keep_size": "1GB"}

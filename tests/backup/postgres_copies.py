"""Real Postgres servers, their copies in a vault, and what comes back."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal

from pyrage import x25519

from outlive.backup.copies import catalog
from outlive.backup.drill.drill import Drilled, DrillPlan, drill
from outlive.backup.restore.cluster import Cluster
from outlive.backup.restore.programs import LocalPrograms
from outlive.backup.restore.restore import Restored, RestorePlan, restore
from outlive.backup.restore.target import parse_target
from outlive.backup.streams.inventory import read_inventory
from outlive.backup.streams.prior import find_prior
from outlive.backup.streams.seal import SealPolicy
from outlive.backup.streams.unseal import unseal_all
from outlive.backup.take import take
from outlive.clock import SystemClock
from outlive.lab.ground import postgres_trees
from outlive.lab.ground.cache import cache_root
from outlive.lab.ground.docker import DockerEngine
from outlive.model.asset import PostgresAsset, PostgresDumpAsset
from outlive.model.chain import Full, Origin, Prior
from outlive.model.copy import Check, Copy
from outlive.sources.base import Source
from outlive.sources.postgres import PostgresSource
from outlive.sources.postgres_dump import PostgresDumpSource
from outlive.transport.local import LocalShell
from outlive.transport.postgres import DsnWay, Way
from outlive.vault.base import Vault
from outlive.vault.local import LocalVault
from tests.world.postgres import PostgresServer

ODD = 'shop\'s = \\ db "ü"'  # a name that must be quoted for SQL, for the shell and for libpq
DIGEST = "select count(*), sum(id), md5(string_agg(id || note, ',' order by id)) from {}"


def libpq(name: str) -> str:
    """A database's name as `PostgresServer.sql` wants it."""
    return "'" + name.replace("\\", "\\\\").replace("'", "\\'") + "'"


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


class Guard:
    """A vault with a key, and a scratch folder that the user `nobody` may enter."""

    def __init__(self, folder: Path) -> None:
        self.key = x25519.Identity.generate()
        self.clock = SystemClock()
        self.folder = folder
        self.vault: Vault = LocalVault.create(folder / "vault")
        self.scratch = Path(tempfile.mkdtemp(prefix="outlive-test-", dir="/tmp"))
        self.scratch.chmod(0o755)

    def close(self) -> None:
        shutil.rmtree(self.scratch, ignore_errors=True)

    def physical(
        self,
        way: Way,
        *,
        compress_on: Literal["keeper", "server"] = "keeper",
        incremental: Literal["auto", "always", "never"] = "auto",
        max_rate_bytes: int | None = None,
        stall_seconds: float = 60,
    ) -> Copy:
        asset = PostgresAsset(
            name="shop", compress_on=compress_on, incremental=incremental, max_rate_bytes=max_rate_bytes
        )
        source = PostgresSource(
            asset, way, self.clock, remote=False, stall_seconds=stall_seconds, prior_of=self.prior_of
        )
        return self.take(asset, source)

    def prior_of(self, origin: Origin) -> Prior | Full:
        """As `wiring` joins it."""
        return find_prior(self.vault, "shop", origin, [str(self.key.to_public())], lambda: [self.key])

    def logical(self, way: Way) -> Copy:
        asset = PostgresDumpAsset(name="shop")
        return self.take(asset, PostgresDumpSource(asset, way, self.clock))

    def take(self, asset: PostgresAsset | PostgresDumpAsset, source: Source) -> Copy:
        policy = SealPolicy((self.key.to_public(),), part_bytes=1 << 20)
        taken = take(asset, source, self.vault, policy, state=self.folder / "state", clock=self.clock)
        return catalog.find(self.vault, taken.manifest.id)

    def copies(self) -> list[str]:
        """The ids of the copies that exist."""
        return [copy.id for copy in catalog.listing(self.vault, "shop").copies]

    def inventory(self, copy: Copy) -> dict[str, Any]:
        return read_inventory(self.vault, copy.manifest, [self.key])

    def opened(self, copy: Copy, name: str) -> bytes:
        """A stream, whole."""
        stream = copy.manifest.stream(name)
        assert stream
        return unseal_all(self.vault, copy.manifest, stream, [self.key])

    def drill(self, copy: Copy) -> Drilled:
        return drill(copy, DrillPlan(self.vault, [self.key], self.scratch / "drills", self.clock))

    def restore(self, copy: Copy, target: str) -> Restored:
        plan = RestorePlan(self.vault, [self.key], self.scratch / "drills", self.clock)
        return restore(copy.manifest, parse_target(target), LocalShell(), plan)

    @contextmanager
    def restored(self, copy: Copy, major: int) -> Iterator[Cluster]:
        """The copy in a directory, with a server running on it."""
        folder = Path(tempfile.mkdtemp(prefix="restored-", dir=self.scratch))
        folder.chmod(0o755)
        self.restore(copy, str(folder / "data"))
        with Cluster(folder / "data", programs(major), "postgres") as cluster:
            yield cluster


@contextmanager
def guarding(folder: Path) -> Iterator[Guard]:
    guard = Guard(folder)
    try:
        yield guard
    finally:
        guard.close()


def programs(major: int) -> LocalPrograms:
    return LocalPrograms(postgres_trees.tree(major) / "bin")


def program_folder(*majors: int) -> Path:
    """What OUTLIVE_POSTGRES_DIR may be: the trees that the test world keeps."""
    for major in majors:
        postgres_trees.tree(major)
    return cache_root() / "postgres"


def dsn(server: PostgresServer, dbname: str = "postgres", **more: str) -> DsnWay:
    return DsnWay(server.dsn(dbname, **more))


def fill(server: PostgresServer) -> None:
    """Two databases, roles, extensions, a large object, settings, rights, an unlogged table."""
    server.sql("create role reader; create role app login password 'x'; grant reader to app")
    server.sql('create role "o\'neil; drop" login')
    server.sql(f"create database {quoted(ODD)} owner app; create database shop")
    for name in ("shop", libpq(ODD)):
        server.sql(
            "create extension pg_trgm; create table orders as select id, md5(id::text) as note"
            " from generate_series(1, 5000) id; alter table orders add primary key (id); analyze orders;"
            "grant select on orders to reader; create unlogged table cache as select 1 as id;"
            "select lo_from_bytea(4711, 'big')",
            name,
        )
    server.sql(
        f"alter database {quoted(ODD)} set work_mem = '7MB'; alter database shop set search_path = \"$user\", public, app"
    )
    server.sql(
        "alter role app in database shop set statement_timeout = '9s'; revoke connect on database shop from public"
    )
    server.sql("grant connect on database shop to app; grant create on database shop to app with grant option")


def verdicts(checks: tuple[Check, ...]) -> dict[str, bool | None]:
    return {check.name: check.ok for check in checks}


def children() -> set[int]:
    """The pids of everything this process has started and not reaped."""
    me = os.getpid()
    found: set[int] = set()
    for task in Path(f"/proc/{me}/task").iterdir():
        with suppress(FileNotFoundError):  # a thread that has ended since
            found.update(map(int, (task / "children").read_text().split()))
    return found


def drill_containers(engine: DockerEngine, below: Path) -> list[str]:
    """Containers of drills in a folder below: other tests may be drilling at the same time."""
    shown = engine.docker("ps", "--all", "--format", '{{.ID}} {{.Label "outlive.drill"}}').splitlines()
    return [line for line in shown if line.partition(" ")[2].startswith(str(below))]

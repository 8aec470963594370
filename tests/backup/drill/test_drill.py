"""A drill is green for what is whole, red for what is not, and an error when it could not be carried out."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pyrage import x25519

from outlive.backup.copies import catalog
from outlive.backup.copies.layout import copy_folder
from outlive.backup.drill.drill import DrillPlan, drill
from outlive.backup.restore.cluster import Cluster
from outlive.backup.restore.programs import ImagePrograms, LocalPrograms, choose
from outlive.backup.restore.scratch import scratch_folder
from outlive.errors import DrillFailed, OutliveError, SourceFailed, WrongKey
from outlive.model.asset import PostgresAsset, PostgresDumpAsset
from outlive.model.copy import Copy, Proof
from outlive.sources.base import Lineage, Outcome, Source
from outlive.sources.postgres import PostgresSource
from outlive.sources.postgres_dump import PostgresDumpSource
from outlive.transport.local import LocalShell
from outlive.transport.postgres import ContainerWay, DsnWay
from outlive.transport.postgres_programs import ProgramsMissing
from tests.backup.postgres_copies import (
    Guard,
    children,
    drill_containers,
    dsn,
    fill,
    guarding,
    program_folder,
    verdicts,
)
from tests.world import images
from tests.world.docker import DockerEngine
from tests.world.postgres import PostgresServer
from tests.world.postgres_container import PostgresContainer
from tests.world.postgres_trees import MAJORS

pytestmark = pytest.mark.postgres
NewServer = Callable[..., PostgresServer]


@pytest.fixture
def guard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Guard]:
    monkeypatch.setenv("OUTLIVE_POSTGRES_DIR", str(program_folder()))
    with guarding(tmp_path) as guard:
        yield guard
        drills = guard.scratch / "drills"
        assert not drills.exists() or list(drills.iterdir()) == [], "a drill leaves nothing behind"


def small(server: PostgresServer) -> None:
    server.sql("create table orders as select i as id, md5(i::text) as note from generate_series(1, 3000) i")
    server.sql("alter table orders add primary key (id); create role app login; create extension pg_trgm")


# --- green --------------------------------------------------------------------------------------------------------


def test_a_green_drill_is_recorded(guard: Guard, new_postgres: NewServer) -> None:
    server = new_postgres(17)
    small(server)
    drilled = guard.drill(guard.physical(dsn(server)))
    record = catalog.find(guard.vault, drilled.record.copy).last_drill
    assert record == drilled.record and record.ok and record.level is Proof.RESTORED
    assert record.rto_seconds and "programs of" in drilled.programs and drilled.reached
    assert list(verdicts(record.checks)) == [
        *("pg_verifybackup", "start", "lineage", "databases", "settings", "roles", "extensions"),
        *("tables", "rows", "indexes"),
    ]


@pytest.mark.parametrize("major", MAJORS)
def test_dumps_of_every_major_are_green(major: int, guard: Guard, new_postgres: NewServer) -> None:
    server = new_postgres(major, tablespaces=True)
    fill(server)
    server.sql("create table aside tablespace side as select 1 as id", "shop")
    server.sql("create database closed allow_connections false; alter database postgres set work_mem = '9MB'")
    drilled = guard.drill(guard.logical(dsn(server)))
    assert drilled.record.ok, drilled.record.checks
    assert verdicts(drilled.record.checks)["settings"]
    assert not list(server.tablespace_dir.glob("PG_*/[0-9]*/*outlive*"))


# --- red ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Embellished:
    """A source whose inventory tells of more than there is: as if it had been lost on the way."""

    source: Source
    embellish: Callable[[dict[str, Any]], None]

    def identify(self) -> Lineage:
        return self.source.identify()

    @contextmanager
    def capture(self) -> Iterator[Any]:
        with self.source.capture() as capture:
            real = capture.finish

            def finish() -> Outcome:
                outcome = real()
                for when in ("before", "after"):
                    self.embellish(outcome.inventory[when])
                return outcome

            capture.finish = finish  # type: ignore[method-assign]
            yield capture


def embellish(found: dict[str, Any]) -> None:
    shop = next(one for one in found["databases"] if one["name"] == "shop")
    orders = next(one for one in shop["tables"] if one["name"] == "orders")
    shop["tables"].append(orders | {"name": "gone"})
    orders["rows"] += 1
    shop["extensions"].append({"name": "hstore", "version": "1.8"})
    shop["settings"].append({"role": None, "name": "work_mem", "value": "3MB"})
    found["roles"].append({"name": "gone", "superuser": False, "login": True, "member_of": []})
    lost = shop | {"name": "gone", "tables": [], "settings": [], "acl": None, "extensions": []}
    lost.pop("stream", None)
    found["databases"].append(lost)


@pytest.mark.parametrize("kind", ["physical", "logical"])
def test_whatever_is_missing_makes_it_red(kind: str, guard: Guard, new_postgres: NewServer) -> None:
    server = new_postgres(17)
    fill(server)
    physical = kind == "physical"
    asset = PostgresAsset(name="shop") if physical else PostgresDumpAsset(name="shop")
    source: Source = (
        PostgresSource(asset, dsn(server), guard.clock, remote=False)
        if isinstance(asset, PostgresAsset)
        else PostgresDumpSource(asset, dsn(server), guard.clock)
    )
    drilled = guard.drill(guard.take(asset, Embellished(source, embellish)))
    red = {name for name, ok in verdicts(drilled.record.checks).items() if ok is False}
    assert red == {"databases", "settings", "roles", "extensions", "tables", "rows"}
    after = catalog.find(guard.vault, drilled.record.copy)
    assert after.proof is Proof.STORED and after.is_damaged


def test_an_index_that_lacks_an_entry_is_red(guard: Guard, new_postgres: NewServer) -> None:
    server = new_postgres(17)
    small(server)
    ready = "update pg_index set indisready = {0}, indisvalid = {0} where indexrelid = 'orders_pkey'::regclass"
    server.sql(ready.format("false"))
    server.sql("insert into orders values (999999, 'not in the index')")
    server.sql(ready.format("true"))
    red = [check for check in guard.drill(guard.physical(dsn(server))).record.checks if check.ok is False]
    assert [check.name for check in red] == ["indexes"] and "lacks matching index tuple" in red[0].detail


def test_garbage_in_an_index_is_red(guard: Guard, new_postgres: NewServer) -> None:
    server = new_postgres(17, data_checksums=False)
    small(server)
    path = server.data / server.sql("checkpoint; select pg_relation_filepath('orders_pkey')")
    server.stop()
    with path.open("r+b") as file:
        file.seek(8192 + 4000)  # the entries of the first leaf
        file.write(os.urandom(2000))
    server.start()
    copy = guard.physical(dsn(server))
    assert any("no data checksums" in warning for warning in copy.manifest.warnings)
    assert verdicts(guard.drill(copy).record.checks)["indexes"] is False


def test_garbage_in_a_table_is_red(guard: Guard, new_postgres: NewServer) -> None:
    """Where the page's checksum tells: then the table cannot be read, in production neither."""
    server = new_postgres(17)
    small(server)
    path = server.data / server.sql("checkpoint; select pg_relation_filepath('orders')")
    server.stop()
    with path.open("r+b") as file:
        file.seek(2 * 8192 + 500)
        file.write(b"garbage")
    server.start()
    with pytest.raises(SourceFailed, match="checksum verification"):  # Postgres looks when it sends the pages
        guard.physical(dsn(server))


def test_a_part_that_is_gone_is_red(guard: Guard, new_postgres: NewServer) -> None:
    server = new_postgres(17)
    copy = guard.physical(dsn(server))
    for stream in ("base.tar", "inventory.json"):
        found = copy.manifest.stream(stream)
        assert found
        guard.vault.delete(copy_folder("shop", copy.id) + found.parts[0].file)
        drilled = guard.drill(copy)
        assert not drilled.record.ok and [check.name for check in drilled.record.checks] == ["restore"]


# --- neither: it could not be carried out -------------------------------------------------------------------------


def fails(guard: Guard, copy: Copy, error: type[OutliveError]) -> OutliveError:
    with pytest.raises(error) as caught:
        guard.drill(copy)
    assert catalog.find(guard.vault, copy.id).proofs == (), "nothing was learned about the copy"
    return caught.value


def test_programs_of_another_major_only(
    guard: Guard, new_postgres: NewServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    copy = guard.physical(dsn(new_postgres(18)))
    monkeypatch.setenv("OUTLIVE_POSTGRES_DIR", str(tmp_path / "nothing"))
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    error = fails(guard, copy, ProgramsMissing)
    assert error.exit_code == 5 and "postgresql-18" in error.hint


def test_another_key(guard: Guard, new_postgres: NewServer) -> None:
    copy = guard.physical(dsn(new_postgres(17)))
    guard.key = x25519.Identity.generate()
    fails(guard, copy, WrongKey)


def test_a_library_that_production_loads_and_these_programs_lack(guard: Guard, new_postgres: NewServer) -> None:
    server = new_postgres(17)
    server.sql("alter system set shared_preload_libraries = 'outlive_is_not_here'")
    error = fails(guard, guard.physical(dsn(server)), DrillFailed)
    assert "loads the library outlive_is_not_here" in error.hint


def test_no_room(guard: Guard, new_postgres: NewServer, tiny_disk: Path) -> None:
    copy = guard.physical(dsn(new_postgres(17)))
    tiny_disk.chmod(0o755)
    plan = DrillPlan(guard.vault, [guard.key], tiny_disk / "d", guard.clock)
    with pytest.raises(DrillFailed, match="No space left") as caught:
        drill(copy, plan)
    assert "room" in caught.value.hint and catalog.find(guard.vault, copy.id).proofs == ()
    assert list((tiny_disk / "d").iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs another user for the server")
def test_a_state_folder_that_the_server_s_user_cannot_enter(
    guard: Guard, new_postgres: NewServer, tmp_path: Path
) -> None:
    copy = guard.physical(dsn(new_postgres(17)))
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(DrillFailed) as caught:
        drill(copy, DrillPlan(guard.vault, [guard.key], closed / "drills", guard.clock))
    assert "chmod o+x" in caught.value.hint


# --- a throwaway server keeps to itself ---------------------------------------------------------------------------


def test_production_s_surroundings_are_neither_needed_nor_touched(guard: Guard, new_postgres: NewServer) -> None:
    """TLS files, log folders, archives, hba files outside, replication, background workers."""
    reached = guard.scratch / "reached"
    reached.mkdir(mode=0o777)
    reached.chmod(0o777)
    server = new_postgres(17)
    for name, value in {
        "ssl": "on",
        "ssl_cert_file": "/etc/ssl/not-here.pem",
        "logging_collector": "on",
        "log_directory": "/var/log/not-here",
        "archive_mode": "on",
        "archive_command": f"touch {reached}/archived",
        "recovery_end_command": f"touch {reached}/recovered",
        "listen_addresses": "*",
        "hba_file": "/etc/postgresql/not-here.conf",
        "external_pid_file": f"{reached}/pid",
        "unix_socket_directories": str(reached),
        "primary_conninfo": "host=192.0.2.1",
        "shared_buffers": "64GB",
        "huge_pages": "on",
        "synchronous_standby_names": "nobody",
        "shared_preload_libraries": "pg_prewarm",
    }.items():
        server.sql(f"alter system set {name} = '{value}'")
    copy = guard.physical(dsn(server))
    assert guard.drill(copy).record.ok
    assert list(reached.iterdir()) == []
    with guard.restored(copy, 17) as cluster, cluster.door().connect("postgres") as connection:
        connection.execute("select pg_switch_wal()")
        workers = "select count(*) from pg_stat_activity where backend_type ~ 'archiver|logical|prewarm|walreceiver'"
        assert connection.execute(workers).fetchone() == (0,)
    assert list(reached.iterdir()) == []


def test_a_throwaway_server_ends_whatever_happens(guard: Guard, new_postgres: NewServer) -> None:
    copy = guard.physical(dsn(new_postgres(17)))
    before = children()
    with pytest.raises(ValueError):
        with guard.restored(copy, 17) as cluster:
            assert children() > before
            raise ValueError
    assert children() <= before
    assert not (cluster.data / "postmaster.pid").exists()


def test_a_cluster_without_the_database_and_the_role_postgres(guard: Guard, new_postgres: NewServer) -> None:
    server = new_postgres(17)
    server.sql("create role boss superuser login; create database shop owner boss")
    way = DsnWay(server.dsn("shop", user="boss"))
    with way.open() as door, door.connect("shop") as connection:
        connection.execute("drop database postgres")
        connection.execute("alter role postgres rename to emeritus")
        connection.execute("create table t as select 1 as id")
    drilled = guard.drill(guard.physical(way))
    assert drilled.record.ok, drilled.record.checks


# --- in production's image ----------------------------------------------------------------------------------------


@pytest.mark.docker
@pytest.mark.parametrize("kind", ["physical", "logical"])
@pytest.mark.parametrize("alpine", [False, True])
def test_the_drill_happens_in_production_s_image(
    kind: str, alpine: bool, guard: Guard, postgres_container: Callable[..., PostgresContainer]
) -> None:
    container = postgres_container(alpine=alpine)
    container.sql("create table orders as select i as id from generate_series(1, 3000) i; create index on orders (id)")
    way = ContainerWay(LocalShell(), container.name, 5432, "postgres", None)
    drilled = guard.drill(guard.physical(way) if kind == "physical" else guard.logical(way))
    assert drilled.record.ok, drilled.record.checks
    assert drilled.programs == f"image outlive-test/{'alpine-like:latest' if alpine else 'postgres:17'}"
    if kind == "physical":
        assert verdicts(drilled.record.checks)["indexes"] is True
    assert drill_containers(container.engine, guard.scratch) == []


@pytest.mark.docker
def test_an_image_that_means_another_major_by_now_is_not_used(
    guard: Guard, docker_host: DockerEngine, new_postgres: NewServer
) -> None:
    images.postgres(docker_host, 16)
    docker_host.docker("tag", "outlive-test/postgres:16", "outlive-test/moved")
    folder = guard.scratch / "drill-x"
    folder.mkdir()
    with choose("outlive-test/moved", 16, folder, fetch=False) as programs:
        assert isinstance(programs, ImagePrograms)
    with choose("outlive-test/moved", 17, folder, fetch=False) as programs:
        assert isinstance(programs, LocalPrograms)
    docker_host.docker("rmi", "outlive-test/moved")


DRILL_ALONE = """
import sys
from pathlib import Path
from outlive.backup.restore.cluster import Cluster
from outlive.backup.restore.programs import choose
from outlive.backup.restore.scratch import scratch_folder
import shutil, time
with scratch_folder(Path(sys.argv[1])) as folder:
    with choose("outlive-test/postgres:17", 17, folder, fetch=False) as programs:
        shutil.copytree(sys.argv[2], folder / "data")
        with Cluster(folder / "data", programs, "postgres"):
            print("up", flush=True)
            time.sleep(600)
"""


@pytest.fixture
def lonely(guard: Guard, docker_host: DockerEngine, new_postgres: NewServer) -> Iterator[subprocess.Popen[str]]:
    """A process of its own with a throwaway server in a container."""
    images.postgres(docker_host, 17)
    server = new_postgres(17)
    server.stop()
    words = [sys.executable, "-c", DRILL_ALONE, str(guard.scratch / "drills"), str(server.data)]
    child = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
    assert child.stdout and child.stdout.readline() == "up\n", child.communicate()
    yield child
    child.kill()
    child.communicate()


@pytest.mark.docker
def test_ctrl_c_leaves_no_container(lonely: subprocess.Popen[str], docker_host: DockerEngine, guard: Guard) -> None:
    assert drill_containers(docker_host, guard.scratch)
    lonely.send_signal(signal.SIGINT)
    _, said = lonely.communicate(timeout=60)
    assert "KeyboardInterrupt" in said and drill_containers(docker_host, guard.scratch) == []


@pytest.mark.docker
def test_what_a_killed_drill_left_is_swept_by_the_next(
    lonely: subprocess.Popen[str], docker_host: DockerEngine, guard: Guard
) -> None:
    lonely.kill()
    lonely.communicate()
    assert drill_containers(docker_host, guard.scratch)
    with scratch_folder(guard.scratch / "drills") as folder:
        assert drill_containers(docker_host, guard.scratch) == []
        assert [entry.name for entry in (guard.scratch / "drills").iterdir()] == [folder.name]


@pytest.mark.docker
def test_a_docker_client_that_is_killed_leaves_no_container(
    guard: Guard, docker_host: DockerEngine, new_postgres: NewServer
) -> None:
    images.postgres(docker_host, 17)
    server = new_postgres(17)
    server.stop()
    with scratch_folder(guard.scratch / "drills") as folder:
        with choose("outlive-test/postgres:17", 17, folder, fetch=False) as programs:
            shutil.copytree(server.data, folder / "data")
            with Cluster(folder / "data", programs, "postgres") as cluster:
                assert cluster._server
                os.kill(cluster._server.pid, signal.SIGKILL)
                assert drill_containers(docker_host, guard.scratch)
        assert drill_containers(docker_host, guard.scratch) == []


def test_two_drills_at_once_do_not_sweep_each_other(tmp_path: Path) -> None:
    with scratch_folder(tmp_path / "drills") as one, scratch_folder(tmp_path / "drills") as other:
        assert one.exists() and other.exists() and one != other
    assert list((tmp_path / "drills").iterdir()) == []

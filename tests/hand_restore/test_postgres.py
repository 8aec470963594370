"""RESTORE.md executed as written, with none of our code: Postgres, physically and logically."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import pytest

from outlive.backup.log.ship import ShipPolicy
from outlive.backup.streams.prior import find_prior
from outlive.clock import SystemClock
from outlive.model.asset import PostgresAsset, PostgresDumpAsset
from outlive.model.chain import Full, Origin, Prior
from outlive.sources.postgres import PostgresSource
from outlive.sources.postgres_dump import PostgresDumpSource
from outlive.transport.postgres import DsnWay
from outlive.vault.encryption import parse_recipients, read_identities
from outlive.vault.keys import create_keys
from outlive.vault.local import LocalVault
from tests.backup.streamed import Shipping, now
from tests.hand_restore.by_hand import Kept, Person, damaged, keep
from tests.world.docker import DockerEngine
from tests.world.postgres import PostgresServer
from tests.world.postgres_trees import MAJORS

pytestmark = [pytest.mark.docker, pytest.mark.postgres]

ODD = "shop's = \\ db"  # a name that must be quoted for SQL, for the shell and for libpq
DIGEST = "select count(*), sum(id), md5(string_agg(id || note, ',' order by id)) from {}"


@pytest.fixture
def person(docker_host: DockerEngine) -> Iterator[Callable[[Kept, int], Person]]:
    people: list[Person] = []

    def at(kept: Kept, major: int) -> Person:
        people.append(Person(docker_host, kept, major))
        return people[-1]

    yield at
    for one in people:
        one.leave()


def libpq(name: str) -> str:
    """The name as a connection string wants it."""
    return "'" + name.replace("\\", "\\\\").replace("'", "\\'") + "'"


def fill(server: PostgresServer, *, spaces: bool = False) -> None:
    server.sql("create role app login password 'x'; create role reader; grant reader to app")
    server.sql('create database "shop\'s = \\ db" owner app')
    server.sql(f"""alter database "{ODD}" set work_mem = '7MB'""")
    for name in ("postgres", ODD):
        server.sql(
            "create table orders as select id, md5(id::text) as note from generate_series(1, 20000) id;"
            "alter table orders add primary key (id); grant select on orders to reader",
            libpq(name),
        )
    if spaces:
        for name in server.sql("select spcname from pg_tablespace where spcname !~ '^pg_'").split():
            server.sql(
                f"create table in_{name} tablespace {name} as select id, 'x' as note from generate_series(1, 5000) id"
            )


def row_of_three(server: PostgresServer, tmp_path: Path) -> Kept:
    """The last of three copies that build on one another; in between things change, come and go."""
    asset = PostgresAsset(name="shop-db", incremental="always")
    keys, vault = create_keys(tmp_path / "keys", SystemClock().now()), LocalVault.create(tmp_path / "vault")

    def prior_of(origin: Origin) -> Prior | Full:
        return find_prior(vault, asset.name, origin, keys.recipients, lambda: read_identities(keys.drill_identity))

    source = PostgresSource(asset, DsnWay(server.dsn()), SystemClock(), remote=False, prior_of=prior_of)
    keep(asset, source, tmp_path, keys)
    server.sql("update orders set note = 'x' where id = 7; drop table in_side; create table fresh (id int, note text)")
    keep(asset, source, tmp_path, keys)
    server.sql("create table in_side tablespace side as select 1 as id, 'y' as note; delete from orders where id > 500")
    kept = keep(asset, source, tmp_path, keys)
    assert kept.manifest.parent and not kept.manifest.warnings
    return kept


def backup(server: PostgresServer, tmp_path: Path, compress_on: Literal["keeper", "server"] = "keeper") -> Kept:
    asset = PostgresAsset(name="shop-db", port=server.port, compress_on=compress_on)
    return keep(asset, PostgresSource(asset, DsnWay(server.dsn()), SystemClock(), remote=False), tmp_path)


@pytest.mark.parametrize("major", MAJORS)
def test_a_cluster_with_tablespaces_comes_back_by_hand(
    major: int,
    tmp_path: Path,
    new_postgres: Callable[..., PostgresServer],
    person: Callable[[Kept, int], Person],
) -> None:
    server = new_postgres(major, tablespaces=True)
    fill(server, spaces=True)
    kept = backup(server, tmp_path)
    spaces = server.sql("select spcname from pg_tablespace where spcname !~ '^pg_'").split()
    assert len(kept.manifest.source["tablespaces"]) == len(spaces) > 0
    hand = person(kept, major)
    answer = hand.follow(TARGET="/srv/back", SOCKETS="/tmp/s")
    assert answer.status == 0, answer.text
    assert "backup successfully verified" in answer.text
    tables = ["orders", *(f"in_{name}" for name in spaces)]
    for table in tables:
        assert hand.sql(DIGEST.format(table)) == server.sql(DIGEST.format(table))
    assert hand.sql("select pg_tablespace_location(oid) from pg_tablespace where spcname !~ '^pg_'").startswith(
        "/srv/back"
    )
    assert hand.sql("show archive_mode") == "off"


@pytest.mark.parametrize("compress_on", ["keeper", "server"])
def test_a_cluster_comes_back_by_hand(
    compress_on: Literal["keeper", "server"],
    tmp_path: Path,
    new_postgres: Callable[..., PostgresServer],
    person: Callable[[Kept, int], Person],
) -> None:
    server = new_postgres(17)
    fill(server)
    kept = backup(server, tmp_path, compress_on)
    base = kept.manifest.stream("base.tar")
    assert base and base.frames == ("continuous" if compress_on == "server" else "independent")
    hand = person(kept, 17)
    answer = hand.follow(TARGET="/srv/back", SOCKETS="/tmp/s")
    assert answer.status == 0, answer.text
    assert hand.sql(DIGEST.format("orders")) == server.sql(DIGEST.format("orders"))
    assert hand.sql("select system_identifier from pg_control_system()") == server.system_identifier


@pytest.mark.parametrize("major", [17, 18])
def test_what_builds_on_others_comes_back_by_hand(
    major: int,
    tmp_path: Path,
    new_postgres: Callable[..., PostgresServer],
    person: Callable[[Kept, int], Person],
) -> None:
    server = new_postgres(major, tablespaces=True, options={"summarize_wal": "on"})
    fill(server, spaces=True)
    kept = row_of_three(server, tmp_path)
    hand = person(kept, major)
    answer = hand.follow(TARGET="/srv/back", SOCKETS="/tmp/s")
    assert answer.status == 0, answer.text
    assert answer.text.count("backup successfully verified") == 4, "each member, and the whole"
    for table in ("orders", "in_side", "fresh"):
        assert hand.sql(DIGEST.format(table)) == server.sql(DIGEST.format(table))
    assert hand.sql("select pg_tablespace_location(oid) from pg_tablespace where spcname = 'side'").startswith(
        "/srv/back"
    )
    assert sorted(hand.shell("ls /srv").text.split()) == ["back", "back-first-start.log", "back-tablespaces"]


def test_a_damaged_member_makes_the_commands_fail_loudly(
    tmp_path: Path, new_postgres: Callable[..., PostgresServer], person: Callable[[Kept, int], Person]
) -> None:
    server = new_postgres(17, tablespaces=True, options={"summarize_wal": "on"})
    fill(server, spaces=True)
    kept = row_of_three(server, tmp_path)
    part = sorted((kept.folder.parent / str(kept.manifest.parent)).glob("base.tar.*"))[-1]
    part.chmod(0o600)
    part.write_bytes(part.read_bytes()[:-1])
    answer = person(kept, 17).follow(TARGET="/srv/back", SOCKETS="/tmp/s")
    assert answer.status != 0 and "FAILED: the restore is not complete" in answer.text


def test_another_major_is_refused_before_anything_is_unpacked(
    tmp_path: Path, new_postgres: Callable[..., PostgresServer], person: Callable[[Kept, int], Person]
) -> None:
    kept = backup(new_postgres(17), tmp_path)
    hand = person(kept, 18)
    answer = hand.follow(TARGET="/srv/back", SOCKETS="/tmp/s")
    assert answer.status != 0 and "needs PostgreSQL 17" in answer.text
    assert hand.shell("ls /srv").text == ""


@pytest.mark.parametrize("stream", ["base.tar", "backup_manifest"])
def test_a_missing_part_makes_the_commands_fail_loudly(
    stream: str, tmp_path: Path, new_postgres: Callable[..., PostgresServer], person: Callable[[Kept, int], Person]
) -> None:
    broken = damaged(backup(new_postgres(17), tmp_path), tmp_path)
    sorted(broken.folder.glob(f"{stream}.zst.age.*"))[-1].unlink()
    page = broken.folder / "RESTORE.md"
    page.write_text("".join(line for line in page.open() if "sha256sum --check" not in line))
    answer = person(broken, 17).follow(TARGET="/srv/back", SOCKETS="/tmp/s")
    assert answer.status != 0 and "FAILED: the restore is not complete" in answer.text


@pytest.mark.parametrize("major", [14, 17, 18])
def test_dumps_come_back_by_hand(
    major: int,
    tmp_path: Path,
    new_postgres: Callable[..., PostgresServer],
    person: Callable[[Kept, int], Person],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = new_postgres(major)
    monkeypatch.setenv("PATH", str(server.bin("pg_dump").parent), prepend=os.pathsep)
    fill(server)
    asset = PostgresDumpAsset(name="shop-dump", port=server.port)
    kept = keep(asset, PostgresDumpSource(asset, DsnWay(server.dsn()), SystemClock()), tmp_path)
    hand = person(kept, major)
    start_empty(hand)
    answer = hand.follow(PGHOST="/tmp/s", PGUSER="postgres", PATH="/usr/lib/postgresql/$PG_MAJOR/bin:$PATH")
    assert answer.status == 0, answer.text
    for name in ("postgres", ODD):
        assert server.sql(DIGEST.format("orders"), libpq(name)) == hand.sql(DIGEST.format("orders"), name)
    assert hand.sql("show work_mem", ODD) == "7MB"
    assert hand.sql("select rolname from pg_roles where rolname in ('app', 'reader') order by 1") == "app\nreader"
    again = hand.follow(PGHOST="/tmp/s", PGUSER="postgres", PATH="/usr/lib/postgresql/$PG_MAJOR/bin:$PATH")
    assert again.status != 0, "what is there is not written over"


def start_empty(hand: Person) -> None:
    """A fresh server on a socket in /tmp/s."""
    script = (
        "install -d -o postgres /tmp/s /srv/new && cd / && export PATH=/usr/lib/postgresql/$PG_MAJOR/bin:$PATH && "
        "runuser -u postgres -- initdb -D /srv/new -A trust >/dev/null && "
        "runuser -u postgres -- pg_ctl -D /srv/new -w -l /tmp/s/log -o \"-k /tmp/s -c listen_addresses=''\" start"
    )
    answer = hand.shell(script)
    assert answer.status == 0, answer.text


@pytest.mark.slow
@pytest.mark.parametrize("upto", [2, 3], ids=["to a moment", "everything"])
def test_the_log_after_the_copy_is_replayed_by_hand(
    upto: int,
    tmp_path: Path,
    new_postgres: Callable[..., PostgresServer],
    person: Callable[[Kept, int], Person],
    docker_host: DockerEngine,
) -> None:
    """The last section of RESTORE.md: pieces, whole segments and a mark."""
    server, log = new_postgres(17), LocalVault.create(tmp_path / "log")
    server.sql("create table written(n bigint)")
    kept = backup(server, tmp_path)
    policy = ShipPolicy(parse_recipients(kept.keys.recipients), every_seconds=0.2)
    shipper = Shipping(DsnWay(server.dsn()), log, policy).start()
    server.sql("insert into written values (1); select pg_switch_wal(); insert into written values (2)")
    shipper.await_until(now())
    at = server.sql("select now()")
    time.sleep(0.5)
    server.sql("insert into written values (3)")
    shipper.await_until(now())
    shipper.end()
    hand = person(kept, 17)
    docker_host.docker("cp", str(log.root / "wal" / "db" / f"pg-{server.system_identifier}"), f"{hand.container}:/log")
    page = hand.shell("cat /copy/RESTORE.md").text
    script = "".join(re.findall(r"^```sh\n(.*?)^```$", page, re.S | re.M))
    settings = f"TARGET=/srv/back SOCKETS=/tmp/s LOG=/log AT='{at if upto == 2 else ''}'"
    answer = hand.shell(f"cat > /root/page.sh; cd /copy; export {settings}; bash /root/page.sh", input=script)
    assert answer.status == 0, answer.text
    assert hand.sql("select string_agg(n::text, ',' order by n) from written") == ",".join(map(str, range(1, upto + 1)))

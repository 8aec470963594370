"""A database that cannot be asked, refuses, dies midway, or is not the one it was: exact words and codes."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from outlive.backup.copies import catalog
from outlive.lab.ground.process import free_port, wait_until
from tests.backup.made import contents
from tests.cli.golden import check, transcript
from tests.cli.home import Done, Home
from tests.world.postgres import PostgresServer

pytestmark = pytest.mark.postgres
Call = Callable[..., Done]
NewPostgres = Callable[..., PostgresServer]


def guard(home: Home, dsn: str, monkeypatch: pytest.MonkeyPatch, kind: str = "postgres") -> None:
    monkeypatch.setenv("TEST_DSN", dsn)
    home.write(f'[[assets]]\nname = "db"\nkind = "{kind}"\ndsn = {{ env = "TEST_DSN" }}\n')


def with_programs_of(server: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> PostgresServer:
    """A DSN needs client programs here, of the server's major at least."""
    monkeypatch.setenv("PATH", f"{Path(server.bin('pg_dump')).parent}:{os.environ['PATH']}")
    return server


def told(case: str, home: Home, outlive: Call) -> Done:
    """No copy was added, and the words are the expected ones."""
    done = outlive("backup")
    check(f"postgres-{case}", transcript(home, ["backup"], done))
    assert catalog.copies(home.vault, "db") == []
    return done


KINDS = pytest.mark.parametrize("kind", ["postgres", "postgres_dump"])


@KINDS
def test_nothing_listens(home: Home, outlive: Call, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    guard(home, f"postgresql://postgres@127.0.0.1:{free_port()}/postgres", monkeypatch, kind)
    assert told(f"{kind}-closed-port", home, outlive).code == 3


@KINDS
def test_no_dsn_at_all(home: Home, outlive: Call, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    guard(home, "nonsense://hunter2@x", monkeypatch, kind)
    done = told(f"{kind}-no-dsn", home, outlive)
    assert done.code == 2 and "hunter2" not in done.err


@KINDS
def test_a_wrong_password(
    home: Home, outlive: Call, new_postgres: NewPostgres, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    server = new_postgres(17, auth="scram")
    guard(home, f"postgresql://{server.superuser}:hunter2@127.0.0.1:{server.port}/postgres", monkeypatch, kind)
    done = told(f"{kind}-wrong-password", home, outlive)
    assert done.code == 3 and "hunter2" not in done.err


@KINDS
def test_a_database_that_is_not_there(
    home: Home, outlive: Call, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    guard(home, postgres.dsn("shpo"), monkeypatch, kind)
    assert told(f"{kind}-no-such-database", home, outlive).code == 3


def test_a_role_that_may_not_replicate(
    home: Home, outlive: Call, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    postgres.sql("DROP ROLE IF EXISTS plain_role; CREATE ROLE plain_role LOGIN")
    guard(home, f"postgresql://plain_role@127.0.0.1:{postgres.port}/postgres", monkeypatch)
    assert told("no-replication", home, outlive).code == 5


def test_a_role_that_may_not_read_everything(
    home: Home, outlive: Call, new_postgres: NewPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = with_programs_of(new_postgres(17), monkeypatch)
    server.sql("CREATE TABLE private (x int); CREATE ROLE reader LOGIN")
    guard(home, f"postgresql://reader@127.0.0.1:{server.port}/postgres", monkeypatch, "postgres_dump")
    assert told("no-privilege", home, outlive).code == 5


@pytest.mark.slow
@KINDS
def test_a_server_that_dies_midway(
    home: Home, new_postgres: NewPostgres, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """SIGKILL to all of it, after the first part has arrived. The earlier copy stays as it was."""
    server = with_programs_of(new_postgres(17), monkeypatch)
    guard(home, server.dsn("postgres"), monkeypatch, kind)
    home.config.write_text(home.config.read_text() + "\n[keeper]\npart_bytes = 1048576\n")
    assert home.call("backup").code == 0
    before = {info: home.vault.get(info.key) for info in home.vault.walk("")}
    server.sql(
        "CREATE TABLE noise AS SELECT gen_random_uuid() AS a, gen_random_uuid() AS b FROM generate_series(1, 1500000)"
    )
    process = home.spawn("backup")
    wait_until(lambda: len(list(home.vault.walk(""))) > len(before) + 3, "parts", 120)
    server.kill()
    _, err = process.communicate(timeout=180)
    assert process.returncode in (3, 5) and "cure: " in err and "Traceback" not in err, err
    (copy,) = catalog.copies(home.vault, "db")
    assert {info: home.vault.get(info.key) for info in before} == before
    contents(home.vault, copy.manifest, home.keys["drill"])


@pytest.mark.slow
def test_an_empty_database_where_there_was_data(
    home: Home, outlive: Call, new_postgres: NewPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = with_programs_of(new_postgres(17), monkeypatch)
    server.sql("CREATE TABLE orders AS SELECT g, md5(g::text) AS note FROM generate_series(1, 100000) g")
    guard(home, server.dsn("postgres"), monkeypatch, "postgres_dump")
    assert outlive("backup").code == 0
    server.sql("DROP TABLE orders")
    done = outlive("backup")
    check("postgres-emptied", transcript(home, ["backup"], done))
    assert done.code == 1 and "ALARM collapsed" in done.out
    assert len(catalog.copies(home.vault, "db")) == 2


@pytest.mark.slow
def test_another_cluster_behind_the_same_address(
    home: Home, outlive: Call, new_postgres: NewPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The day on which the server was replaced: a new lineage, an alarm, and nothing of the old one is pruned."""
    guard(home, new_postgres(17).dsn("postgres"), monkeypatch)
    home.config.write_text(home.config.read_text() + "\n[retention]\nlast = 1\ndaily = 0\nweekly = 0\nmonthly = 0\n")
    for _ in range(2):
        assert outlive("backup").code == 0
    earlier = [copy.id for copy in catalog.copies(home.vault, "db")]
    guarded = home.config.read_text()
    guard(home, new_postgres(17).dsn("postgres"), monkeypatch)
    home.config.write_text(guarded)
    done = outlive("backup")
    assert done.code == 1 and "ALARM new lineage" in done.out and "Pruning is frozen" in done.out
    assert outlive("prune", "--yes").code == 1
    assert [copy.id for copy in catalog.copies(home.vault, "db")][:2] == earlier
    which = outlive("restore", "db", "--to", str(home.folder / "new"))
    assert which.code == 2 and "--copy" in which.err
    assert outlive("status", "--no-look").code == 1
    lineage = catalog.copies(home.vault, "db")[-1].manifest.lineage
    assert outlive("copies", "--accept", lineage).code == 0
    assert outlive("backup").code == 0

"""Dumps of real servers: whole or refused, whatever the programs claim."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from outlive.errors import NotPermitted, OutliveError, SourceFailed
from outlive.lab.ground.process import wait_until
from outlive.sources.postgres_dump import GLOBALS_STREAM
from outlive.transport.base import Running
from outlive.transport.postgres import DsnWay
from outlive.transport.postgres_door import Door, environment
from outlive.transport.process import Process
from tests.backup.postgres_copies import ODD, Guard, dsn, fill, guarding, libpq, program_folder
from tests.world.postgres import PostgresServer

pytestmark = pytest.mark.postgres
NewServer = Callable[..., PostgresServer]


@pytest.fixture
def guard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Guard]:
    monkeypatch.setenv("OUTLIVE_POSTGRES_DIR", str(program_folder(17)))
    with guarding(tmp_path) as guard:
        yield guard


@dataclass(frozen=True)
class Wrapped:
    """A way in whose client programs go through a script of ours, as a wrapper on a server may do: `$@` is the command."""

    way: DsnWay
    script: str

    @contextmanager
    def open(self) -> Iterator[Door]:
        with self.way.open() as door:
            yield replace(door, program=self.program)

    def program(self, argv: Sequence[str]) -> Running:
        folder = program_folder(17) / "17" / "bin"
        env = os.environ | environment(self.way.dsn)
        return Process(("sh", "-c", self.script, "sh", str(folder / argv[0]), *argv[1:]), shown=argv, env=env)


GLOBALS_PASS = 'case $1 in *pg_dumpall) exec "$@";; esac;'


def refuses(guard: Guard, way: object) -> SourceFailed:
    with pytest.raises(SourceFailed) as caught:
        guard.logical(way)  # type: ignore[arg-type]
    assert guard.copies() == [] and caught.value.exit_code == 5
    return caught.value


def test_every_database_is_found_when_the_copy_is_taken(guard: Guard, new_postgres: NewServer) -> None:
    server = new_postgres(17)
    fill(server)
    server.sql("create database template_shop template shop is_template true; create database bare")
    server.sql("create database closed allow_connections false")
    copy = guard.logical(dsn(server))
    names = {one["name"] for one in guard.inventory(copy)["before"]["databases"] if "stream" in one}
    assert names == {"postgres", "shop", ODD, "template_shop", "bare"}
    assert len([stream for stream in copy.manifest.streams if stream.name.endswith(".dump")]) == 5
    assert [warning for warning in copy.manifest.warnings if "allow no connections" in warning]
    assert copy.manifest.lineage == f"pg-{server.system_identifier}"
    shown = str(copy.manifest)
    assert "shop's" not in shown and "template_shop" not in shown, "the manifest is in clear"


def test_tables_that_somebody_put_into_template1_are_not_forgotten(guard: Guard, new_postgres: NewServer) -> None:
    server = new_postgres(17)
    server.sql("create table oops as select 1 as id", "template1")
    names = {one["name"] for one in guard.inventory(guard.logical(dsn(server)))["before"]["databases"]}
    assert "template1" in names


def test_one_database_that_may_not_be_read_fails_the_copy(guard: Guard, new_postgres: NewServer) -> None:
    server = new_postgres(17)
    server.sql("create role backup login; create database shop; revoke connect on database shop from public")
    error = refuses(guard, dsn(server, user="backup"))
    assert isinstance(error, NotPermitted) and 'GRANT CONNECT ON DATABASE "shop"' in error.hint


def test_one_table_that_may_not_be_read_fails_the_copy(guard: Guard, new_postgres: NewServer) -> None:
    server = new_postgres(17)
    server.sql("create role backup login; create table secret as select 1 as id")
    error = refuses(guard, dsn(server, user="backup"))
    assert isinstance(error, NotPermitted) and "GRANT pg_read_all_data" in error.hint


def test_row_security_does_not_make_a_dump_of_half_the_rows(guard: Guard, new_postgres: NewServer) -> None:
    server = new_postgres(17)
    server.sql(
        "create role backup login; grant pg_read_all_data to backup;"
        "create table t as select i from generate_series(1, 9) i;"
        "alter table t enable row level security; create policy few on t using (i < 3)"
    )
    error = refuses(guard, dsn(server, user="backup"))
    assert isinstance(error, NotPermitted) and "BYPASSRLS" in error.hint
    server.sql("alter role backup bypassrls")
    assert guard.drill(guard.logical(dsn(server, user="backup"))).record.ok


def test_a_managed_server_hides_its_passwords(guard: Guard, new_postgres: NewServer) -> None:
    server = new_postgres(17)
    fill(server)
    server.sql("create role master login createdb createrole")
    server.sql("grant connect on database shop to master")
    for name in ("shop", libpq(ODD)):
        server.sql("grant select on all tables in schema public to master", name)
        server.sql("grant select on large object 4711 to master", name)
    copy = guard.logical(dsn(server, user="master"))
    assert any("passwords may not be read" in warning for warning in copy.manifest.warnings)
    assert b"PASSWORD" not in guard.opened(copy, GLOBALS_STREAM)
    assert guard.drill(copy).record.ok


@pytest.mark.parametrize(
    ("script", "said"),
    [
        pytest.param(
            'case $1 in *pg_dumpall) exec "$@";; esac; echo "ERROR: no route to host"',
            "is not a dump",
            id="error text, status 0",
        ),
        pytest.param('case $1 in *pg_dumpall) exec "$@";; esac; true', "wrote no dump", id="nothing, status 0"),
        pytest.param('case $1 in *pg_dumpall) exec "$@";; esac; "$@" | head -c 20000', "", id="cut, status 0"),
        pytest.param('case $1 in *pg_dumpall) exec "$@";; esac; "$@"; exit 3', "exit status 3", id="whole, status 3"),
        pytest.param(
            'case $1 in *pg_dumpall) exec "$@";; esac; echo hello; exec "$@"', "is not a dump", id="greeting first"
        ),
        pytest.param(
            'case $1 in *pg_dumpall) "$@" | head -n -8; exit 0;; esac; exec "$@"',
            "without its last line",
            id="globals cut",
        ),
        pytest.param("exit 127", "must be where the server is", id="no program"),
    ],
)
def test_what_is_not_a_dump_is_not_kept(script: str, said: str, guard: Guard, new_postgres: NewServer) -> None:
    server = new_postgres(17)
    server.sql("create table orders as select i, md5(i::text) from generate_series(1, 5000) i")
    if not said:  # the one that only a drill can notice
        drilled = guard.drill(guard.logical(Wrapped(dsn(server), script)))
        assert not drilled.record.ok
        return
    error = refuses(guard, Wrapped(dsn(server), script))
    assert said in str(error) + error.hint


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_pg_dump_dies_midway(number: signal.Signals, guard: Guard, new_postgres: NewServer, tmp_path: Path) -> None:
    server = new_postgres(17)
    server.sql("create table orders as select i, md5(i::text) from generate_series(1, 50000) i")
    note = tmp_path / "pid"
    midway = f"{{ head -c 300000; kill -{number} $(cat {note}); cat; }}"
    script = f'(echo $BASHPID > {note}; exec "$@") | {midway}'
    error = refuses(guard, Wrapped(dsn(server), f"{GLOBALS_PASS} bash -o pipefail -c '{script}' bash \"$@\""))
    assert f"status {128 + number}" in str(error) or "terminated by user" in str(error)


def test_the_server_goes_away_midway(guard: Guard, new_postgres: NewServer, tmp_path: Path) -> None:
    server = new_postgres(17)
    server.sql("create table orders as select i, md5(i::text) from generate_series(1, 300000) i")
    note = tmp_path / "begun"
    script = f'case $1 in *pg_dumpall) exec "$@";; esac; touch {note}; "$@"; exit $?'

    def strike() -> None:
        wait_until(note.exists, "pg_dump")
        server.kill()

    thread = threading.Thread(target=strike)
    thread.start()
    with pytest.raises(OutliveError) as caught:
        guard.logical(Wrapped(dsn(server), script))  # type: ignore[arg-type]
    thread.join()
    assert caught.value.exit_code in (3, 5) and guard.copies() == []

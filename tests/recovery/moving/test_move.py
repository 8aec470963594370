"""A cluster moves between two real servers: by dump and restore to a login that is no superuser, and by logical replication
under load; killed on the way, compared, and taken back."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from outlive.errors import DatabaseUnreachable, Refused
from outlive.lab.ground.missing import ProgramFailed
from outlive.recovery.moving import sums
from outlive.recovery.steps.base import Done
from outlive.recovery.steps.registry import STEPS
from tests.backup.postgres_copies import program_folder
from tests.recovery.moving.carrying import killed_on_the_way
from tests.recovery.moving.shop import anew, moving
from tests.world.postgres import PostgresServer

pytestmark = [pytest.mark.postgres, pytest.mark.slow]


def test_by_dump_killed_and_taken_back(tmp_path: Path, servers: tuple[PostgresServer, PostgresServer]) -> None:
    source, target = servers
    source.sql("create table loose (note text); insert into loose values ('a'); select lo_create(4711)", "shop")
    move = moving(tmp_path / "move", source, target, "move-postgres")
    before = (move.folder / ".env").read_text()
    assert killed_on_the_way(move, first=12, more=9) >= 4
    assert move.facts()["compare shop-db"]["tables"] == 4 and move.facts()["compare shop-db"]["rows"] == 3052
    (changed,) = set((move.folder / ".env").read_text().splitlines()) - set(before.splitlines())
    host = f"127.0.0.1:{target.port}/defaultdb"
    assert changed == f"DATABASE_URL=postgresql://app:it%27s%20secret@{host}?connect_timeout=3"
    url = changed.partition("=")[2]
    assert target.sql("select count(*) from pg_largeobject_metadata", "defaultdb") == "1"
    assert "read-only" in str(refusal(source, "insert into orders (note) values ('late')"))

    assert_logged_in(url)
    with pytest.raises(Refused, match=r"orders has 3000 rows here, 3001 at the target"):
        move.take_back()
    assert move.step("app-env") == move.step("app-env") and isinstance(move.step("app-env"), Done), (
        "nothing was taken back"
    )
    target.sql("delete from orders where note = 'new'; select setval('orders_id_seq', 3000)", "defaultdb")
    move.take_back()
    assert (move.folder / ".env").read_text() == before
    assert source.sql("insert into orders (note) values ('again') returning id", "shop") == "3001"


def assert_logged_in(url: str) -> None:
    """The app writes there, as itself."""
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute("insert into orders (note) values ('new') returning id").fetchone()
        assert row == (3001,), "the sequence goes on where it was"


def refusal(server: PostgresServer, query: str) -> ProgramFailed:
    with pytest.raises(ProgramFailed) as caught:
        server.sql(query, "shop")
    return caught.value


def test_by_replication_under_load_and_nothing_of_it_is_left(
    tmp_path: Path, servers: tuple[PostgresServer, PostgresServer]
) -> None:
    source, target = servers
    move = moving(tmp_path / "move", source, target, "move-postgres-live")

    def users(kind: str) -> None:
        """They write until the databases are shut."""
        if kind in ("replicate", "read-only"):
            source.sql("insert into orders (note) select 'live' from generate_series(1, 500)", "shop")
            source.sql(
                "update orders set note = 'changed' where id % 7 = 0; delete from orders where id % 11 = 0", "shop"
            )

    move.carry(users)
    here, there = (
        server.sql("select count(*), sum(id), max(id) from orders", name)
        for server, name in ((source, "shop"), (target, "defaultdb"))
    )
    assert here == there
    assert target.sql("select nextval('orders_id_seq')", "defaultdb") == "4001"
    assert target.sql("select orders from totals", "defaultdb") == "3637", "computed anew"
    for query in ("select count(*) from pg_replication_slots", "select count(*) from pg_publication"):
        assert source.sql(query, "shop") == "0"
    assert target.sql("select count(*) from pg_subscription") == "0"


def test_by_replication_killed_on_the_way_and_a_lie_is_found(
    tmp_path: Path, servers: tuple[PostgresServer, PostgresServer]
) -> None:
    source, target = servers
    move = moving(tmp_path / "move", source, target, "move-postgres-live")
    assert killed_on_the_way(move, first=20, more=15) >= 4
    assert source.sql("select count(*) from pg_replication_slots") == "0"
    entry = next(one for one in move.entries() if one.kind == "move-compare")
    inputs = move.inputs(entry)
    assert sums.compared(move.world(), inputs)[0] == []
    target.sql("update orders set note = 'lie' where id = 1; select setval('orders_id_seq', 9)", "defaultdb")
    target.sql('delete from "Odd; name" where id = 1', "defaultdb")
    assert sums.compared(move.world(), inputs)[0] == [
        "shop: public.Odd; name has 50 rows here, 49 at the target",
        "shop: public.orders has as many rows, and not the same ones",
        "shop: sequence public.orders_id_seq is at 3000 here, at 9 at the target",
    ]


def test_what_stands_against_it_is_said_before_anything_is_begun(
    tmp_path: Path, servers: tuple[PostgresServer, PostgresServer]
) -> None:
    source, target = servers
    source.sql("create table loose (note text); select lo_create(4711); create unlogged table cache (id int)", "shop")
    target.sql("create table taken ()", "defaultdb")
    move = moving(tmp_path / "move", source, target, "move-postgres-live")
    with pytest.raises(Refused) as caught:
        move.carry()
    for words in (
        "public.loose has no primary key",
        "1 large object(s)",
        "database defaultdb at the target is not empty",
    ):
        assert words in str(caught.value)
    assert "public.cache" not in str(caught.value), "an unlogged table is published by nobody"
    assert target.sql("select count(*) from pg_roles where rolname = 'app'") == "0"

    source.sql("drop table loose, cache; select lo_unlink(4711)", "shop")
    target.sql("drop table taken", "defaultdb")
    (move.folder / "source").write_text("postgresql://postgres:s3cret-word@127.0.0.1:1/shop")
    with pytest.raises(Refused, match="could not subscribe") as caught:
        move.carry()
    assert "move-postgres" in caught.value.hint and "s3cret-word" not in str(caught.value)
    entry = next(one for one in move.entries() if one.kind == "replicate")
    STEPS["replicate"].undo(move.world(), move.inputs(entry))
    assert source.sql("select count(*) from pg_publication", "shop") == "0"


def test_the_slot_goes_also_when_the_target_is_silent(
    tmp_path: Path, servers: tuple[PostgresServer, PostgresServer]
) -> None:
    source, target = servers
    move = moving(tmp_path / "move", source, target, "move-postgres-live")

    def until(kind: str) -> None:
        if kind == "read-only":
            raise InterruptedError

    with pytest.raises(InterruptedError):
        move.carry(until)
    slots = "select count(*) from pg_replication_slots"
    assert source.sql(slots) == "1"
    entry = next(one for one in move.entries() if one.kind == "replicate")
    there = (move.folder / "target").read_text()
    (move.folder / "target").write_text("postgresql://boss@127.0.0.1:1/defaultdb")
    with pytest.raises(DatabaseUnreachable):
        STEPS["replicate"].undo(move.world(), move.inputs(entry))
    assert source.sql(slots) == "0"
    (move.folder / "target").write_text(there)
    STEPS["replicate"].undo(move.world(), move.inputs(entry))
    assert target.sql("select count(*) from pg_subscription") == source.sql(slots) == "0"


@pytest.mark.parametrize(("older", "newer", "runbook"), [(15, 17, "move-postgres"), (16, 18, "move-postgres-live")])
def test_to_a_newer_major(
    older: int, newer: int, runbook: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows and sequences are compared by the run itself, and once more here."""
    monkeypatch.setenv("OUTLIVE_POSTGRES_DIR", str(program_folder(older, newer)))
    options = {"wal_level": "logical"}
    with PostgresServer(older, auth="scram", options=options) as source, PostgresServer(newer, auth="scram") as target:
        anew(source, target)
        move = moving(tmp_path / "move", source, target, runbook)
        move.carry()
        assert move.facts()["compare shop-db"]["tables"] == 3
        for query in (
            "select count(*), sum(id), max(note) from orders",
            'select count(*), sum(amount) from "Odd; name"',
        ):
            assert target.sql(query, "defaultdb") == source.sql(query, "shop") != "0"
        assert target.sql("select last_value from orders_id_seq", "defaultdb") == "3000"
        assert source.sql("select count(*) from pg_replication_slots") == "0"
        move.take_back()
        assert source.sql("insert into orders (note) values ('again') returning id", "shop") == "3001"

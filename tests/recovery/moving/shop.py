"""The shop that moves, and the folder from which it is moved."""

from __future__ import annotations

from pathlib import Path

from tests.recovery.moving.carrying import Move
from tests.world.postgres import PostgresServer

ASSET = '[[assets]]\nname = "shop-db"\nkind = "postgres"\nhost = "web-1"\ndsn = { file = "own" }\n'
APP = "postgresql://app:it's%20secret@db/shop?connect_timeout=3"
SHOP = """
create table orders (id bigserial primary key, note text, at timestamptz default now());
insert into orders (note) select md5(n::text) from generate_series(1, 3000) n;
create table "Odd; name" (id int generated always as identity primary key, amount numeric, at interval, raw bytea);
insert into "Odd; name" (amount, at, raw) select n / 7.0, n * interval '1 hour', n::text::bytea
from generate_series(1, 50) n;
create table parts (id int, at date, primary key (id, at)) partition by range (at);
create table parts_26 partition of parts for values from ('2026-01-01') to ('2027-01-01');
insert into parts values (1, '2026-02-07');
create materialized view totals as select count(*) as orders from orders;
create extension pg_trgm;
alter table orders owner to app; grant select on parts to reader;
"""


def moving(folder: Path, source: PostgresServer, target: PostgresServer, runbook: str) -> Move:
    folder.mkdir()
    (folder / "more.toml").write_text(ASSET)
    secrets = {"own": source.dsn(), "source": source.dsn("shop"), "target": target.dsn("defaultdb", user="boss")}
    for name, text in {
        **secrets,
        ".env": f"# the shop\nDATABASE_URL='{APP}'\nOTHER=1\n".replace("it's", "it%27s"),
    }.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o600)
    return Move(folder, runbook)


def anew(source: PostgresServer, target: PostgresServer) -> None:
    """The source, with the shop; the target, empty but for the database that a provider makes, and its login. What a run
    left that nobody ended is gone."""
    if target.sql("select count(*) from pg_database where datname = 'defaultdb'") == "1":
        for name in target.sql("select subname from pg_subscription").split():
            how = f'alter subscription "{name}" disable; alter subscription "{name}" set (slot_name = none)'
            target.sql(f'{how}; drop subscription "{name}"', "defaultdb")
    source.sql("select pg_terminate_backend(active_pid, 10000) from pg_replication_slots where active_pid is not null")
    source.sql("select pg_drop_replication_slot(slot_name) from pg_replication_slots")
    for server, database in ((source, "shop"), (target, "defaultdb")):
        server.sql(f"drop database if exists {database} with (force)")
        server.sql("drop role if exists app; drop role if exists reader; drop role if exists boss")
    source.sql("create role app login password 'it''s secret'; create role reader; create database shop owner app")
    source.sql(SHOP, "shop")
    target.sql(
        f"create role boss login createrole createdb password '{target.password}' in role pg_create_subscription;"
        "create database defaultdb owner boss"
    )

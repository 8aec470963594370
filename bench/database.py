"""A database that is the same in every run: eight tables of about equal size, about 3:1 at zstd level 1.

Each row has what rows of applications have (a number, a time, an address, words that repeat) and two digests, which
hardly compress. Eight tables, because pgBackRest shares its work out by file.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from tests.world.postgres import PostgresServer

TABLES = 8
ROW_BYTES = 238  # with its share of the page and of the index, measured
MAJOR = 15  # the newest that Debian 12's pgBackRest knows

FILL = """
SELECT setseed({seed});
CREATE TABLE orders_{n} (id bigint PRIMARY KEY, placed timestamptz NOT NULL, cents int NOT NULL, customer text NOT NULL,
  address text NOT NULL, note text NOT NULL, token text NOT NULL, receipt text NOT NULL);
INSERT INTO orders_{n}
SELECT g, timestamptz '2026-01-01 00:00:00+00' + g * interval '7 seconds', (random() * 90000)::int,
  'customer' || (random() * 50000)::int || '@example.org',
  (1 + random() * 200)::int || ' ' || (ARRAY['Mill Lane', 'Station Road', 'Church Street', 'High Street', 'Park Avenue',
    'Harbour View', 'Old Market', 'Bridge End'])[1 + (random() * 7)::int] || ', '
    || (ARRAY['Leith', 'Porto', 'Kaunas', 'Turku', 'Ghent', 'Graz', 'Brno', 'Bilbao'])[1 + (random() * 7)::int],
  (ARRAY['paid by card, to be delivered to the neighbour', 'gift wrapping, please do not ring before ten',
    'second attempt after the first parcel was lost', 'collected at the counter, receipt by mail',
    'subscription, renewed automatically every month'])[1 + (random() * 4)::int],
  md5(random()::text), md5(random()::text)
FROM generate_series(1, {rows}) g;
"""
QUESTION = "SELECT " + " || ' ' || ".join(
    f"(SELECT count(*) || ':' || sum(cents) FROM orders_{n})" for n in range(1, TABLES + 1)
)


@dataclass(frozen=True, slots=True)
class Database:
    """A running server with the data in it, and what a true copy of it must answer."""

    server: PostgresServer
    bytes: int
    answer: str
    question: str = QUESTION


def new_server() -> PostgresServer:
    """Not yet started. `archive_mode` is on, as pgBackRest wants it; only it sets a command that does anything."""
    options = {
        "archive_mode": "on",
        "autovacuum": "off",
        "shared_buffers": "256MB",
        "max_wal_size": "1GB",
        "checkpoint_timeout": "1h",
        "timezone": "UTC",
    }
    return PostgresServer(MAJOR, options=options)


def fill(server: PostgresServer, megabytes: int) -> Database:
    """Fills the started server; two tables at a time."""
    set_archive_command(server, "true")
    rows = megabytes * 1_000_000 // TABLES // ROW_BYTES
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(partial(_fill_table, server, rows), range(1, TABLES + 1)))
    server.sql("VACUUM (FREEZE, ANALYZE)")
    server.sql("CHECKPOINT")
    size = int(server.sql("SELECT sum(pg_database_size(oid)) FROM pg_database"))
    return Database(server, size, server.sql(QUESTION))


def set_archive_command(server: PostgresServer, command: str) -> None:
    """Takes effect within a moment; `true` throws WAL away."""
    server.sql("ALTER SYSTEM SET archive_command = '{}'".format(command.replace("'", "''")))
    server.sql("SELECT pg_reload_conf()")


def _fill_table(server: PostgresServer, rows: int, number: int) -> None:
    server.sql(FILL.format(n=number, rows=rows, seed=number / 10))

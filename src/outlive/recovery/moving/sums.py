"""Both ends compared: of every table the rows and a sum over all of them, whatever their order; and every sequence.

A row is the text that Postgres prints of it, under settings that do not depend on the server; `hashtextextended` gives the
same number in every version, since hash partitions rest on it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from psycopg.sql import SQL, Identifier

from outlive.recovery.moving import ends
from outlive.recovery.moving.ends import Connection, asking, rows
from outlive.recovery.moving.fit import LOGICAL
from outlive.recovery.moving.survey import OWN_TABLES
from outlive.recovery.steps.base import Inputs, World
from outlive.transport.postgres_door import Door

COMPARE_SECONDS = 6 * 3600.0
SHOWN = 5
_SAME = (
    "SET search_path = ''; SET datestyle = 'ISO, MDY'; SET timezone = 'UTC'; SET intervalstyle = 'postgres'; "
    "SET bytea_output = 'hex'; SET extra_float_digits = 1; SET lc_monetary = 'C'; SET row_security = off; "
    "SET statement_timeout = 0"
)
_TABLES = f"SELECT n.nspname::text, c.relname::text, c.relpersistence = 'u' {OWN_TABLES} ORDER BY 1, 2"
_SUM = SQL(
    'SELECT count(*), coalesce(sum(hashtextextended(ROW(one.*)::text COLLATE "C", 0)), 0)::text FROM ONLY {} AS one'
)
_SEQUENCES = "SELECT schemaname::text, sequencename::text FROM pg_sequences ORDER BY 1, 2"


@dataclass(frozen=True, slots=True)
class Sums:
    """Of one database: `(rows, sum)` of each table, `(last value, whether it was given out)` of each sequence."""

    tables: Mapping[str, tuple[int, str]]
    sequences: Mapping[str, tuple[int, bool]]

    @property
    def rows(self) -> int:
        return sum(count for count, _ in self.tables.values())


def sums(door: Door, database: str, *, unlogged: bool = True) -> Sums:
    """Reads all of it. Without `unlogged` such tables are left out, which logical replication does not carry."""
    with asking(door, database, seconds=COMPARE_SECONDS) as connection:
        connection.execute(_SAME)
        tables = {
            f"{schema}.{name}": rows(connection, _SUM.format(Identifier(schema, name)))[0]
            for schema, name, is_unlogged in rows(connection, _TABLES)
            if unlogged or not is_unlogged
        }
        return Sums(tables, {f"{schema}.{name}": value for schema, name, value in sequences(connection)})


def sequences(connection: Connection) -> Iterator[tuple[str, str, Any]]:
    """Schema, name and `(last value, whether it was given out)` of each."""
    for schema, name in rows(connection, _SEQUENCES):
        yield (
            schema,
            name,
            rows(connection, SQL("SELECT last_value, is_called FROM {}").format(Identifier(schema, name)))[0],
        )


def differences(source: Sums, target: Sums) -> Iterator[str]:
    """Nothing when both hold the same."""
    for name in sorted(source.tables.keys() | target.tables.keys()):
        here, there = source.tables.get(name), target.tables.get(name)
        if here is None or there is None:
            yield f"{name} is only at the {'target' if here is None else 'source'}"
        elif here[0] != there[0]:
            yield f"{name} has {here[0]} rows here, {there[0]} at the target"
        elif here != there:
            yield f"{name} has as many rows, and not the same ones"
    for name in sorted(source.sequences.keys() | target.sequences.keys()):
        if (value := source.sequences.get(name)) != (found := target.sequences.get(name)):
            yield f"sequence {name} is at {value and value[0]} here, at {found and found[0]} at the target"


def shortened(found: list[str]) -> str:
    more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    return f"{'; '.join(found[:SHOWN])}{more}"


def compared(world: World, inputs: Inputs) -> tuple[list[str], int, int]:
    """Differences between all databases that move and what they are at the target; how many tables and rows were read."""
    found: list[str] = []
    tables = count = 0
    with ends.source(world, inputs).open() as here, ends.target(world, inputs).open() as there:
        for name, called in ends.moved(inputs).items():
            unlogged = inputs.args.get("way") != LOGICAL
            one = sums(here, name, unlogged=unlogged)
            found += [f"{name}: {said}" for said in differences(one, sums(there, called, unlogged=unlogged))]
            tables, count = tables + len(one.tables), count + one.rows
    return found, tables, count

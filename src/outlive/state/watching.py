"""What the keeper remembers of its looking: the same store, its own tables. The keeper, `outlive check` and `outlive
identity` may all write here; none changes what another has seen."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import fields, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from outlive.model.observation import Observation
from outlive.model.stretch import Stretch
from outlive.model.watching import Blind, Enrolment, Judged, LogPosition, Planted, Settlement, Told, Window
from outlive.state.store import Store
from outlive.state.tables import (
    addresses,
    blind,
    enrolments,
    log_positions,
    planted,
    settlements,
    sightings,
    verdicts,
    windows,
)

_JSON = ("facts", "document")


class Watching:
    """Raises what the store raises."""

    def __init__(self, store: Store) -> None:
        self._store = store

    # --- what was seen -------------------------------------------------------------------------------------------

    def keep(
        self,
        stretches: Iterable[Stretch],
        positions: Iterable[LogPosition] = (),
        gone: Iterable[tuple[str, str]] = (),
    ) -> None:
        """Adds or lengthens; and, in the same transaction, how far the logs were read of which these are. `gone`: readers
        and logs that are read no more."""
        with self._store.begin() as connection:
            for position in positions:
                _put(connection, log_positions, _values(position))
            for reader, log in gone:
                which = sa.and_(log_positions.c.reader == reader, log_positions.c.log == log)
                connection.execute(sa.delete(log_positions).where(which))
            for one in stretches:
                values = {
                    "key": one.key,
                    "at": one.first.at,
                    "until": one.last.at,
                    "times": one.times,
                    "first": json.dumps(one.first.to_json()),
                    "last": json.dumps(one.last.to_json()),
                }
                _put(connection, sightings, values)

    def stretches(self, since: datetime) -> list[Stretch]:
        """Those that reach past the moment, and of each thing the last one, however old; oldest first."""
        newest = (
            sa.select(sightings.c.key, sa.func.max(sightings.c.at).label("at")).group_by(sightings.c.key).subquery()
        )
        is_newest = sa.and_(sightings.c.key == newest.c.key, sightings.c.at == newest.c.at)
        wanted = sa.or_(sightings.c.until >= since, newest.c.key.is_not(None))
        query = sa.select(sightings).select_from(sightings.outerjoin(newest, is_newest)).where(wanted)
        with self._store.begin() as connection:
            rows = connection.execute(query.order_by(sightings.c.at, sightings.c.key)).all()
        return [Stretch(row.key, _observation(row.first), _observation(row.last), row.times) for row in rows]

    def of_facts(self, subjects: Iterable[str], facts: Iterable[str], since: datetime) -> list[Stretch]:
        """Those of such facts at such subjects that reach past the moment, oldest first."""
        told = [f'"subject": {json.dumps(one)}' for one in subjects]
        there = sa.or_(sa.false(), *(sightings.c.first.contains(one, autoescape=True) for one in told))
        named = sa.or_(*(sightings.c.first.contains(f'"fact": "{one}"', autoescape=True) for one in facts))
        query = sa.select(sightings).where(sightings.c.until >= since, there, named)
        with self._store.begin() as connection:
            rows = connection.execute(query.order_by(sightings.c.at, sightings.c.key)).all()
        return [Stretch(row.key, _observation(row.first), _observation(row.last), row.times) for row in rows]

    def log_positions(self) -> list[LogPosition]:
        """How far every log was read."""
        return [LogPosition(**row) for row in self._rows(log_positions, None, "at")]

    def signs(self, since: datetime) -> list[Observation]:
        """What was found in logs and somebody should see: critical leaks and signs of compromise, each as it was last seen,
        at or after the moment; oldest first."""
        query = sa.select(sightings.c.last).where(sightings.c.until >= since, sightings.c.last.contains('"log.leak"'))
        with self._store.begin() as connection:
            rows = connection.execute(query.order_by(sightings.c.until, sightings.c.key)).all()
        return [one for row in rows if _is_grave(one := _observation(row.last))]

    def settlements(self) -> list[Settlement]:
        """What people have said of signs, oldest first."""
        return [Settlement(**row) for row in self._rows(settlements, None, "at")]

    def settle(self, settled: Iterable[Settlement]) -> None:
        with self._store.begin() as connection:
            for one in settled:
                _put(connection, settlements, _values(one))

    def told_by_providers(self, since: datetime) -> list[Stretch]:
        """Findings, whole answers, plans and questions without an answer, that reach past the moment; oldest first."""
        about = sightings.c.last
        unanswered = sa.and_(about.contains('"provider.server"'), about.contains('"error"'))
        facts = (about.contains(f'"{fact}"') for fact in ("provider.finding", "provider.listing", "tofu.plan"))
        query = sa.select(sightings).where(sightings.c.until >= since, sa.or_(*facts, unanswered))
        with self._store.begin() as connection:
            rows = connection.execute(query.order_by(sightings.c.at, sightings.c.key)).all()
        return [Stretch(row.key, _observation(row.first), _observation(row.last), row.times) for row in rows]

    def prune(self, before: datetime, most_rows: int) -> int:
        """Forgets what ended before the moment (of verdicts, the last of each host stays), then the oldest beyond so many
        rows. Returns how many sights are gone."""
        with self._store.begin() as connection:
            gone = connection.execute(sa.delete(sightings).where(sightings.c.until < before)).rowcount
            connection.execute(sa.delete(blind).where(blind.c.until < before))
            connection.execute(sa.delete(log_positions).where(log_positions.c.at < before))
            connection.execute(sa.delete(settlements).where(settlements.c.at < before))
            stands = _is_newest(verdicts, "host", "since")
            connection.execute(sa.delete(verdicts).where(verdicts.c.judged_at < before, sa.not_(stands)))
            edge = sa.select(sightings.c.until).order_by(sightings.c.until.desc()).offset(most_rows).limit(1)
            if (oldest := connection.scalar(edge)) is not None:
                gone += connection.execute(sa.delete(sightings).where(sightings.c.until <= oldest)).rowcount
        return gone

    # --- who hosts are, and where --------------------------------------------------------------------------------

    def enrolments(self, host: str | None = None) -> list[Enrolment]:
        """The whole history, oldest first."""
        return [Enrolment(**row) for row in self._rows(enrolments, host, "at")]

    def enrol(self, enrolment: Enrolment) -> None:
        self._put(enrolments, enrolment)

    def addresses(self) -> list[Told]:
        """The whole ledger, also what was forgotten."""
        return [Told(**row) for row in self._rows(addresses, None, "first_at")]

    def tell(self, told: Iterable[Told]) -> None:
        """Adds, or moves `last_at` on."""
        with self._store.begin() as connection:
            for one in told:
                _put(connection, addresses, _values(one), keep=("first_at", "forgotten_at"))

    def forget(self, host: str, address: str, now: datetime) -> bool:
        """Notes that it is not to be asked any more; whether there was such an address."""
        which = sa.and_(addresses.c.host == host, addresses.c.address == address)
        with self._store.begin() as connection:
            return connection.execute(sa.update(addresses).where(which).values(forgotten_at=now)).rowcount > 0

    def windows(self) -> list[Window]:
        """All, oldest first."""
        return [Window(**row) for row in self._rows(windows, None, "since")]

    def declare(self, window: Window) -> None:
        self._put(windows, window)

    def planted(self) -> list[Planted]:
        """All markers ever planted, oldest first."""
        return [Planted(**row) for row in self._rows(planted, None, "at")]

    def plant(self, marker: Planted) -> None:
        self._put(planted, marker)

    # --- what came of it -----------------------------------------------------------------------------------------

    def verdicts(self, host: str | None = None) -> list[Judged]:
        """Every change, oldest first."""
        return [Judged(**row) for row in self._rows(verdicts, host, "since")]

    def standing(self) -> dict[str, Judged]:
        """The last verdict of each host."""
        found = self._rows(verdicts, None, "since", _is_newest(verdicts, "host", "since"))
        return {row["host"]: Judged(**row) for row in found}

    def judged(self, verdict: Judged) -> Judged:
        """Remembers it, as a change when it is one. Returns what now stands."""
        stands = self.standing().get(verdict.host)
        if stands and (stands.verdict, stands.confirmed) == (verdict.verdict, verdict.confirmed):
            verdict = replace(verdict, since=stands.since)
        self._put(verdicts, verdict)
        return verdict

    def keeper_told_at(self) -> datetime | None:
        """The keeper's last sign of life: while it lives, the verdicts are its own to remember."""
        beat = self._store.beat()
        return None if beat is None else beat.told_at

    def blind(self, since: datetime) -> list[Blind]:
        """The times that reach past the moment, oldest first."""
        rows = self._rows(blind, None, "since")
        return [one for one in (Blind(**row) for row in rows) if one.until is None or one.until >= since]

    def set_blind(self, blind_time: Blind) -> None:
        """Begins, or ends, a time of not seeing."""
        self._put(blind, blind_time)

    def _rows(
        self, table: sa.Table, host: str | None, order: str, *which: sa.ColumnElement[bool]
    ) -> list[dict[str, Any]]:
        query = sa.select(table).where(*which).order_by(table.c[order])
        if host is not None:
            query = query.where(table.c.host == host)
        with self._store.begin() as connection:
            rows = [dict(row._mapping) for row in connection.execute(query)]
        return [row | {name: json.loads(row[name]) for name in _JSON if name in row} for row in rows]

    def _put(self, table: sa.Table, value: Any) -> None:
        with self._store.begin() as connection:
            _put(connection, table, _values(value))


def _is_newest(table: sa.Table, key: str, at: str) -> sa.ColumnElement[bool]:
    """Whether a row is the last one of its key."""
    other = table.alias()
    newest = sa.select(sa.func.max(other.c[at])).where(other.c[key] == table.c[key]).scalar_subquery()
    return table.c[at] == newest


def _values(value: Any) -> dict[str, Any]:
    found = {field.name: getattr(value, field.name) for field in fields(value)}
    return found | {name: json.dumps(found[name]) for name in _JSON if name in found}


def _put(connection: Connection, table: sa.Table, values: dict[str, Any], keep: tuple[str, ...] = ()) -> None:
    """Changes the row of that primary key (but for `keep`), else adds it."""
    same = sa.and_(*(column == values[column.name] for column in table.primary_key))
    changed = connection.execute(
        sa.update(table).where(same).values({name: one for name, one in values.items() if name not in keep})
    )
    if changed.rowcount == 0:
        connection.execute(sa.insert(table).values(values))


def _observation(text: str) -> Observation:
    return Observation.from_json(json.loads(text))


def _is_grave(one: Observation) -> bool:
    value = one.value if one.fact == "log.leak" and isinstance(one.value, dict) else {}
    return value.get("compromise") is True or value.get("severity") == "critical"

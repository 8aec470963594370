"""The tables, for SQLite and Postgres alike (SQLAlchemy Core). Moments are stored as UTC without an offset."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Float,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
)
from sqlalchemy.engine import Dialect

metadata = MetaData()


class Moment(TypeDecorator[datetime]):
    """An aware datetime; what comes back is in UTC. A naive one is refused."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("a moment without an offset")
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


schedules = Table(
    "schedules",
    metadata,
    Column("job", String(200), primary_key=True),
    Column("next_due", Moment, nullable=False),
    Column("runs", Integer, nullable=False, server_default="0"),
    Column("last_run", String(300)),
)

outcomes = Table(
    "outcomes",
    metadata,
    Column("job", String(200), primary_key=True),
    Column("run", String(300), nullable=False),
    Column("ended_at", Moment, nullable=False),
    Column("ok", Boolean, nullable=False),
    Column("said", Text, nullable=False),
)

streams = Table(
    "streams",
    metadata,
    Column("asset", String(100), primary_key=True),
    Column("health", String(20), nullable=False),
    Column("since", Moment, nullable=False),
    Column("until", Moment),
    Column("position", String(20), nullable=False),
    Column("bytes_at_risk", BigInteger),
    Column("why", Text, nullable=False),
    Column("advice", Text, nullable=False),
    Column("told_at", Moment, nullable=False),
    Column("skew_seconds", Float),
    Column("safe_bytes", BigInteger),
)

beats = Table(
    "beats",
    metadata,
    Column("keeper", String(100), primary_key=True),
    Column("started_at", Moment, nullable=False),
    Column("told_at", Moment, nullable=False),
)

# What was seen: a row a stretch (model/stretch.py), first and last sight as JSON.
sightings = Table(
    "sightings",
    metadata,
    Column("key", String(32), primary_key=True),
    Column("at", Moment, primary_key=True),
    Column("until", Moment, nullable=False, index=True),
    Column("times", BigInteger, nullable=False),
    Column("first", Text, nullable=False),
    Column("last", Text, nullable=False),
)

enrolments = Table(
    "enrolments",
    metadata,
    Column("host", String(100), primary_key=True),
    Column("at", Moment, primary_key=True),
    Column("by", String(200), nullable=False),
    Column("how", String(300), nullable=False),
    Column("facts", Text, nullable=False),
)

addresses = Table(
    "addresses",
    metadata,
    Column("host", String(100), primary_key=True),
    Column("address", String(255), primary_key=True),
    Column("told_by", String(300), primary_key=True),
    Column("first_at", Moment, nullable=False),
    Column("last_at", Moment, nullable=False),
    Column("forgotten_at", Moment),
)

windows = Table(
    "windows",
    metadata,
    Column("host", String(100), primary_key=True),
    Column("since", Moment, primary_key=True),
    Column("until", Moment, nullable=False),
    Column("expect", String(20), nullable=False),
    Column("by", String(200), nullable=False),
)

verdicts = Table(
    "verdicts",
    metadata,
    Column("host", String(100), primary_key=True),
    Column("since", Moment, primary_key=True),
    Column("judged_at", Moment, nullable=False),
    Column("verdict", String(40), nullable=False),
    Column("confirmed", Boolean, nullable=False),
    Column("document", Text, nullable=False),
)

blind = Table(
    "blind",
    metadata,
    Column("what", String(300), primary_key=True),
    Column("since", Moment, primary_key=True),
    Column("until", Moment),
    Column("why", Text, nullable=False),
)

planted = Table(
    "planted",
    metadata,
    Column("host", String(100), primary_key=True),
    Column("place", String(255), primary_key=True),
    Column("tag", String(64), primary_key=True),
    Column("at", Moment, nullable=False),
    Column("by", String(200), nullable=False),
    Column("removed_at", Moment),
)

# One thing that is wrong. The keeper writes all of it but for the acknowledgement, which `outlive ack` writes.
incidents = Table(
    "incidents",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("cause", String(300), nullable=False),
    Column("opened_at", Moment, nullable=False),
    Column("ended_at", Moment, index=True),
    Column("document", Text, nullable=False),
    Column("acknowledged_at", Moment),
    Column("acknowledged_by", String(200), nullable=False, server_default=""),
)

# Messages on their way and how they came out; the keeper's engine carries those that are `queued`.
deliveries = Table(
    "deliveries",
    metadata,
    Column("id", String(300), primary_key=True),
    Column("channel", String(100), nullable=False, index=True),
    Column("at", Moment, nullable=False),
    Column("state", String(20), nullable=False, index=True),
    Column("ended_at", Moment),
    Column("why", Text, nullable=False),
    Column("document", Text, nullable=False),
)

# What people noted and imported, as observations; `id` is a hash of it, so that nothing is kept twice.
events = Table(
    "events",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("incident", Integer, index=True),
    Column("at", Moment, nullable=False),
    Column("learnt_at", Moment, nullable=False),
    Column("document", Text, nullable=False),
)

# When each of people's cron jobs told what.
crons = Table(
    "crons",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("began_at", Moment),
    Column("succeeded_at", Moment),
    Column("failed_at", Moment),
    Column("exit_status", Integer),
)

# How far logs were read: a row a container's log, or a query of Loki.
log_positions = Table(
    "log_positions",
    metadata,
    Column("reader", String(300), primary_key=True),
    Column("log", String(700), primary_key=True),
    Column("at", Moment, nullable=False),
    Column("document", Text, nullable=False),
)

# What a person has said of something that was found in a log.
settlements = Table(
    "settlements",
    metadata,
    Column("subject", String(255), primary_key=True),
    Column("service", String(255), primary_key=True),
    Column("rule", String(100), primary_key=True),
    Column("fingerprint", String(100), primary_key=True),
    Column("at", Moment, nullable=False),
    Column("by", String(200), nullable=False),
    Column("how", String(20), nullable=False),
)

# How checks answered, a row an hour (model/tally.py); `subject` is a host, or an asset whose log is kept.
tallies = Table(
    "tallies",
    metadata,
    Column("subject", String(100), primary_key=True),
    Column("check", String(300), primary_key=True),
    Column("at", Moment, primary_key=True, index=True),
    Column("looks", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("timed", Integer, nullable=False),
    Column("total_seconds", Float, nullable=False),
    Column("most_seconds", Float, nullable=False),
    Column("why", Text, nullable=False),
)

# Runs of runbooks: what was to be done, and, in order, what was.
recoveries = Table(
    "recoveries",
    metadata,
    Column("id", String(120), primary_key=True),
    Column("began_at", Moment, nullable=False),
    Column("document", Text, nullable=False),
)

recovery_journal = Table(
    "recovery_journal",
    metadata,
    Column("run", String(120), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False),
    Column("step", String(200), nullable=False),
    Column("what", String(20), nullable=False),
    Column("by", String(200), nullable=False),
    Column("said", Text, nullable=False),
    Column("document", Text, nullable=False),
)

"""What Postgres is asked in a survey, and how its answers (JSON, one document a question) are read. PURE.

Nothing is written, no table is read, and every question is one that a superuser, an owner or, for most facts, any role
may ask. PostgreSQL 14 to 18.
"""

from __future__ import annotations

import json
from typing import Any

from outlive.survey.found import FoundDatabase, FoundPostgres, WayIn

VERSION = "SELECT current_setting('server_version_num')"

# Apart from the others, because managed servers may not let anybody run this function.
IDENTIFIER = "SELECT system_identifier FROM pg_control_system()"

EXTENSIONS = "SELECT coalesce(json_agg(extname || ' ' || extversion ORDER BY extname), '[]') FROM pg_extension"

# From pg_settings and not SHOW: what a role may not see is missing there, instead of an error.
_CLUSTER = """
SELECT json_build_object(
  'settings', (SELECT json_object_agg(name, setting) FROM pg_settings WHERE name IN
    ('server_version', 'data_checksums', 'wal_level', 'max_wal_senders', 'data_directory')),
  'in_recovery', pg_is_in_recovery(),
  'databases', (SELECT json_agg(json_build_object('name', datname, 'encoding', pg_encoding_to_char(encoding),
      'bytes', CASE WHEN has_database_privilege(oid, 'CONNECT') THEN pg_database_size(oid) END,
      'connect', datallowconn AND has_database_privilege(oid, 'CONNECT'){collation}) ORDER BY datname)
    FROM pg_database WHERE NOT datistemplate))
"""
_COLLATION = ", 'recorded', datcollversion, 'actual', pg_database_collation_actual_version(oid)"


def cluster(version_num: int) -> str:
    """The question for what is the same in every database. Versions of collations are known from 15 on."""
    return _CLUSTER.format(collation=_COLLATION if version_num >= 150000 else "")


def read_version(text: str) -> int:
    """Raises ValueError when it is no number."""
    return int(text.strip())


def read_cluster(way: WayIn, version_num: int, text: str, identifier: str) -> tuple[FoundPostgres, tuple[str, ...]]:
    """The cluster, and the names of the databases that may be asked for their extensions. Raises ValueError."""
    answer = json.loads(text)
    settings: dict[str, str] = answer["settings"] or {}
    rows: list[dict[str, Any]] = answer["databases"] or []
    senders = settings.get("max_wal_senders")
    found = FoundPostgres(
        way=way,
        version=settings.get("server_version", "").split(" ")[0],
        version_num=version_num,
        system_identifier=identifier.strip(),
        data_checksums=None if "data_checksums" not in settings else settings["data_checksums"] == "on",
        wal_level=settings.get("wal_level", ""),
        max_wal_senders=None if senders is None else int(senders),
        in_recovery=bool(answer["in_recovery"]),
        data_directory=settings.get("data_directory", ""),
        databases=tuple(_database(row) for row in rows),
    )
    return found, tuple(row["name"] for row in rows if row["connect"])


def read_extensions(text: str) -> tuple[str, ...]:
    """`name version` of each. plpgsql is everywhere and not told."""
    return tuple(name for name in json.loads(text) if not name.startswith("plpgsql "))


def _database(row: dict[str, Any]) -> FoundDatabase:
    return FoundDatabase(
        name=row["name"],
        bytes=row["bytes"],
        encoding=row["encoding"],
        collation_recorded=row.get("recorded"),
        collation_actual=row.get("actual"),
    )

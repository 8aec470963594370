"""Asks one Postgres cluster what it is. Nothing is written there.

In a container the server's own psql asks, over the local socket, which every image has and trusts. Whether a physical
copy can be had is tried in the very way in which a backup will go.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import psycopg
from psycopg import conninfo

from outlive.commands import docker, docker_objects
from outlive.errors import CommandFailed, OutliveError
from outlive.survey import postgres_facts as facts
from outlive.survey.found import FoundDatabase, FoundPostgres, WayIn
from outlive.transport.base import Shell
from outlive.transport.postgres import ContainerWay, Door, SocketWay, Way

PSQL_SECONDS = 30
MOST_DATABASES = 50

Ask = Callable[[str, str], str]


def in_container(shell: Shell, container: docker_objects.Container) -> FoundPostgres:
    """The cluster of a running container."""
    user = container.variables.get("POSTGRES_USER") or "postgres"
    way = WayIn(container=container.address, user=user)
    found = _asked(way, lambda database, question: _psql(shell, container.name, user, database, question))
    if found.problem:
        return found
    return replace(
        found, no_replication=_no_replication(found, ContainerWay(shell, container.address, 5432, user, None))
    )


def on_socket(shell: Shell, directory: str, port: int, owner: str) -> FoundPostgres:
    """A server of the host itself, as the operating system's user that owns its socket."""
    way = SocketWay(shell, directory, owner, port, "postgres", None)
    return through(way, WayIn(socket=directory, os_user=owner, port=port))


def through(way: Way, told: WayIn) -> FoundPostgres:
    """A server behind any way in: asked in the database that a DSN names, else in `postgres`."""
    try:
        with way.open() as door:
            database = str(conninfo.conninfo_to_dict(door.conninfo).get("dbname") or "postgres")
            found = _asked(told, lambda name, question: _query(door, name or database, question))
            return found if found.problem else replace(found, no_replication=_refusal(found, door))
    except (OutliveError, psycopg.Error) as error:
        return FoundPostgres(told, problem=_plain(error))


def _asked(way: WayIn, ask: Ask) -> FoundPostgres:
    try:
        version_num = facts.read_version(ask("", facts.VERSION))
        identifier = ""
        with suppress(OutliveError, psycopg.Error):
            identifier = ask("", facts.IDENTIFIER)
        found, names = facts.read_cluster(way, version_num, ask("", facts.cluster(version_num)), identifier)
    except (OutliveError, psycopg.Error, ValueError, KeyError) as error:
        return FoundPostgres(way, problem=_plain(error))
    asked = set(names[:MOST_DATABASES])
    return replace(found, databases=tuple(_with_extensions(one, ask, asked) for one in found.databases))


def _with_extensions(database: FoundDatabase, ask: Ask, asked: set[str]) -> FoundDatabase:
    if database.name not in asked:
        return database
    try:
        return replace(database, extensions=facts.read_extensions(ask(database.name, facts.EXTENSIONS)))
    except (OutliveError, psycopg.Error, ValueError):
        return database  # one database that does not let us in says nothing about the others


def _psql(shell: Shell, container: str, user: str, database: str, question: str) -> str:
    words = ("psql", "-XAtqw", "-v", "ON_ERROR_STOP=1", "-U", user, "-d", database or "postgres", "-c", question)
    done = shell.run(docker.exec_(container, words), timeout_seconds=PSQL_SECONDS)
    return done.check(f"psql in container {container}").text


def _query(door: Door, database: str, question: str) -> str:
    with door.connect(database) as connection:
        row = connection.execute(question.encode()).fetchone()
    if row is None:
        raise CommandFailed("Postgres answered with no row.")
    return str(row[0]) if isinstance(row[0], str | int) else json.dumps(row[0])


def _no_replication(found: FoundPostgres, way: Way) -> str:
    try:
        with way.open() as door:
            return _refusal(found, door)
    except (OutliveError, psycopg.Error) as error:
        return _plain(error)


def _refusal(found: FoundPostgres, door: Door) -> str:
    """Why no base backup can be taken through this door, "" when IDENTIFY_SYSTEM was answered."""
    if found.wal_level == "minimal":
        return "wal_level is minimal: it keeps too little WAL (it takes replica, and a restart)"
    if found.max_wal_senders == 0:
        return "max_wal_senders is 0: it serves no replication (it takes 2 or more, and a restart)"
    try:
        with door.replication() as connection:
            answer = connection.pgconn.exec_(b"IDENTIFY_SYSTEM")
            return "" if answer.ntuples == 1 else answer.error_message.decode("utf-8", "replace").strip()
    except (OutliveError, psycopg.Error) as error:
        return _plain(error)


def _plain(error: Exception) -> str:
    """One line; of ours the detail, without the sentence that a failed backup would need."""
    text = error.detail if isinstance(error, OutliveError) and error.detail else str(error)
    return " ".join(text.split())

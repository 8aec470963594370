"""An open way in to a Postgres server: connections, and the client programs that fit it; and why it stayed shut."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial

import psycopg
from psycopg import conninfo, pq

from outlive.errors import DatabaseUnreachable, NotPermitted, OutliveError
from outlive.transport import postgres_programs, process
from outlive.transport.base import Running

CONNECT_SECONDS = 15
PATIENCE_SECONDS = 180  # a little more than the statement_timeout that questions are asked with

Connection = psycopg.Connection[tuple[object, ...]]


@dataclass(frozen=True, slots=True)
class Door:
    """An open way in. `conninfo` connects from here; `program` starts one of the server's own client programs and adds
    the words that say which server; `image` is the container's image, where there is one; `database` is one that can be
    connected to for questions about the whole server."""

    conninfo: str = field(repr=False)  # may hold a password
    program: Callable[[Sequence[str]], Running]
    image: str | None = None
    database: str = "postgres"
    complaints: Callable[[], str] = lambda: ""

    def connect(self, dbname: str, **options: str) -> Connection:
        """A connection in autocommit mode. Raises `DatabaseUnreachable`, or `NotPermitted` when the login is right but
        may not do this."""
        words = {"connect_timeout": str(CONNECT_SECONDS), "application_name": "outlive", "dbname": dbname} | options
        try:
            return psycopg.connect(conninfo.make_conninfo(self.conninfo, **words), autocommit=True)
        except psycopg.OperationalError as error:
            raise _refusal(error, self.complaints()) from error

    def replication(self) -> Connection:
        """A connection that speaks the replication protocol (physical)."""
        return self.connect(self.database, replication="true")


@contextmanager
def patience(connection: psycopg.Connection[object], seconds: float = PATIENCE_SECONDS) -> Iterator[None]:
    """Breaks the connection when the body takes longer: neither a hung server nor a hung way may hang us. The body then
    sees `psycopg.OperationalError`. (psycopg bounds connecting, but waits for an answer for ever.)"""
    timer = threading.Timer(seconds, cut, (connection,))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()


def cut(connection: psycopg.Connection[object]) -> None:
    """Shuts the connection's socket down, from any thread: whoever waits for the server wakes up."""
    with suppress(OSError, psycopg.Error):
        with socket.socket(fileno=os.dup(connection.pgconn.socket)) as other:
            other.shutdown(socket.SHUT_RDWR)


def local_program(
    info: str, argv: Sequence[str], *, stdin: bool = False, on_stderr: Callable[[bytes], None] | None = None
) -> Running:
    """A client program of this machine, of exactly the server's major. What the connection string says
    goes by the environment: TLS files and the password too, and nothing of it into an argument vector."""
    folder = postgres_programs.find_clients(server_major(info))
    env = os.environ | environment(info) | {"LC_ALL": "C"}  # their words are read
    return process.Process([str(folder / argv[0]), *argv[1:]], shown=argv, stdin=stdin, env=env, on_stderr=on_stderr)


def server_major(info: str) -> int:
    """The major version of the server behind a connection string."""
    database = str(conninfo.conninfo_to_dict(info).get("dbname") or "postgres")
    with Door(info, partial(local_program, info)).connect(database) as connection:
        return connection.info.server_version // 10000


def environment(info: str) -> Mapping[str, str]:
    """A connection string as the PG... variables that libpq's programs read. Keepalives have none and are left out."""
    options = pq.Conninfo.parse(info.encode())
    return {one.envvar.decode(): one.val.decode() for one in options if one.envvar and one.val is not None}


def one_line(said: object) -> str:
    """What Postgres said, as one line."""
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    return " ".join(text.split()) or "no word from the server"


def _refusal(error: psycopg.OperationalError, complaints: str) -> OutliveError:
    """Words as libpq and Postgres 14 to 18 print them; servers that speak another language are only told apart less."""
    said = one_line(error)
    if complaints:
        said = f"{said} (the way there said: {complaints})"
    role = error.pgconn.user.decode() if error.pgconn and error.pgconn.user else "ROLE"
    if "REPLICATION attribute" in said or "must be superuser or replication role" in said:
        return NotPermitted(said, hint=replication_cure(role))
    if "no pg_hba.conf entry for replication" in said or "rejects replication connection" in said:
        return NotPermitted(said, hint=_HBA.format(role=_identifier(role)))
    if "permission denied for database" in said:
        database = _identifier(error.pgconn.db.decode()) if error.pgconn else "DATABASE"
        return NotPermitted(said, hint=f"As its owner: GRANT CONNECT ON DATABASE {database} TO {_identifier(role)};")
    if "authentication failed" in said or "no password supplied" in said:
        return DatabaseUnreachable(said, hint=f"Check the password of role {role}. The server itself answers.")
    if 'database "' in said and '" does not exist' in said:
        return DatabaseUnreachable(
            said, hint="Name a database that is there (`psql -l` lists them). The server answers."
        )
    if "max_wal_senders" in said:
        return NotPermitted(said, hint="ALTER SYSTEM SET max_wal_senders = 10; then restart Postgres.")
    if "pg_hba.conf" in said:
        return DatabaseUnreachable(said, hint="Check user and address against pg_hba.conf. The server itself answers.")
    return DatabaseUnreachable(said)


def replication_cure(role: str) -> str:
    """The statement that lets a role take physical copies."""
    return f"As a superuser: ALTER ROLE {_identifier(role)} REPLICATION; (or guard it with kind postgres_dump)."


_HBA = (
    "Add this line to pg_hba.conf, with the address that the server named, then SELECT pg_reload_conf(); : "
    "host replication {role} ADDRESS/32 scram-sha-256"
)


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'

"""What `pg_dumpall --globals-only` writes, statement by statement. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

_NAME = r'("(?:[^"]|"")+"|[^\s";]+)'
_ROLE = re.compile(rf"(?:CREATE|ALTER|COMMENT ON|SECURITY LABEL (?:FOR \S+ )?ON) ROLE {_NAME}", re.I)
_SPACE = re.compile(rf"(?:CREATE|ALTER|COMMENT ON|GRANT .*? ON|REVOKE .*? ON) TABLESPACE {_NAME}", re.I | re.S)
_NEW_SPACE = re.compile(rf"CREATE TABLESPACE {_NAME}", re.I)
_OPTIONS = re.compile(rf"(ALTER ROLE {_NAME} WITH )((?:[A-Z]+[ ;])+)(.*)", re.S)
_POWERS = ("SUPERUSER", "CREATEROLE", "CREATEDB", "REPLICATION", "BYPASSRLS")
_GRANTOR = re.compile(rf" GRANTED BY {_NAME};$")


def statements(text: str) -> Iterator[str]:
    """The SQL statements, without the comments and psql's own commands (`\\connect`, `\\restrict`) between them.

    A semicolon ends a statement unless it is in quotes; a doubled quote closes and opens again, which comes to the same.
    A string with backslashes is written E'...' and doubles them, so a backslash before a quote is never alone.
    """
    statement: list[str] = []
    quote = ""
    for line in text.split("\n"):  # not splitlines: a name may hold what Unicode calls a line's end
        if not statement and (not line.strip() or line.startswith(("--", "\\"))):
            continue
        for char in line:
            if char in "'\"" and quote in ("", char):
                quote = "" if quote else char
        statement.append(line)
        if not quote and line.rstrip().endswith(";"):
            yield "\n".join(statement).strip()
            statement = []


def role_of(statement: str) -> str | None:
    """The role that a statement makes or changes; None for others, memberships among them."""
    found = _ROLE.match(statement)
    return _unquoted(found[1]) if found else None


def by_power(statement: str) -> Iterator[str]:
    """`ALTER ROLE ... WITH` for a role that is new: what everybody with CREATEROLE may say first, then each power by
    itself, since a server refuses a whole statement for one word. Other statements as they are.

    A new role has none of the powers, and saying so (NOSUPERUSER) is refused as well.
    """
    found = _OPTIONS.match(statement)
    if found is None:
        yield statement
        return
    start, _, words, rest = found.groups()
    options = words.rstrip(" ;").split()
    plain = [word for word in options if word.removeprefix("NO") not in _POWERS]
    yield f"{start}{' '.join(plain)}{' ' if rest else ''}{rest}".removesuffix(";") + ";"
    for power in (word for word in options if word in _POWERS):
        yield f"{start}{power};"


def by_me(statement: str) -> str | None:
    """A membership as granted by whoever says it; None when the statement names no grantor. Only a superuser may name
    another one, and from Postgres 16 on that one must be allowed to grant it."""
    if not statement.startswith("GRANT ") or not _GRANTOR.search(statement):
        return None
    return _GRANTOR.sub(";", statement)


def shown(statement: str) -> str:
    """The statement for a person, in one line, without the password or value of a setting that it may hold."""
    return " ".join(re.sub(r" (PASSWORD|SET \S+ TO) .*", r" \1 ...", statement, flags=re.S).rstrip(";").split())


def is_about_tablespace(statement: str) -> bool:
    """True for one that makes, changes or grants a tablespace: its place on disk is the old server's."""
    return _SPACE.match(statement) is not None


def new_tablespace(statement: str) -> str | None:
    """The name of the tablespace that a statement makes."""
    found = _NEW_SPACE.match(statement)
    return _unquoted(found[1]) if found else None


def _unquoted(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name

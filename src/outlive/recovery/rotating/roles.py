"""The guarded clusters of a host are asked what they keep of passwords, and are given new ones. No password is ever said to
a server: what it keeps is worked out here (libpq, `PQencryptPasswordConn`), so that its log has none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import psycopg
from psycopg.sql import SQL, Identifier, Literal

from outlive.errors import NotPermitted
from outlive.model.asset import PostgresAsset
from outlive.recovery.moving.ends import asking, rows, said, way_of
from outlive.recovery.rotating import verifiers
from outlive.recovery.rotating.ours import Role
from outlive.recovery.steps.base import World

_KEPT = "SELECT rolname::text, rolpassword FROM pg_authid WHERE rolcanlogin AND rolpassword IS NOT NULL ORDER BY 1"
_SESSIONS = """
FROM pg_stat_activity
WHERE usename = %s AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""


def clusters(world: World) -> list[PostgresAsset]:
    """Those of the host that we may ask as a superuser: by container, or by DSN."""
    return [one for one in world.own_assets() if isinstance(one, PostgresAsset) and (one.container or one.dsn)]


def known(world: World) -> list[Role]:
    """Every role that logs in with a password. Raises `NotPermitted` where they may not be read."""
    return [role for asset in clusters(world) for role in _of(world, asset)]


def _of(world: World, asset: PostgresAsset) -> Iterator[Role]:
    with way_of(world, asset).open() as door, door.connect(door.database) as connection:
        try:
            found = rows(connection, _KEPT)
            ((me,),) = rows(connection, "SELECT current_user::text")
        except psycopg.Error as error:
            hint = f"It wants a superuser: `user` of {asset.name} in outlive.toml."
            raise NotPermitted(f"what {asset.name} keeps of passwords: {said(error)}", hint=hint) from None
    own = me if asset.password or asset.dsn else None  # else we are let in without a password
    for name, verifier in found:
        yield Role(asset.name, name, verifier, is_ours=name == own)


def wrong(world: World, wanted: Mapping[tuple[str, str], str]) -> list[str]:
    """The roles, by asset and name, that do not have that password."""
    kept = {(one.asset, one.name): one.verifier for one in known(world)}
    return [
        f"{name} of {asset}"
        for (asset, name), word in wanted.items()
        if not verifiers.is_of(kept.get((asset, name)), word, name)
    ]


def give(world: World, wanted: Mapping[tuple[str, str], str]) -> None:
    """Each role that has another password gets this one. Its sessions are ended, which a new password does not do."""
    for asset in clusters(world):
        own = {name: word for (of, name), word in wanted.items() if of == asset.name}
        if not own:
            continue
        kept = {one.name: one.verifier for one in _of(world, asset)}
        with way_of(world, asset).open() as door, asking(door, door.database) as connection:
            for name, word in own.items():
                if not verifiers.is_of(kept.get(name), word, name):
                    how = b"md5" if kept.get(name, "").startswith("md5") else b"scram-sha-256"
                    made = connection.pgconn.encrypt_password(word.encode(), name.encode(), how).decode()
                    connection.execute(SQL("ALTER ROLE {} PASSWORD {}").format(Identifier(name), Literal(made)))
                rows(connection, f"SELECT pg_terminate_backend(pid, 10000) {_SESSIONS}", name)


def sessions(world: World, wanted: Iterable[tuple[str, str]]) -> int:
    """How many there are of these roles."""
    count = 0
    for asset in clusters(world):
        with way_of(world, asset).open() as door, asking(door, door.database) as connection:
            for name in (name for of, name in wanted if of == asset.name):
                count += len(rows(connection, f"SELECT pid {_SESSIONS}", name))
    return count

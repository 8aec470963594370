"""The globals and dumps of a copy, poured into a server."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from outlive.backup.restore.restore_dsn import Destination, Dump, Loaded
from outlive.backup.streams.unseal import unseal
from outlive.errors import CopyDamaged
from outlive.model.copy import Manifest
from outlive.vault.base import Vault
from outlive.vault.encryption import Identity

GLOBALS = "globals.sql"


def load_dumps(
    vault: Vault, manifest: Manifest, identities: Sequence[Identity], wanted: dict[str, Any], destination: Destination
) -> Loaded:
    """`wanted` is the copy's inventory. Raises what `Destination.load` raises, and `CopyDamaged`, `WrongKey`."""

    def stream(name: str) -> Iterator[bytes]:
        found = manifest.stream(name)
        if found is None:
            raise CopyDamaged(f"{manifest.id} has no stream {name}.")
        return unseal(vault, manifest, found, identities)

    databases = [database for database in wanted["before"]["databases"] if "stream" in database]
    dumps = [Dump(database, partial(stream, database["stream"])) for database in databases]
    return destination.load(stream(GLOBALS), dumps, major_of(manifest))


def major_of(manifest: Manifest) -> int:
    """The major version of the server that was copied."""
    return int(manifest.source["server_version_num"]) // 10000


def superuser(wanted: dict[str, Any]) -> str:
    """A superuser of the copied cluster to log in as."""
    supers = [role["name"] for role in wanted["after"]["roles"] if role["superuser"] and role["login"]]
    return "postgres" if "postgres" in supers or not supers else str(supers[0])

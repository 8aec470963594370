"""Which Postgres clusters to guard, and how. PURE."""

from __future__ import annotations

from typing import Any

from outlive.commands.docker_objects import Container, Mount
from outlive.model.asset import PostgresAsset, PostgresDumpAsset, SecretRef
from outlive.survey.found import FoundDatabase, FoundPostgres, Survey
from outlive.survey.proposal import LeftOut, Names, Proposed, amount

DATA_HOME = "/var/lib/postgresql"
SHOWN_DATABASES = 12

Parts = tuple[list[Proposed], list[Proposed], list[LeftOut]]


def clusters(survey: Survey, host: str | None, dsn: SecretRef | None, names: Names) -> Parts:
    """Guarded, optional (to be completed by a person), and left out."""
    guarded: list[Proposed] = []
    optional: list[Proposed] = []
    left: list[LeftOut] = []
    for found in survey.postgres:
        proposed = _cluster(found, host, dsn, names)
        if not found.problem:
            guarded.append(proposed)
            continue
        optional.append(proposed)
        why = f"it could not be asked: {found.problem}"
        left.append(LeftOut(proposed.asset.kind, proposed.asset.name, why, at_risk=True))
    return guarded, optional, left


def data_mounts(survey: Survey, *, asked: bool) -> dict[str, Container]:
    """The volumes (by name) and bound folders (by path) in which running clusters keep their data, and whose they are:
    of those that could be asked, or of those that could not."""
    homes: dict[str, Container] = {}
    for found in survey.postgres:
        container = _container_of(survey, found)
        if container is None or bool(found.problem) is asked:
            continue
        home = found.data_directory or container.variables.get("PGDATA", f"{DATA_HOME}/data")
        for mount in container.mounts:
            if _holds(mount, home):
                homes[mount.name or mount.source] = container
    return homes


def is_data_home(mount: Mount) -> bool:
    """Whether Postgres images keep their data there, going by the path alone."""
    return mount.target.startswith(DATA_HOME)


def _holds(mount: Mount, home: str) -> bool:
    return home == mount.target or home.startswith(f"{mount.target.rstrip('/')}/")


def _container_of(survey: Survey, found: FoundPostgres) -> Container | None:
    containers = survey.docker.containers if survey.docker else ()
    return next((one for one in containers if found.way.container == one.address and one.running), None)


def _cluster(found: FoundPostgres, host: str | None, dsn: SecretRef | None, names: Names) -> Proposed:
    kind: type[PostgresAsset] | type[PostgresDumpAsset] = PostgresDumpAsset if found.no_replication else PostgresAsset
    asset = kind(name=_name(found, host, names), **_way(found, host, dsn))
    return Proposed(asset, tuple(_about(found)), tuple(_notes(found)), bytes=found.bytes)


def _name(found: FoundPostgres, host: str | None, names: Names) -> str:
    if found.way.container:
        return names.fresh(*found.way.container.split("/"))
    if found.way.socket:
        return names.fresh(host or "local", "postgres", *([str(found.way.port)] if found.way.port != 5432 else []))
    return names.fresh("managed-db")


def _way(found: FoundPostgres, host: str | None, dsn: SecretRef | None) -> dict[str, Any]:
    way = found.way
    if dsn is not None:
        return {"dsn": dsn}
    place: dict[str, Any] = {"host": host, "user": way.user}
    if found.problem:
        place["password"] = SecretRef(env="OUTLIVE_POSTGRES_PASSWORD")
    if way.container:
        return place | {"container": way.container}
    return place | {"socket": way.socket, "os_user": way.os_user, "port": way.port}


def _about(found: FoundPostgres) -> list[str]:
    if found.problem:
        return []
    identity = f", system identifier {found.system_identifier}" if found.system_identifier else ""
    sums = {True: "data checksums on", False: "data checksums off", None: "data checksums unknown"}
    lines = [f"PostgreSQL {found.version}, {amount(found.bytes)}{identity}, {sums[found.data_checksums]}"]
    lines += [_database(one) for one in found.databases[:SHOWN_DATABASES]]
    if len(found.databases) > SHOWN_DATABASES:
        lines.append(f"and {len(found.databases) - SHOWN_DATABASES} more databases")
    return lines


def _database(one: FoundDatabase) -> str:
    extensions = f", with {', '.join(one.extensions)}" if one.extensions else ""
    return f"database {one.name}: {amount(one.bytes)}, {one.encoding}{extensions}"


def _notes(found: FoundPostgres) -> list[str]:
    if found.problem:
        return [f"Could not be asked: {found.problem}", "Complete the way in, then uncomment it."]
    notes = []
    if found.no_replication:
        notes.append(f"Copied logically (pg_dump), because a physical copy cannot be had: {found.no_replication}")
    if found.in_recovery:
        notes.append("This is a standby: what its primary has not sent yet is in no copy.")
    if found.data_checksums is False:
        notes.append("Without data checksums, pages that the disk has damaged are copied unnoticed.")
    moved = [one.name for one in found.databases if one.collation_moved]
    if moved:
        notes.append(
            f"The collation of {', '.join(moved)} was made by another version of the system's library than the one"
            " there now: text indexes may be wrong. REINDEX, then ALTER DATABASE ... REFRESH COLLATION VERSION."
        )
    return notes

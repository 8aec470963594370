"""CherryServers' documents, read. Pure. Shapes: research/incident-and-provider.md 2.2, from its official clients. Only what
is named here is taken: passwords (`password`, `bmc`, `backup_storage`) never leave the document."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from outlive.model.project import Server
from outlive.providers.reading import addresses, date, identity, number, rows, table, text, text_or_nothing

_OUTSIDE = ("primary-ip", "floating-ip")  # not private ones; a subnet is no address


def read_server(document: dict[str, Any], where: str = "server") -> Server:
    """Raises ValueError naming what is wrong. What a person could take for the state of the server must be there."""
    image = document.get("deployed_image")
    plan = document.get("plan")
    keys = rows(document.get("ssh_keys") or [], f"{where}.ssh_keys")
    return Server(
        id=identity(document.get("id"), f"{where}.id"),
        hostname=text(document.get("hostname"), f"{where}.hostname"),
        state=text(document.get("state"), f"{where}.state"),
        status=text_or_nothing(document.get("status"), f"{where}.status"),
        power=text_or_nothing(document.get("power"), f"{where}.power"),
        addresses=addresses(_outside(document, where), f"{where}.ip_addresses"),
        keys=tuple(sorted(identity(one.get("id"), f"{where}.ssh_keys.id") for one in keys)),
        image=text(table(image, f"{where}.deployed_image").get("slug"), f"{where}.deployed_image.slug")
        if image
        else text_or_nothing(document.get("image"), f"{where}.image"),
        plan=text_or_nothing(table(plan, f"{where}.plan").get("slug"), f"{where}.plan.slug") if plan else "",
        created_at=date(document.get("created_at")),
    )


def read_servers(page: Any) -> list[Server]:
    return [read_server(one, f"servers[{index}]") for index, one in enumerate(rows(page, "servers"))]


def read_credit_hours(teams: Any, team: str | None) -> float:
    """Hours until on-demand services stop, of that team, or of the only one. Raises ValueError."""
    listed = rows(teams, "teams")
    chosen = [one for one in listed if team in (None, str(one.get("id")))]
    if len(chosen) != 1:
        raise ValueError(f"the token sees {len(listed)} teams; name the project's: team")
    found: Any = chosen[0]
    for key in ("credit", "resources", "remaining"):
        found = table(table(found, "team").get(key), key)
    if found.get("unit") not in ("Hourly", "Hours"):
        raise ValueError("the remaining credit is told in no unit that is known")
    return number(found.get("time"), "credit.resources.remaining.time")


def read_ids(listed: Any, what: str) -> list[str]:
    """Of teams, of projects. Raises ValueError."""
    return [identity(one.get("id"), f"{what}[{index}].id") for index, one in enumerate(rows(listed, what))]


def _outside(document: dict[str, Any], where: str) -> Iterator[str]:
    for one in rows(document.get("ip_addresses"), f"{where}.ip_addresses"):
        if one.get("type") in _OUTSIDE:
            yield text(one.get("address"), f"{where}.ip_addresses.address")

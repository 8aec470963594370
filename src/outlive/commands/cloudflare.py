"""Cloudflare's DNS records: documents read, changes built. PURE. Shapes: developers.cloudflare.com/api, "DNS Records" and
"Batch DNS Records" (one database transaction; deletes, then patches, then posts)."""

from __future__ import annotations

import ipaddress
from typing import Any
from urllib.parse import quote

from outlive.commands.dns_records import KINDS, Record, Standing

BASE = "https://api.cloudflare.com/client/v4"
AUTOMATIC, AUTOMATIC_SECONDS = 1, 300  # "ttl": 1 means automatic, which is 300 seconds where it is not proxied
_PER_PAGE = 100


def records_path(zone: str, name: str) -> str:
    return f"/zones/{quote(zone, safe='')}/dns_records?name={quote(name, safe='')}&per_page={_PER_PAGE}"


def batch_path(zone: str) -> str:
    return f"/zones/{quote(zone, safe='')}/dns_records/batch"


def read_records(name: str, body: Any) -> Standing:
    """Raises ValueError on what is not the whole list, or cannot be read."""
    rows = body.get("result") if isinstance(body, dict) and body.get("success") is True else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ValueError("the answer is no list of records")
    total = (body.get("result_info") or {}).get("total_count", len(rows))
    if total != len(rows):
        raise ValueError(f"{total} records of {name}, and {len(rows)} came")
    mine = [row for row in rows if row.get("name") == name]
    alias = next((str(row.get("content")) for row in mine if row.get("type") == "CNAME"), "")
    found = [_record(row) for row in mine if row.get("type") in KINDS]
    return Standing(name, tuple(sorted(found, key=lambda one: (one.kind, one.address))), alias)


def _record(row: dict[str, Any]) -> Record:
    ttl, identity, is_proxied = row.get("ttl"), row.get("id"), row.get("proxied", False)
    if isinstance(ttl, bool) or not isinstance(ttl, int) or not isinstance(identity, str):
        raise ValueError("a record without ttl or id")
    if not isinstance(is_proxied, bool):
        raise ValueError("a record of which is not told whether it is proxied")
    address = str(ipaddress.ip_address(str(row.get("content"))))
    return Record(str(row["type"]), address, AUTOMATIC_SECONDS if ttl == AUTOMATIC else ttl, identity, is_proxied)


def change(before: Standing, after: Standing) -> dict[str, Any]:
    """The batch that leads there. A record that stays keeps its id, and with it its comment and tags. Deletes and patches go
    by the ids that were seen: when somebody has changed them meanwhile, nothing of the batch is done."""
    deletes: list[dict[str, Any]] = []
    patches: list[dict[str, Any]] = []
    posts: list[dict[str, Any]] = []
    for kind in KINDS:
        old, new = _aligned(before.of(kind), after.of(kind))
        patches += [{"id": was.id, **_document(after.name, one)} for was, one in zip(old, new, strict=False)]
        deletes += [{"id": one.id} for one in old[len(new) :]]
        posts += [_document(after.name, one) for one in new[len(old) :]]
    return {key: value for key, value in (("deletes", deletes), ("patches", patches), ("posts", posts)) if value}


def _aligned(old: tuple[Record, ...], new: tuple[Record, ...]) -> tuple[list[Record], list[Record]]:
    """Both with the addresses that stay in front: two records of a name must not be alike, not even in between."""
    stays = {one.address for one in old} & {one.address for one in new}
    front = [sorted((one for one in row if one.address in stays), key=lambda one: one.address) for row in (old, new)]
    rest = [[one for one in row if one.address not in stays] for row in (old, new)]
    return front[0] + rest[0], front[1] + rest[1]


def _document(name: str, one: Record) -> dict[str, Any]:
    ttl = AUTOMATIC if one.is_proxied else one.ttl_seconds
    return {"type": one.kind, "name": name, "content": one.address, "ttl": ttl, "proxied": one.is_proxied}

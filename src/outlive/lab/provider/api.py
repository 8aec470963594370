"""Which question gets which answer. PURE: the paths of the API, and what its clients may add to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from outlive.lab.provider import documents
from outlive.lab.provider.documents import PROJECT_ID, TEAM_ID, Knowledge

Found = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, a JSON body, and further headers."""

    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)


def refusal(status: int, message: str, headers: Mapping[str, str] | None = None) -> Answer:
    """As the API words its errors."""
    return Answer(status, {"code": status, "message": message}, headers or {})


def get(path: str, query: Mapping[str, str], known: Knowledge) -> Answer:
    """The answer to GET /v1/<path>."""
    match path.strip("/").split("/"):
        case ["teams"]:
            return _page([documents.team(known)], query)
        case ["teams", number] if number == str(TEAM_ID):
            return Answer(200, documents.team(known))
        case ["teams", number, "projects"] if number == str(TEAM_ID):
            return _page([documents.PROJECT], query)
        case ["projects", number] if number == str(PROJECT_ID):
            return Answer(200, documents.PROJECT)
        case ["projects", number, "servers"] if number == str(PROJECT_ID):
            return _page(_search(_servers(known), query), query)
        case ["projects", number, "ips"] if number == str(PROJECT_ID):
            return _page([documents.ip(one) for one in known.servers], query)
        case ["ssh-keys"]:
            return _page([documents.key(one) for one in known.keys], query)
        case ["servers", identity, "ssh-keys"]:
            return _one(_servers(known), identity, query, lambda found: found["ssh_keys"])
        case ["servers", identity]:
            return _one(_servers(known), identity, query)
        case ["ips", identity]:
            return _one([documents.ip(one) for one in known.servers], identity, query)
        case ["ssh-keys", identity]:
            return _one([documents.key(one) for one in known.keys], identity, query)
    return refusal(404, "Not found.")


def _servers(known: Knowledge) -> Found:
    return [documents.server(one, known) for one in known.servers]


def _search(found: Found, query: Mapping[str, str]) -> Found:
    """`search`: a phrase in the hostname or a public address."""
    phrase = query.get("search", "")
    texts = [(one, [one["hostname"], *(ip["address"] for ip in one["ip_addresses"])]) for one in found]
    return [one for one, text in texts if any(phrase in word for word in text)]


def _page(found: Found, query: Mapping[str, str]) -> Answer:
    """`limit`, `offset`, `fields`; how many there are in all is a header."""
    offset, limit = int(query.get("offset", 0)), int(query.get("limit", 100))
    shown = [_fields(one, query) for one in found[offset : offset + limit]]
    return Answer(200, shown, {"X-Total-Count": str(len(found))})


def _one(
    found: Found, identity: str, query: Mapping[str, str], part: Callable[[dict[str, Any]], Any] | None = None
) -> Answer:
    for one in found:
        if str(one["id"]) == identity:
            return Answer(200, part(one) if part else _fields(one, query))
    return refusal(404, "Not found.")


def _fields(one: dict[str, Any], query: Mapping[str, str]) -> dict[str, Any]:
    """`fields=power,status`: these alone, and the id. `power` is shown to those only who ask for it."""
    wanted = query.get("fields", "all").split(",")
    if "all" in wanted:
        return {key: value for key, value in one.items() if key != "power" or "power" in wanted}
    return {key: value for key, value in one.items() if key == "id" or key in wanted}

"""What the fake of CherryServers' API changes when it is told to by a client with the token: only OpenTofu's provider does
that in tests; Outlive itself never sends anything but GET.

As the real one (research/incident-and-provider.md 2.1, 5.2): the address of a destroyed server is the next to be handed
out; a reinstall keeps id and address, and leaves no trace in the documents.
"""

from __future__ import annotations

from typing import Any

from outlive.lab.provider.api import Answer, refusal
from outlive.lab.provider.documents import Knowledge, Server, server

CREATED = "2026-02-06T11:34:24+00:00"


class Changes:
    """`did` is what was done, oldest first: `POST servers`, `POST servers/1/actions reinstall`."""

    def __init__(self, first_id: int, addresses: list[str]) -> None:
        self.did: list[str] = []
        self._next_id = first_id
        self._free = addresses

    def __call__(self, method: str, path: str, body: dict[str, Any], known: Knowledge) -> Answer:
        """`path` is below /v1/."""
        self.did.append(" ".join(filter(None, (method, path, str(body.get("type", ""))))))
        match method, path.split("/"):
            case "POST", ["projects", _, "servers"]:
                return self._create(body, known)
            case "POST", ["servers", identity, "actions"]:
                return self._act(identity, body, known)
            case "PUT", ["servers", identity]:
                return self._rename(identity, body, known)
            case "DELETE", ["servers", identity]:
                return self._delete(identity, known)
        return refusal(404, "Not found.")

    def _create(self, body: dict[str, Any], known: Knowledge) -> Answer:
        keys = [int(one) for one in body.get("ssh_keys", [])]
        made = Server(self._next_id, body["hostname"], self._free.pop(0), CREATED, ssh_keys=keys)
        self._next_id += 1
        known.servers.append(made)
        return Answer(201, server(made, known))

    def _act(self, identity: str, body: dict[str, Any], known: Knowledge) -> Answer:
        found = _found(identity, known)
        if found is None:
            return refusal(404, "Not found.")
        if body.get("type") in ("power_on", "power_off"):
            found.power = str(body["type"]).removeprefix("power_")
            return Answer(200, server(found, known))
        if body.get("type") != "reinstall" or not body.get("password"):
            return refusal(400, "A reinstall wants a password.")
        found.ssh_keys = [int(one) for one in body.get("ssh_keys", [])]
        return Answer(200, server(found, known))

    def _rename(self, identity: str, body: dict[str, Any], known: Knowledge) -> Answer:
        found = _found(identity, known)
        if found is None:
            return refusal(404, "Not found.")
        found.hostname = body.get("hostname", found.hostname)
        return Answer(200, server(found, known))

    def _delete(self, identity: str, known: Knowledge) -> Answer:
        found = _found(identity, known)
        if found is None:
            return refusal(404, "Not found.")
        known.servers.remove(found)
        self._free.insert(0, found.address)
        return Answer(204, {})


def _found(identity: str, known: Knowledge) -> Server | None:
    return next((one for one in known.servers if str(one.id) == identity), None)

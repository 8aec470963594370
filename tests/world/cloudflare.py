"""Cloudflare's DNS records in this process: shapes and refusals as developers.cloudflare.com/api has them. A batch is one
transaction: all of it or nothing."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any

from tests.world.biting import Answer, BitingApi

ZONE = "023e105f4ecef8ad9ca31a8372d0c353"


class Refused(Exception):
    """With Cloudflare's number of the error."""


@dataclass
class CloudflareApi(BitingApi):
    """`records` by id; `batches` are those that were done."""

    records: dict[str, dict[str, Any]] = field(default_factory=dict)
    batches: list[Any] = field(default_factory=list)

    def record(self, kind: str, name: str, content: str, ttl: int = 300, proxied: bool = False) -> str:
        identity = f"{len(self.records) + len(self.batches) * 100:032x}"
        given = {"id": identity, "type": kind, "name": name, "content": content, "ttl": ttl, "proxied": proxied}
        self._check(given)
        self.records[identity] = given
        return identity

    def addresses(self, name: str) -> list[str]:
        return sorted(one["content"] for one in self.records.values() if one["name"] == name)

    def refusal(self, status: int) -> Any:
        return {"success": False, "errors": [{"code": 10000, "message": f"status {status}"}], "result": None}

    def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> Answer:
        base = f"/zones/{ZONE}/dns_records"
        if (method, path) == ("GET", base):
            found = [one for one in self.records.values() if one["name"] == query.get("name", one["name"])]
            info = {"page": 1, "per_page": 100, "count": len(found), "total_count": len(found), "total_pages": 1}
            return 200, {"success": True, "errors": [], "messages": [], "result": found, "result_info": info}
        if (method, path) == ("POST", f"{base}/batch"):
            return self._batch(body)
        return 404, self.refusal(404)

    def _batch(self, body: dict[str, Any]) -> Answer:
        before = copy.deepcopy(self.records)
        try:
            for one in body.get("deletes", []):
                self._get(one["id"])
                del self.records[one["id"]]
            for one in body.get("patches", []):
                changed = self._get(one["id"]) | one
                self._check(changed)
                self.records[one["id"]] = changed
            for one in body.get("posts", []):
                self.record(one["type"], one["name"], one["content"], one["ttl"], one["proxied"])
        except Refused as error:
            self.records = before
            return 400, {"success": False, "errors": [{"code": int(str(error))}], "result": None}
        self.batches.append(body)
        return 200, {"success": True, "errors": [], "messages": [], "result": {}}

    def _get(self, identity: str) -> dict[str, Any]:
        if identity not in self.records:
            raise Refused(81044)  # Record does not exist.
        return self.records[identity]

    def _check(self, given: dict[str, Any]) -> None:
        for one in self.records.values():
            if one["id"] != given["id"] and all(one[key] == given[key] for key in ("type", "name", "content")):
                raise Refused(81058)  # An identical record already exists.
        if given["ttl"] != 1 and (given["proxied"] or not 30 <= given["ttl"] <= 86400):
            raise Refused(9021)  # Invalid TTL.

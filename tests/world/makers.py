"""CherryServers and Hetzner in this process, as far as machines are made and switched there. What is listed has the lab's
and the tests' own shapes; a new machine is listed late, and takes a while until it is up."""

from __future__ import annotations

from base64 import b64decode
from dataclasses import dataclass, field
from typing import Any

from outlive.lab.provider import api
from outlive.lab.provider.documents import PLAN, PROJECT_ID, Knowledge, Server
from tests.world import hetzner
from tests.world.biting import Answer, BitingApi
from tests.world.cloud import CREATED

PRICED = PLAN | {"pricing": [{"price": 0.01815, "currency": "EUR", "unit": "Hourly", "taxed": False}]}
TYPE = {
    "id": 2,
    "name": "cloud_vps_1",
    "description": "CX22",
    "prices": [
        {
            "location": "eu_nord_1",
            "price_hourly": {"net": "0.0060", "gross": "0.0074"},
            "price_monthly": {"net": "3.79", "gross": "4.59"},
        }
    ],
}


@dataclass
class MakerApi(BitingApi):
    """`ordered` are the bodies of orders that were done, `switched` the power that was asked for, `deleted` the ids that
    were given back. A new machine is missing from `late` lists, and being made for `slow` more."""

    ordered: list[dict[str, Any]] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    switched: list[tuple[str, str]] = field(default_factory=list)
    late: int = 0
    slow: int = 1
    _age: dict[int, int] = field(default_factory=dict)

    def ages(self) -> dict[int, int]:
        """How often each new machine might have been listed, once more now."""
        self._age = {number: age + 1 for number, age in self._age.items()}
        return self._age

    def is_listed(self, number: int) -> bool:
        return self._age.get(number, self.late + 1) > self.late

    def is_up(self, number: int) -> bool:
        return self._age.get(number, self.late + self.slow + 1) > self.late + self.slow


@dataclass
class CherryApi(MakerApi):
    """Two of one hostname are made without a word."""

    known: list[Server] = field(default_factory=list)

    @property
    def provider(self) -> str:
        return (
            f'[[providers]]\nname = "cloud"\nkind = "cherryservers"\nproject = "{PROJECT_ID}"\nurl = "{self.url}/v1"\n'
            'token = { file = "token" }\n'
        )

    def user_data(self) -> str:
        return b64decode(self.ordered[-1]["user_data"]).decode()

    def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> Answer:
        words = path.removeprefix("/v1/").strip("/").split("/")
        match method, words:
            case "POST", ["projects", _, "servers"]:
                self.ordered.append(body)
                number = 700200 + len(self.ordered)
                self._age[number] = 0
                made = Server(number, body["hostname"], f"198.51.100.{len(self.ordered)}", CREATED, "provisioning")
                made.status = "deploying"
                self.known.append(made)
                return 201, {"id": number, "hostname": body["hostname"], "state": "provisioning"}
            case "POST", ["servers", identity, "actions"]:
                self.switched.append((identity, body["type"]))
                for one in self.known:
                    if str(one.id) == identity:
                        one.power = body["type"].removeprefix("power_")
                return 201, {}
            case "DELETE", ["servers", identity] if one := self._at(identity):
                self.known.remove(one)
                self.deleted.append(identity)
                return 204, None
            case "GET", ["plans", "cloud_vps_1"]:
                return 200, PRICED
            case "GET", _:
                if words[-1] == "servers":
                    self._grow()
                listed = [one for one in self.known if self.is_listed(one.id)]
                said = api.get(path.removeprefix("/v1/"), query, Knowledge(listed))
                return said.status, said.body
        return 404, self.refusal(404)

    def _at(self, identity: str) -> Server | None:
        return next((one for one in self.known if str(one.id) == identity), None)

    def _grow(self) -> None:
        self.ages()
        for one in self.known:
            if one.state == "provisioning" and self.is_up(one.id):
                one.state, one.status = "active", "deployed"


@dataclass
class HetznerApi(MakerApi):
    """A second server of one name is refused (409, uniqueness_error)."""

    known: list[dict[str, Any]] = field(default_factory=list)

    @property
    def provider(self) -> str:
        return f'[[providers]]\nname = "cloud"\nkind = "hetzner"\nurl = "{self.url}/v1"\ntoken = {{ file = "token" }}\n'

    def user_data(self) -> str:
        return str(self.ordered[-1]["user_data"])

    def refusal(self, status: int) -> Any:
        return hetzner.refusal({429: "rate_limit_exceeded", 409: "uniqueness_error"}.get(status, "server_error"))

    def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> Answer:
        match method, path.removeprefix("/v1/").strip("/").split("/"):
            case "POST", ["servers"]:
                if any(one["name"] == body["name"] for one in self.known):
                    return 409, self.refusal(409)
                self.ordered.append(body)
                number = 4700 + len(self.ordered)
                self._age[number] = 0
                public = {"ipv4": {"ip": f"198.51.100.{len(self.ordered)}"}, "ipv6": None}
                self.known.append(hetzner.server(number, name=body["name"], status="initializing", public_net=public))
                return 201, {"server": self.known[-1], "action": {"id": 1, "status": "running"}}
            case "POST", ["servers", identity, "actions", what]:
                self.switched.append((identity, what))
                for one in self.known:
                    if str(one["id"]) == identity:
                        one["status"] = {"poweroff": "off", "poweron": "running"}[what]
                return 201, {"action": {"id": 2, "status": "running"}}
            case "DELETE", ["servers", identity] if one := self._at(identity):
                self.known.remove(one)
                self.deleted.append(identity)
                return 200, {"action": {"id": 3, "status": "running"}}
            case "GET", ["servers"]:
                return 200, self._list()
            case "GET", ["server_types"]:
                return 200, {"server_types": [TYPE] if query.get("name") == "cloud_vps_1" else []}
        return 404, self.refusal(404)

    def _at(self, identity: str) -> dict[str, Any] | None:
        return next((one for one in self.known if str(one["id"]) == identity), None)

    def _list(self) -> dict[str, Any]:
        self.ages()
        listed = [one for one in self.known if self.is_listed(one["id"])]
        for one in listed:
            if one["status"] == "initializing" and self.is_up(one["id"]):
                one["status"] = "running"
        return {"servers": listed, "meta": {"pagination": {"last_page": 1, "total_entries": len(listed)}}}

"""Hetzner Cloud with volumes, as far as they are made, plugged in and out there (docs.hetzner.cloud, "Volumes"; fields as in
hcloud-go): a new one is listed late, takes a while until it is there, and a while more until it is plugged in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.world.biting import Answer
from tests.world.makers import HetznerApi

PRICING = {
    "pricing": {"currency": "EUR", "volume": {"price_per_gb_month": {"net": "0.0440000000", "gross": "0.05236"}}}
}


@dataclass
class HetznerVolumesApi(HetznerApi):
    """`bought` are the bodies of orders that were done, `plugged` what was asked for of attachments, in order. `refuses`:
    attaching ends in an error, as an action may."""

    volumes: list[dict[str, Any]] = field(default_factory=list)
    bought: list[dict[str, Any]] = field(default_factory=list)
    plugged: list[tuple[str, str]] = field(default_factory=list)
    refuses: int = 0
    _looks: dict[int, int] = field(default_factory=dict)
    _soon: dict[int, tuple[int, int]] = field(default_factory=dict)

    def plug_in(self, volume: dict[str, Any], server: int) -> None:
        """It is there now; a subclass has a device for it."""
        volume["server"] = server

    def plug_out(self, volume: dict[str, Any]) -> None:
        volume["server"] = None

    def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> Answer:
        match method, path.removeprefix("/v1/").strip("/").split("/"):
            case "GET", ["pricing"]:
                return 200, PRICING
            case "POST", ["volumes"]:
                return self._buy(body)
            case "GET", ["volumes"]:
                self._pass()
                found = [one for one in self.volumes if one["name"] == query["name"] and self._is_told(one["id"])]
                return 200, {"volumes": found, "meta": {"pagination": {"last_page": 1, "total_entries": len(found)}}}
            case "GET", ["volumes", identity] if one := self._volume(identity):
                self._pass()
                return 200, {"volume": one}
            case "POST", ["volumes", identity, "actions", what] if one := self._volume(identity):
                return self._act(one, what, body)
        return super().answer(method, path, query, body)

    def _buy(self, body: Any) -> Answer:
        if any(one["name"] == body["name"] for one in self.volumes):
            return 409, self.refusal(409)
        if body.keys() & {"format", "location"} or body["automount"]:
            return 400, self.refusal(400)
        self.bought.append(body)
        number = 4900 + len(self.bought)
        made = {"id": number, "name": body["name"], "size": body["size"], "status": "creating", "server": None}
        made |= {"linux_device": f"/dev/disk/by-id/scsi-0HC_Volume_{number}", "protection": {"delete": False}}
        made |= {"location": {"id": 1, "name": "fsn1"}, "format": None, "labels": body["labels"]}
        self.volumes.append(made)
        self._looks[number], self._soon[number] = 0, (body["server"], self.late + self.slow)
        return 201, {"volume": dict(made), "action": {"id": 7, "status": "running"}, "next_actions": []}

    def _act(self, one: dict[str, Any], what: str, body: Any) -> Answer:
        if what == "change_protection":
            one["protection"] = dict(body)
        elif what == "attach":
            if one["server"] is not None or one["status"] != "available":
                return 409, self.refusal(409)
            self.plugged.append((str(one["id"]), f"attach {body['server']}"))
            if self.refuses:
                self.refuses -= 1
            else:
                self._soon[one["id"]] = (body["server"], self._looks.get(one["id"], 0) + self.slow)
        else:
            self.plugged.append((str(one["id"]), "detach"))
            self.plug_out(one)
        return 201, {"action": {"id": 8, "command": what, "status": "running"}}

    def _pass(self) -> None:
        """Time, by a look."""
        for one in self.volumes:
            self._looks[one["id"]] = looks = self._looks.get(one["id"], 0) + 1
            server, at = self._soon.get(one["id"], (0, 0))
            if server and looks > at:
                del self._soon[one["id"]]
                one["status"] = "available"
                self.plug_in(one, server)

    def _is_told(self, number: int) -> bool:
        return self._looks.get(number, self.late + 1) > self.late

    def _volume(self, identity: str) -> dict[str, Any] | None:
        return next((one for one in self.volumes if str(one["id"]) == identity), None)

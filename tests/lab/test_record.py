"""What a lab remembers comes back as it was."""

from __future__ import annotations

import json

from outlive.lab.record import Broken, MachineRecord, Record
from outlive.lab.zone import zone

RECORD = Record(
    name="outlive-lab-1",
    network="outlive-lab-1",
    subnet="192.0.2.0/24",
    seed="/seed",
    nameservers={"192.0.2.53": "c1"},
    provider_url="http://192.0.2.1:8080/v1",
    machines={"web-1": MachineRecord("web-1", "c2", "192.0.2.11", "/disk", "uuid", "serial")},
    names={"shop.example": "192.0.2.11"},
    broken=[Broken("replace", "web-1", {"address": "192.0.2.11"})],
    ready=True,
)


def test_a_record_survives_its_file() -> None:
    assert Record.from_json(json.loads(json.dumps(RECORD.to_json()))) == RECORD
    assert RECORD.address(66) == "192.0.2.66"


def test_the_zone_names_its_servers_and_where_names_lead() -> None:
    lines = zone(["192.0.2.53", "192.0.2.54"], RECORD.names, serial=7).splitlines()
    assert lines[0] == "$ORIGIN shop.example." and " 7 " in lines[2]
    assert "@ IN NS ns2.shop.example." in lines and "ns2.shop.example. IN A 192.0.2.54" in lines
    assert lines[-1] == "shop.example. IN A 192.0.2.11"

"""A world of the size that the page must bear: hosts with many checks, many assets, ninety days of copies."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.web import documents
from tests.web.documents import NOW
from tests.web.world import World

ASSETS, HOSTS, CHECKS, DAYS = 100, 20, 1000, 90
SILENT = {"failed": 60, "why": "headers_timeout", "all_failed": 2000}
_VERDICTS = ("same_machine_ok", "rebooted", "same_machine_ok", "unreachable_unproven", "same_machine_app_down")


class Crowd(World):
    """`CHECKS` are those of every host; as many facts speak for the verdict of the first."""

    def __init__(self) -> None:
        super().__init__(status=_status(), incidents=[_incident(number) for number in reversed(range(1, 40))])
        self.answers = [
            documents.check(f"https://shop.example.com/{number}", **(SILENT if number % 97 == 0 else {}))
            for number in range(CHECKS)
        ]
        self.known = {f"host-{number}": _known(number) for number in range(HOSTS)}
        self.kept = _copies()

    def hosts(self) -> dict[str, Any]:
        return self.known

    def copies(self, asset: str) -> dict[str, Any]:
        return self.kept


def _status() -> dict[str, Any]:
    hosts = [
        documents.host(host=f"host-{number}", verdict=_VERDICTS[number % 5] if number < 10 else "same_machine_ok")
        for number in range(HOSTS)
    ]
    risk = "the newest copy is older than allowed (26 h): `outlive backup`."
    assets = [
        documents.asset(
            asset=f"asset-{number}", host=f"host-{number % HOSTS}", risks=[risk] if number % 10 == 0 else []
        )
        for number in range(ASSETS)
    ]
    return documents.status(hosts=hosts, assets=assets, incidents=[{}])


def _known(number: int) -> dict[str, Any]:
    seen = [
        {
            "fact": "http.response",
            "subject": f"https://shop.example.com/{check}",
            "channel": "outside",
            "value": {"status": 200, "seconds": 0.1, "tls_valid": True},
        }
        for check in range(CHECKS if number == 0 else 5)
    ]
    changes = [
        {"since": NOW - timedelta(days=day), "judged_at": NOW - timedelta(days=day - 1), "verdict": _VERDICTS[day % 5]}
        for day in range(DAYS)
    ]
    judged = documents.known()["judged"] | {"for": seen}
    return documents.known() | {"changes": changes, "judged": judged}


def _copies() -> dict[str, Any]:
    proofs = ("stored", "verified", "restored")
    one = documents.copies()["copies"][0]
    copies = [
        one | {"id": f"c{day}", "data_until": NOW - timedelta(days=day), "proof": proofs[day % 3]}
        for day in reversed(range(DAYS))
    ]
    drill = documents.drills()[0]
    drills = [drill | {"at": NOW - timedelta(days=day), "rto_seconds": 40.0 + day % 7} for day in reversed(range(DAYS))]
    return documents.copies() | {"copies": copies, "drills": drills}


def _incident(number: int) -> dict[str, Any]:
    over = {} if number > 37 else {"ended_at": NOW - timedelta(minutes=1), "since": NOW - timedelta(hours=number)}
    return documents.incident(number, host="host-0", **over)

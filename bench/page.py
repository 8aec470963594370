"""Time and bytes of each view, 100 assets with 90 days of copies on 20 hosts: `python -m bench.page`.

What is measured is the page alone, from a request to its answer in this process: routes, views, templates. What the keeper's
documents cost to gather depends on the vault (`bench.guard`); the page asks for them once in five seconds at most.
"""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

import httpx

from outlive.web.app import Doors, make_app
from outlive.web.facts import Facts
from outlive.web.passwords import hashed

NOW = datetime(2026, 2, 7, 3, 0, tzinfo=UTC)
ORIGIN, PASSWORD = "http://127.0.0.1:8722", "four random words here"
ASSETS, HOSTS, DAYS, CHECKS, TIMES = 100, 20, 90, 1000, 50
VIEWS = ("/sign-in", "/page.css", "/", "/host/host-0", "/asset/asset-0", "/api/status")


def main() -> None:
    asyncio.run(_measured())


async def _measured() -> None:
    app = make_app(Doors(_facts(), lambda known=hashed(PASSWORD): known))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ORIGIN) as browser:
        await browser.post("/sign-in", data={"password": PASSWORD})
        print(f"{ASSETS} assets, {HOSTS} hosts, {CHECKS} facts a host, {DAYS} copies an asset; {TIMES} times each")
        print(f"{'view':16}{'median ms':>10}{'p95 ms':>10}{'bytes':>10}")
        for view in VIEWS:
            took, size = [], 0
            for _ in range(TIMES):
                begun = time.perf_counter()
                answer = await browser.get(view)
                took.append((time.perf_counter() - begun) * 1000)
                assert answer.status_code == 200, view
                size = len(answer.content)
            print(f"{view:16}{median(took):10.1f}{sorted(took)[int(TIMES * 0.95)]:10.1f}{size:10}")


def _facts() -> Facts:
    status = {
        "at": NOW,
        "hosts": [_host(number) for number in range(HOSTS)],
        "assets": [_asset(number) for number in range(ASSETS)],
        **{name: [] for name in ("unguarded", "blind", "risks", "notes")},
        "mirror": None,
    }
    seen = [
        {
            "fact": "http.response",
            "subject": f"https://shop.example.com/{number}",
            "channel": "outside",
            "value": {"status": 200},
        }
        for number in range(CHECKS)
    ]
    known = {"judged": {"for": seen}, "changes": [{"since": NOW, "verdict": "rebooted"}] * DAYS}
    copies = [
        {
            "id": f"20260207T030000Z-{day:010}",
            "data_until": NOW - timedelta(days=day),
            "stored_bytes": 1 << 30,
            "proof": "stored",
        }
        for day in range(DAYS)
    ]
    return Facts(
        status=lambda: status,
        copies=lambda asset: {"copies": copies, "windows": [], "unreadable": []},
        hosts=lambda: {"host-0": known},
        request=lambda act, asset: None,
        running=list,
        incidents=list,
        outcomes=dict,
        now=lambda: NOW,
    )


def _host(number: int) -> dict[str, Any]:
    return {"host": f"host-{number}", "verdict": "same_machine_ok", "confirmed": True, "because": [], "seen_at": NOW}


def _asset(number: int) -> dict[str, Any]:
    return {
        "asset": f"asset-{number}",
        "kind": "postgres",
        "host": f"host-{number % HOSTS}",
        "loss": {"seconds": 2.0, "everything": False, "bytes_at_risk": 0},
        "last_copy": {"id": "c", "at": NOW, "proof": "restored", "lineage": "pg-1"},
        "last_drill": {"at": NOW, "ok": True, "rto_seconds": 41.0},
        "risks": ["the newest copy is older than allowed (26 h): `outlive backup`."],
        "notes": [],
    }


if __name__ == "__main__":
    main()

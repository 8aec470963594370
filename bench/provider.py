"""What watching a provider costs: `python -m bench.provider`. Against the lab's own API, on the loopback.

Polling a project of 200 servers (the API's limit is 4 questions a second), the diff of two snapshots of 1,000, and
`plan-guard`'s reading and judging of a plan of 10 MB.
"""

from __future__ import annotations

import asyncio
import json
import resource
import time
from collections.abc import Callable
from dataclasses import replace

from outlive.clock import SystemClock
from outlive.commands.tofu import read_plan
from outlive.lab.provider.server import RATE_PER_SECOND
from outlive.model.project import Server, Snapshot
from outlive.providers.cherry import Cherry
from outlive.recovery.plan_guard import guard
from outlive.transport.api import Api
from outlive.transport.dns import Names
from outlive.transport.net import trust
from outlive.watch.project import Known, findings
from outlive.wiring_providers import CHERRY_EVERY_SECONDS
from tests.world.cloud import TOKEN, Cloud, server

QUESTIONS = 3  # of a poll: two pages, the credit
POLLS, SERVERS, DIFFED, PLAN_BYTES = 5, 200, 1000, 10 << 20


def main() -> None:
    poll()
    print(f"diff of {DIFFED} servers: {best(diff()) * 1000:.1f} ms (wanted: under 50)")
    document = plan()
    print(
        f"plan-guard on {len(document) / 1e6:.1f} MB: {best(lambda: guard(read_plan(document)), 3):.2f} s (wanted: under 1)"
    )


def poll() -> None:
    """As often as it may, so that the limit is what is measured: the fake answers 429 to a fifth question in a second."""
    with Cloud() as cloud:
        cloud.provider._seconds = time.monotonic
        cloud.servers(*(server(number) for number in range(1, SERVERS + 1)))
        api = Api(cloud.url, TOKEN, Names(["127.0.0.1"], 1.0), trust(), CHERRY_EVERY_SECONDS)
        client = Cherry(api, "100200")
        began, spent = time.monotonic(), time.process_time()
        servers = asyncio.run(_polled(client))
        seconds, cpu = time.monotonic() - began, time.process_time() - spent
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    rate = api.asked / seconds
    print(f"{POLLS} polls of {servers} servers: {api.asked} questions, {rate:.2f} a second (limit {RATE_PER_SECOND})")
    print(
        f"  {api.asked - POLLS * QUESTIONS} repeated; every five minutes that is {api.asked / POLLS / 5:.1f} a minute"
    )
    print(f"  {cpu / POLLS * 1000:.0f} ms of processor a poll, the API's own with it; {memory:.0f} MiB resident")


async def _polled(client: Cherry) -> int:
    return [len((await client.snapshot()).servers) for _ in range(POLLS)][-1]


def diff() -> Callable[[], object]:
    """Every tenth one changed, a few gone and new."""
    old = [Server(str(n), f"web-{n}", "active", "deployed", "on", (f"203.0.113.{n % 250}",)) for n in range(DIFFED)]
    new = [replace(one, state="inactive") if int(one.id) % 10 == 0 else one for one in old[5:]]
    known = Known({one.id: one.hostname for one in old[::2]})
    return lambda: findings(Snapshot(tuple(old)), Snapshot(tuple(new)), known)


def plan() -> bytes:
    attributes = {"id": "1", "hostname": "web-1", "image": "debian", "user_data": "x" * 2000}
    change = {
        "actions": ["update"],
        "before": attributes,
        "after": attributes | {"image": "fedora"},
        "after_unknown": {},
    }
    one = {"address": "cherryservers_server.web", "mode": "managed", "type": "cherryservers_server", "change": change}
    return json.dumps(
        {
            "format_version": "1.2",
            "planned_values": {},
            "resource_changes": [one] * (PLAN_BYTES // len(json.dumps(one))),
        }
    ).encode()


def best(act: Callable[[], object], times: int = 5) -> float:
    clock = SystemClock()
    found = []
    for _ in range(times):
        began = clock.monotonic()
        act()
        found.append(clock.monotonic() - began)
    return min(found)


if __name__ == "__main__":
    main()

"""Time and bytes of each view, what open pages cost, and how soon news is there: `python -m bench.page`.

The world has 100 assets with 90 days of copies and drills, and 20 hosts with 90 days of verdicts, each with 1000
checks. What is measured is the page alone: routes, views, templates, and the pulse on a real database. What the
keeper's documents cost to gather depends on the vault (`bench.guard`); the page asks for them once in five seconds at
most. With Debian's chromium there are figures of the first paint, on a processor four times as slow.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import median

import httpx

from outlive.state.pulse import pulse
from outlive.state.store import Store
from outlive.web.app import Doors, make_app
from outlive.web.server import PageServer
from tests.web.crowd import ASSETS, CHECKS, DAYS, HOSTS, Crowd
from tests.web.world import HASH, PASSWORD

TIMES, OPEN, SECONDS, RENEW_SECONDS = 30, 50, 20.0, 30.0
VIEWS = (
    "/sign-in",
    "/",
    "/host/host-0",
    "/asset/asset-0",
    "/incidents",
    "/incident/39",
    "/vault",
    "/settings",
    "/api/status",
)
PAINT = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
Pipe = "multiprocessing.connection.Connection"


def serve(folder: Path, pipe: Pipe) -> None:
    """In a process of its own, whose time can be read; a word on the pipe is an event."""
    world, store = Crowd(), Store(f"sqlite:///{folder}/state.db")
    facts = replace(world.facts(), pulse=lambda: (pulse(store), world.pulse))
    server = PageServer(make_app(Doors(facts, lambda: HASH)), "127.0.0.1:0", lambda words: None)
    server.start()
    pipe.send(server.address)
    while pipe.recv() == "event":
        world.pulse += 1
        pipe.send(time.monotonic())
    server.stop()


@contextmanager
def served() -> Iterator[tuple[str, int, Pipe]]:
    ours, theirs = multiprocessing.Pipe()
    with tempfile.TemporaryDirectory() as folder:
        process = multiprocessing.get_context("spawn").Process(target=serve, args=(Path(folder), theirs))
        process.start()
        assert process.pid is not None
        yield f"http://{ours.recv()}", process.pid, ours
        ours.send("end")
        process.join()


def main() -> None:
    print(f"{ASSETS} assets, {HOSTS} hosts, {CHECKS} checks a host, {DAYS} days; {TIMES} times each")
    with served() as (base, process, pipe):
        asyncio.run(_views(base))
        asyncio.run(_open(base, process, pipe))
        _painted(base)


async def _signed_in(base: str) -> httpx.AsyncClient:
    many = httpx.Limits(max_connections=2 * OPEN)
    browser = httpx.AsyncClient(base_url=base, trust_env=False, timeout=60, limits=many)
    await browser.post("/sign-in", data={"password": PASSWORD})
    return browser


async def _views(base: str) -> None:
    browser = await _signed_in(base)
    print(f"{'view':18}{'median ms':>10}{'p95 ms':>10}{'bytes':>10}{'first load':>12}")
    for view in VIEWS:
        took, text = [], ""
        for _ in range(TIMES):
            begun = time.perf_counter()
            answer = await browser.get(view)
            took.append((time.perf_counter() - begun) * 1000)
            assert answer.status_code == 200, view
            text = answer.text
        parts = set(re.findall(r'(?:src|href)="(/[^"]+\.(?:js|css|svg))"', text))
        first = len(text.encode()) + sum([len((await browser.get(part)).content) for part in parts])
        p95 = sorted(took)[int(TIMES * 0.95)]
        print(f"{view:18}{median(took):10.1f}{p95:10.1f}{len(text.encode()):10}{first:12}")
    await browser.aclose()


async def _open(base: str, process: int, pipe: Pipe) -> None:
    browser, heard = await _signed_in(base), []

    async def listen() -> None:
        async with browser.stream("GET", "/live") as answer:
            async for line in answer.aiter_lines():
                if line == "event: news":
                    heard.append(time.monotonic())

    async def renew(number: int) -> None:
        await asyncio.sleep(number * RENEW_SECONDS / OPEN)
        while True:
            await browser.get("/")
            await asyncio.sleep(RENEW_SECONDS)

    tasks = [asyncio.create_task(listen()) for _ in range(OPEN)]
    await asyncio.sleep(3)
    listening = await _share(process)
    heard.clear()
    delays = []
    for _ in range(5):
        pipe.send("event")
        await asyncio.sleep(2.13)  # at another moment between two beats each time
        begun = pipe.recv()
        delays.append(max(heard[-OPEN:]) - begun)
    tasks += [asyncio.create_task(renew(number)) for number in range(OPEN)]
    renewed = await _share(process)
    print(
        f"{OPEN} open pages: {listening:.1%} of a core listening, {renewed:.1%} renewed every {RENEW_SECONDS:.0f} s too"
    )
    print(f"an event is heard by all {OPEN} within {max(delays):.2f} s (median {median(delays):.2f} s)")
    for task in tasks:
        task.cancel()


async def _share(process: int) -> float:
    begun, spent = time.monotonic(), _spent(process)
    await asyncio.sleep(SECONDS)
    return (_spent(process) - spent) / (time.monotonic() - begun)


def _spent(process: int) -> float:
    """Seconds of processor, of Linux' hundredths."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def _painted(base: str) -> None:
    if (chromium := shutil.which("chromium")) is None:
        print("no chromium here: no figures of the first paint")
        return
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(f"{base}/sign-in")
        page.get_by_label("Password").fill(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(f"{base}/")
        page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": 4})
        for view in ("/", "/host/host-0", "/asset/asset-0"):
            page.goto(base + view)
            page.wait_for_function(f"() => {PAINT} > 0")
            print(f"{view}: first contentful paint after {page.evaluate(PAINT):.0f} ms, at a quarter of the speed")
        browser.close()


if __name__ == "__main__":
    main()

"""One round: the host and its keeper die, and whoever recovers it is killed on the way."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import threading
import time
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random

from bench.database import QUESTION
from bench.recover.phases import phases
from bench.recover.world import Round
from outlive.lab.ground.machine import Machine
from outlive.lab.ground.process import wait_until
from outlive.lab.record import WEB
from outlive.lab.shop import Shop
from outlive.lab.visit import visit
from outlive.lab.world import PAGES
from outlive.model.observation import moment

WORDS = ("--accept-loss", "the host was destroyed by a bench", "--approve", "order", "--approve", "old machine off")
PATIENCE_SECONDS = 1800
ATTEMPTS = 10
USAGE = 2  # as an exit code


@dataclass(slots=True)
class Result:
    """`served_seconds` until DNS led to the new machine and the page answered there, `done_seconds` until all of it was
    done. `killed_at_seconds` is when the recovering process was killed; None in a round without. `doubled` effects at
    other people's APIs. `lost_seconds` of writes and `lost_rows`, and what `status` had shown just before.
    `besides_seconds`: what the round took before the host was gone and after all was done."""

    served_seconds: float = 0.0
    done_seconds: float = 0.0
    killed_at_seconds: float | None = None
    phases: dict[str, float] = field(default_factory=dict)
    doubled: int = 0
    lost_rows: int = 0
    lost_seconds: float = 0.0
    shown_seconds: float = 0.0
    ballast_is_whole: bool = False
    besides_seconds: float = 0.0


def play(world: Round, chance: Random, longest_seconds: float | None) -> Result:
    """A kill at a moment by `chance`, `longest_seconds` after the host was gone at the latest; None: nobody is killed.
    Raises when the recovery does not come to its end."""
    found, began = Result(), time.monotonic()
    kill_at_seconds = None if longest_seconds is None else chance.uniform(1, longest_seconds)
    found.shown_seconds, gone_at, gone = _die(world, chance)
    page = threading.Thread(target=_watch_page, args=(world, found, gone), daemon=True)
    page.start()
    _recover(world, found, gone, kill_at_seconds)
    found.done_seconds = time.monotonic() - gone
    page.join(30)
    found.phases = phases(gone_at, _done(world))
    found.doubled = _doubled(world)
    _count_loss(world, found, gone_at)
    found.besides_seconds = time.monotonic() - began - found.done_seconds
    return found


def _die(world: Round, chance: Random) -> tuple[float, datetime, float]:
    """Guarded for a while; then the host loses its power and the keeper is killed. What `status` had shown, and from when
    the recovery's time counts."""
    if world.is_first:  # the host may just have booted
        wait_until(lambda: _is_enrolled(world), "an enrolment of the host", PATIENCE_SECONDS, 1)
    began = datetime.now(UTC)
    with world.keeper.keeping() as keep:
        wait_until(lambda: _is_followed(world, began), "log of now", PATIENCE_SECONDS, 1)
        wait_until(lambda: len(_copied(world)) == 5, "a copy of every asset", PATIENCE_SECONDS, 1)
        time.sleep(chance.uniform(2, 6))
        asked = datetime.now(UTC)
        told = world.keeper.start("status", "--json").communicate()[0]
        shown = next(one for one in json.loads(told)["assets"] if one["asset"] == "shop-db")["loss"]["seconds"]
        died_at = datetime.now(UTC)
        world.lab.engine.docker("kill", world.lab.machine(WEB).container)
        keep.kill()
        keep.wait()
    world.remember()  # the bench's own work: the clock starts after it
    return float(shown) + (died_at - asked).total_seconds(), datetime.now(UTC), time.monotonic()


def _is_followed(world: Round, since: datetime) -> bool:
    windows = world.keeper.run("copies", "shop-db")["windows"]
    return any(moment(one["to"]) > since for one in windows)


def _is_enrolled(world: Round) -> bool:
    process = world.keeper.start("identity", WEB, "--enrol")
    _, complained = process.communicate(timeout=PATIENCE_SECONDS)
    if process.returncode == USAGE:
        raise RuntimeError(complained)
    return process.returncode == 0


def _copied(world: Round) -> set[str]:
    return {one["asset"] for one in world.keeper.run("copies")["copies"]} - {"preview-config"}


def _recover(world: Round, found: Result, gone: float, kill_at_seconds: float | None) -> None:
    begin = (WEB, "--runbook", world.runbook, "--yes", *WORDS)
    words: tuple[str, ...] = begin
    for _ in range(ATTEMPTS):
        process = world.keeper.start("recover", *words)
        left = None if kill_at_seconds is None else kill_at_seconds - (time.monotonic() - gone)
        try:
            said, complained = process.communicate(timeout=left if left and left > 0 else PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            found.killed_at_seconds, kill_at_seconds = time.monotonic() - gone, None
        else:
            kill_at_seconds = None
            if process.returncode == 0:
                return
            print(f"exit {process.returncode}: {complained[-300:]}", flush=True)
        nothing_begun = words != begin and process.returncode == USAGE  # it was killed before it had written anything
        words = begin if nothing_begun else ("--resume",)
    raise RuntimeError(f"it did not come to its end: {said[-500:]}{complained[-2000:]}")


def _watch_page(world: Round, found: Result, gone: float) -> None:
    """As a user who asks for the name again and again."""
    while not found.served_seconds and time.monotonic() - gone < PATIENCE_SECONDS:
        made = [machine.address for machine in world.provider.machines.values()]
        if made and world.dns.addresses(PAGES[WEB]) == made[-1:]:
            seen = visit(made[-1], PAGES[WEB], "/status.json", world.lab.authority / "root.crt")
            if seen.status == 200:
                found.served_seconds = time.monotonic() - gone
        time.sleep(0.1)


def _done(world: Round) -> list[tuple[str, datetime]]:
    query = "select step, min(at) from recovery_journal where what = 'done' group by step order by 2"
    with closing(sqlite3.connect(f"file:{world.keeper.folder}/state/keeper.db?mode=ro", uri=True)) as memory:
        return [(step, moment(f"{at.replace(' ', 'T')}+00:00")) for step, at in memory.execute(query)]


def _doubled(world: Round) -> int:
    effects = (world.provider.ordered, world.dns.batches, world.github.runs, world.provider.switched)
    return sum(len(one) - 1 for one in effects)


def _count_loss(world: Round, found: Result, gone_at: datetime) -> None:
    """The old machine is asked, which has its power again: it is the next round's."""
    (made,) = world.provider.machines.values()
    old: Machine = world.lab.machine(WEB)
    old.power_on()
    world.lab.shop(WEB).wait(PAGES[WEB], world.lab.authority)
    before = f"from orders where placed_at < '{gone_at.isoformat()}'"
    query = f"select count(*) || ' ' || extract(epoch from max(placed_at)) {before}"
    (had, last), (has, until) = (Shop(one).sql(query).split() for one in (old, made))
    found.lost_rows, found.lost_seconds = int(had) - int(has), float(last) - float(until)
    found.ballast_is_whole = Shop(made).sql(QUESTION) == Shop(old).sql(QUESTION)

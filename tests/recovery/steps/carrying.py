"""A step carried as a run carries it (`recovery/act.py`): look, do, look again, with what it found remembered; here, or in a
process of its own that may be killed at any request."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import wait
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

from outlive.config.load import parse
from outlive.errors import NoData
from outlive.model.host import Host
from outlive.recovery.steps.base import Done, Inputs, NotYet, Step, Unknown, World
from outlive.recovery.steps.registry import STEPS
from outlive.testing.clock import ManualClock
from outlive.vault.memory import MemoryVault
from tests.world.biting import TOKEN, BitingApi

ROUNDS = 60
CONFIG = """
[vault]
url = "vault"
[keys]
recipients = ["age1pxgr6hphv29h6j9sqmt7tu4qgdyzjj2m5aqj0vdmkm2n82fv0s4qafgl5w",
  "age17sdarzkny3v2ugwfd2gt77s86tzpucznscdclfmj28u3fmvf7phsvaqffz"]
[watch]
resolvers = ["127.0.0.1"]
timeout_seconds = 5
[[hosts]]
name = "web-1"
address = "ssh://root@203.0.113.9"
server_id = "700101"
"""
BEGAN = datetime(2026, 2, 7, 8, 0, tzinfo=UTC)
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.recovery.steps.carrying"])


def world(folder: Path, clock: ManualClock | None = None, new: str = "ssh://root@198.51.100.7") -> World:
    """With a token in the file `token`, and what the file `more.toml` adds to the configuration."""
    folder.mkdir(parents=True, exist_ok=True)
    token = folder / "token"
    if not token.exists():
        token.write_text(TOKEN)
        token.chmod(0o600)
    more = folder / "more.toml"
    settings = parse(CONFIG + (more.read_text() if more.exists() else ""), folder / "outlive.toml")
    host = settings.hosts[0]
    return World(
        clock=clock or ManualClock(BEGAN),
        settings=settings,
        vault=MemoryVault(),
        identities=(),
        memory=None,  # type: ignore[arg-type]
        host=host,
        new=Host(name="web-1", address=new) if new else None,
        shell=lambda one: (_ for _ in ()).throw(AssertionError("no shell here")),
        outlive=lambda argv, seconds: {},
        folder=folder,
    )


def inputs(args: Mapping[str, Any], facts: Mapping[str, Any] | None = None, step: str = "it") -> Inputs:
    return Inputs("run-1", step, dict(args), {step: dict(facts)} if facts else {})


def carry(
    step: Step, here: World, args: Mapping[str, Any], facts: Mapping[str, Any] | None = None, rounds: int = ROUNDS
) -> Done:
    """Until it is done; time passes between the attempts. What it says is remembered in `facts.json`."""
    clock = here.clock
    assert isinstance(clock, ManualClock)
    journal = here.folder / "facts.json"
    why = ""
    for _ in range(rounds):
        known = json.loads(journal.read_text()) if journal.exists() else facts
        asked = inputs(args, known)
        try:
            seen = step.look(here, asked)
            if isinstance(seen, NotYet):
                made = step.do(here, asked, 60.0)
                seen = Done(facts=made) if made else step.look(here, asked)
            if isinstance(seen, Done):
                journal.write_text(json.dumps(dict(seen.facts)))
                return seen
            why = seen.why
        except NoData as error:
            why = str(error)
        clock.advance(30)
    raise AssertionError(f"not done after {rounds} rounds: {why}")


def looked(step: Step, here: World, args: Mapping[str, Any]) -> Done | NotYet | Unknown:
    journal = here.folder / "facts.json"
    return step.look(here, inputs(args, json.loads(journal.read_text()) if journal.exists() else None))


def taken_back(step: Step, here: World, args: Mapping[str, Any]) -> None:
    """As a run takes it back; what it found is known."""
    journal = here.folder / "facts.json"
    step.undo(here, inputs(args, json.loads(journal.read_text()) if journal.exists() else None))


def _child(kind: str, args: dict[str, Any], folder: str, seconds: float, back: bool) -> None:
    if back:
        return taken_back(STEPS[kind], world(Path(folder), ManualClock(BEGAN + timedelta(seconds=seconds))), args)
    carry(STEPS[kind], world(Path(folder), ManualClock(BEGAN + timedelta(seconds=seconds))), args)


def apart(target: Callable[..., object], *args: object) -> ForkServerProcess:
    """A process that may be killed; not started yet. It has this one's environment as it is now: the server that forks it
    keeps what there was when some earlier test started it."""
    return _FORKS.Process(target=_surrounded, args=(dict(os.environ), target, args))


def _surrounded(environment: dict[str, str], target: Callable[..., object], args: Sequence[object]) -> None:
    os.environ.clear()
    os.environ.update(environment)
    target(*args)


def killed_and_again(
    kind: str, args: dict[str, Any], folder: Path, api: BitingApi, number: int, when: str, back: bool = False
) -> None:
    """The step (with `back`: its undo) in a process that is killed at the request of that number; then again, to its end."""
    process = apart(_child, kind, args, str(folder), 0.0, back)
    first, started = len(api.heard), threading.Event()

    def watch(seen: int, moment: str) -> None:
        if (seen - first, moment) == (number, when):
            assert started.wait(30) and process.pid
            os.kill(process.pid, signal.SIGKILL)
            wait([process.sentinel], 30)  # looks only: who joins is the other thread

    api.watch = watch
    process.start()
    started.set()
    process.join(120)
    assert process.exitcode == -signal.SIGKILL, process.exitcode
    api.watch = lambda seen, moment: None
    again = apart(_child, kind, args, str(folder), 60.0, back)
    again.start()
    again.join(120)
    assert again.exitcode == 0


def requests_of(run: Callable[[], object], api: BitingApi) -> int:
    """How many requests a clean run makes."""
    before = len(api.heard)
    run()
    return len(api.heard) - before

"""Stages for Temporal's schedules: its server is scripted at its API, as far as a door to it is asked (the real one:
`../test_schedules_recovered.py`). Two servers that run the same schedules charge every card twice."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from outlive.backup.take import take
from outlive.commands.temporal import HELD, Export, Namespace, Schedule, dump
from outlive.errors import Failed
from outlive.model.asset import TemporalAsset
from outlive.recovery import schedule_server
from outlive.testing.clock import ManualClock
from outlive.transport.base import Completed
from outlive.vault.memory import MemoryVault
from tests.backup.made import KEY, Made, policy
from tests.commands.test_temporal import export, namespace, schedule
from tests.recovery.steps.carrying import BEGAN, world
from tests.recovery.trials.engine import Engine
from tests.recovery.trials.outside import FULL, Outside, Watched, told
from tests.recovery.trials.stage import Stage

ASSET = '[[assets]]\nname = "schedules"\nkind = "temporal"\nhost = "web-1"\ncontainer = "shop/temporal"\n'
STACK = {"project": "shop", "files": ["/srv/compose.yml"]}
UNTIL = "2026-02-07T07:00:00+00:00"
LATE = "2026-02-07T07:30:00+00:00"
SERVICES = ("temporal", "worker")


@dataclass
class Server:
    """`ended` are the runs that were terminated, `changes` how often anything was changed."""

    namespaces: dict[str, Namespace]
    outside: Outside
    running: dict[str, set[tuple[str, str]]] = field(default_factory=dict)
    ended: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)

    @contextmanager
    def open(self) -> Iterator[Server]:
        yield self

    def export(self, expected: Export | None = None) -> Export:
        return self._asked("list", lambda: Export("1.32.0", "c1", tuple(copy.deepcopy([*self.namespaces.values()]))))

    def hold(self, name: str, id: str) -> None:
        self._asked(f"hold {id}", lambda: self._state(name, id, paused=True))

    def release(self, name: str, id: str) -> None:
        self._asked(f"release {id}", lambda: self._state(name, id, paused=False))

    def create(self, name: str, one: Schedule, *, hold: bool) -> None:
        assert one.id not in self._ids(name), f"{one.id} is made twice"
        self._asked(f"create {one.id}", lambda: (self._put(name, one), self._state(name, one.id, paused=hold)))

    def update(self, name: str, one: Schedule, *, keep_state: bool) -> None:
        def changed() -> None:
            state = copy.deepcopy(self._find(name, one.id).described["schedule"]["state"])
            self._put(name, one)
            self._find(name, one.id).described["schedule"]["state"] = state

        self._asked(f"update {one.id}", changed)

    def delete(self, name: str, id: str) -> None:
        def gone() -> None:
            found = self.namespaces[name]
            self.namespaces[name] = replace(found, schedules=tuple(one for one in found.schedules if one.id != id))
            self.deleted.append(id)

        self._asked(f"delete {id}", gone)

    def begun(self, name: str, id: str, since: datetime) -> frozenset[tuple[str, str]]:
        return self._asked(f"runs of {id}", lambda: frozenset(self.running.get(id, ())))

    def end(self, name: str, workflow: str, run: str) -> None:
        def over() -> None:
            self.ended.append(run)
            for runs in self.running.values():
                runs.discard((workflow, run))

        self._asked(f"terminate {run}", over)

    def paused(self) -> dict[str, bool]:
        return {each.id: each.is_paused for one in self.namespaces.values() for each in one.schedules}

    def _asked(self, what: str, effect: Any) -> Any:
        def refused() -> Any:
            raise Failed(FULL)

        return self.outside.ask(what, effect, refused)

    def _state(self, name: str, id: str, *, paused: bool) -> None:
        state = self._find(name, id).described["schedule"]["state"]
        if bool(state.get("paused")) != paused:
            notes = str(state.get("notes", ""))
            state |= {"paused": paused, "notes": HELD + notes if paused else notes.removeprefix(HELD)}

    def _find(self, name: str, id: str) -> Schedule:
        (found,) = (one for one in self.namespaces[name].schedules if one.id == id)
        return found

    def _ids(self, name: str) -> list[str]:
        return [one.id for one in self.namespaces[name].schedules]

    def _put(self, name: str, one: Schedule) -> None:
        found = self.namespaces[name]
        others = tuple(other for other in found.schedules if other.id != one.id)
        self.namespaces[name] = replace(found, schedules=(*others, copy.deepcopy(one)))


@dataclass
class Machine(Engine):
    """Whose Temporal began when the recovery did."""

    def _docker(self, words: list[str]) -> Completed:
        if words[0] == "ps":
            return self._said("abc\n" * self.services["temporal"])
        if words[:2] == ["container", "inspect"]:
            labels = {"com.docker.compose.project": "shop", "com.docker.compose.service": "temporal"}
            found = {"Id": "abc", "Name": "/shop-temporal-1", "Config": {"Labels": labels, "Image": "temporal"}}
            found |= {"State": {"Running": True, "Status": "running", "StartedAt": BEGAN.isoformat()}}
            return self._said(json.dumps([found]))
        return super()._docker(words)


class Schedules:
    """A machine that came back, with what its database knew, and a copy of what was exported."""

    def __init__(self, folder: Path, monkeypatch: Any, there: Sequence[Schedule], wanted: Sequence[Schedule]) -> None:
        folder.mkdir(parents=True)
        (folder / "more.toml").write_text(ASSET)
        self.outside, self.vault, self.clock, self.folder = Outside(), MemoryVault(), ManualClock(BEGAN), folder
        self.server = Server({"shop": copy.deepcopy(namespace("shop", *there))}, self.outside)
        self.copy = self._taken(export(namespace("shop", *wanted)))
        self.engine = Machine(folder, services=dict.fromkeys(SERVICES, False))
        shell = Watched(self.engine, self.outside)
        self.here = replace(
            world(folder, self.clock),
            vault=self.vault,
            identities=(KEY,),
            shell=lambda host: shell,
            outlive=told(self.outside, self._backup),
        )
        monkeypatch.setattr(schedule_server, "way", lambda asset, shell, access: self.server)

    def stage(self, kind: str, done: Any, undone: Any, **facts: Any) -> Stage:
        args = {"asset": "schedules", "copy": self.copy}
        return Stage(kind, self.here, self.outside, done, undone, args, {"stack": STACK, **facts})

    def _backup(self, argv: Sequence[str]) -> dict[str, Any]:
        assert argv == ["backup", "schedules"]
        self.clock.advance(1)
        self._taken(export(*self.server.namespaces.values()))
        return {"exit_code": 0, "document": {}}

    def _taken(self, seen: Export) -> str:
        asset = TemporalAsset(name="schedules", host="web-1", container="shop/temporal")
        source: Any = Made({"temporal.json": dump(seen)}, clock=self.clock)
        taken = take(asset, source, self.vault, policy(), state=self.folder / "state", clock=self.clock)
        return taken.manifest.id


def held(id: str) -> Schedule:
    return schedule(id, paused=True, notes=HELD)


def hold(folder: Path, monkeypatch: Any) -> Stage:
    """One had begun to catch up before it was paused."""
    known = [schedule("nightly", notes=""), schedule("off", paused=True, notes="by hand")]
    on = Schedules(folder, monkeypatch, known, known)
    begun = {"actualTime": LATE.replace("07:30", "08:00:01"), "startWorkflowResult": {"workflowId": "w", "runId": "r1"}}
    on.server._find("shop", "nightly").described["info"]["recentActions"] = [begun]
    on.server.running = {"nightly": {("w", "r1"), ("w", "r2")}}

    def done() -> None:
        assert on.server.paused() == {"nightly": True, "off": True}
        assert on.server._find("shop", "off").described["schedule"]["state"]["notes"] == "by hand"
        assert set(on.server.ended) == {"r1", "r2"} and on.engine.services == {"temporal": True, "worker": False}

    def undone() -> None:
        assert not any(on.engine.services.values())

    return on.stage("hold-schedules", done, undone)


def release(folder: Path, monkeypatch: Any) -> Stage:
    """The old machine is off; in an undo it is switched on next."""
    known = [held("nightly"), held("weekly"), schedule("off", paused=True, notes="by hand")]
    on = Schedules(folder, monkeypatch, known, known)

    def done() -> None:
        assert on.server.paused() == {"nightly": False, "weekly": False, "off": True}

    def undone() -> None:
        assert all(on.server.paused().values()), "they would run beside the old machine's"

    found = {"held_schedules_of": "schedules", "held": ["shop/nightly", "shop/weekly"]}
    return on.stage("release-schedules", done, undone, wait=found, off={"quarantined": "7"})


def restore(folder: Path, monkeypatch: Any) -> Stage:
    """One is gone, one was changed, one is somebody's own."""
    changed, mine = schedule("weekly", "60s"), schedule("mine")
    on = Schedules(folder, monkeypatch, [changed, mine], [schedule("nightly"), schedule("weekly")])

    def every(id: str) -> str:
        return str(on.server._find("shop", id).described["schedule"]["spec"]["interval"][0]["interval"])

    def done() -> None:
        assert on.server.paused() == {"mine": False, "nightly": True, "weekly": False} and every("weekly") == "3600s"

    def undone() -> None:
        assert on.server.paused() == {"mine": False, "weekly": False} and every("weekly") == "60s"

    return on.stage("restore-schedules", done, undone)


def compared(folder: Path, monkeypatch: Any) -> Stage:
    """One is younger than the database's copy."""
    late = schedule("late")
    late.described["info"]["createTime"] = LATE  # type: ignore[index]
    on = Schedules(folder, monkeypatch, [schedule("nightly")], [schedule("nightly"), late])

    def done() -> None:
        assert on.server.paused().get("late", True) and on.server.deleted == []

    return on.stage("schedules", done, lambda: None, data={"asset": "db", "until": UNTIL})


STAGES = {
    "hold-schedules": hold,
    "release-schedules": release,
    "restore-schedules": restore,
    "schedules": compared,
}

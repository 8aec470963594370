"""Stages for what is done here, by our own commands and in our own files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from outlive.backup.copies import catalog
from outlive.backup.copies.acceptance import accepted
from outlive.config.load import load
from outlive.model.copy import Proof, ProofRecord
from outlive.model.watching import Enrolment
from outlive.recovery.steps.base import World
from outlive.state.store import Store
from outlive.state.watching import Watching
from outlive.testing.clock import ManualClock
from outlive.vault.memory import MemoryVault
from tests.backup.made import take_made
from tests.recovery.steps.carrying import BEGAN, CONFIG, world
from tests.recovery.trials.outside import Outside, told
from tests.recovery.trials.stage import Stage

MADE = '[[assets]]\nname = "made"\nkind = "config"\nhost = "web-1"\npaths = ["/etc/made"]\n'
OURS, FORMER = {"guest.machine_id": "new"}, {"guest.machine_id": "old"}
FOUND = {"machine_id": "new", "enrolled_at": BEGAN.isoformat(), "stopped_at": BEGAN.isoformat()}


def _world(folder: Path, outside: Outside, command: Any, **more: Any) -> World:
    folder.mkdir(parents=True)
    (folder / "more.toml").write_text(MADE)
    return replace(world(folder), outlive=told(outside, command), **more)


class Backups:
    """`outlive backup`, as a process that may be cut off once the copy is there. `asked` is for what each time."""

    def __init__(self, folder: Path, kind: str) -> None:
        self.vault, self.asked, self.outside = MemoryVault(), list[Sequence[str]](), Outside()
        self._clock, self._state = ManualClock(BEGAN), folder / "state"
        self.here = _world(folder, self.outside, self.backup, vault=self.vault, clock=self._clock)
        self.stage = Stage(kind, self.here, self.outside, self.done, lambda: None, {"asset": "made"}, {"found": FOUND})

    def backup(self, argv: Sequence[str]) -> dict[str, Any]:
        if argv[0] == "drill":
            (copy,) = catalog.listing(self.vault, "made").copies
            assert argv == ["drill", "made", "--copy", copy.id]
            catalog.add_proof(self.vault, ProofRecord(copy.id, "made", Proof.RESTORED, True, self._clock.now(), ()))
            return {"exit_code": 0, "document": {}}
        assert argv[0] == "backup"
        take_made(self.vault, self._state, {"a": b"1"}, clock=self._clock)
        self.asked.append(argv)
        return {"exit_code": 0, "document": {}}

    def done(self) -> None:
        (copy,) = catalog.listing(self.vault, "made").copies
        assert self.asked == [["backup", "made"]], "one copy of it, and of nothing else"
        if self.stage.kind == "fresh-copy":
            assert copy.proof is Proof.RESTORED
        if self.stage.kind == "copy-anew":
            assert accepted(self.vault, "made") == {copy.manifest.lineage}


def copy_anew(folder: Path) -> Stage:
    return Backups(folder, "copy-anew").stage


def last_copy(folder: Path) -> Stage:
    return Backups(folder, "last-copy").stage


def fresh_copy(folder: Path) -> Stage:
    return Backups(folder, "fresh-copy").stage


def enrol(folder: Path, store: Store) -> Stage:
    """The memory is one for all stages, so that each begins by enrolling the former machine again."""
    memory, outside = Watching(store), Outside()
    clock = ManualClock(max([BEGAN, *(one.at for one in memory.enrolments("web-1"))]))

    def told_so(facts: dict[str, Any]) -> None:
        clock.advance(1)
        memory.enrol(Enrolment("web-1", clock.now(), "ops", "enrol", facts))

    def command(argv: Sequence[str]) -> dict[str, Any]:
        assert argv[:3] == ["identity", "web-1", "--enrol"]
        told_so(OURS)
        return {"exit_code": 0, "document": {}}

    def is_enrolled(facts: dict[str, Any]) -> None:
        assert memory.enrolments("web-1")[-1].facts == facts

    told_so(FORMER)
    here = _world(folder, outside, command, memory=memory, clock=clock)
    undone = lambda: is_enrolled(FORMER)  # noqa: E731
    return Stage("enrol", here, outside, lambda: is_enrolled(OURS), undone, {}, {"found": FOUND})


SEEN = {
    "hosts": [{"host": "web-1", "verdict": "machine_replaced", "confirmed": True}],
    "addresses": [{"address": "203.0.113.9", "answers_as": None}],
}


def check(kind: str, folder: Path) -> Stage:
    """`evidence` and `take-over`: `outlive check`, and its answer kept. There is nothing to take back."""
    outside, asked = Outside(), list[Sequence[str]]()

    def command(argv: Sequence[str]) -> dict[str, Any]:
        asked.append(argv)
        return {"exit_code": 0, "document": SEEN}

    def done() -> None:
        assert {tuple(one) for one in asked} == {("check",)}
        assert kind != "evidence" or "machine_replaced" in (folder / "evidence.json").read_text()

    return Stage(kind, _world(folder, outside, command), outside, done, lambda: None)


def repoint(folder: Path) -> Stage:
    """Nothing outside is asked; that the file is whole at every moment is the rename's."""
    here = _world(folder, Outside(), lambda argv: {})
    text = CONFIG + MADE
    (folder / "outlive.toml").write_text(text)

    def done() -> None:
        host = load(folder / "outlive.toml").host("web-1")
        assert host and host.address == "ssh://root@198.51.100.7"
        (kept,) = folder.glob("outlive.toml.before-*")
        assert kept.read_text() == text

    def undone() -> None:
        assert (folder / "outlive.toml").read_text() == text
        assert not list(folder.glob("outlive.toml.new-*"))

    return Stage("repoint", here, Outside(), done, undone)


def by_hand(folder: Path) -> Stage:
    here = _world(folder, Outside(), lambda argv: {})
    return Stage("by-hand", here, Outside(), lambda: None, lambda: None, {}, {"list": {"by_hand": [{"name": "KEY"}]}})

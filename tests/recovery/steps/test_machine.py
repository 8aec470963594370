"""The new machine: known by a key that was pinned beforehand, and nobody that is enrolled, until this run enrols it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from outlive.errors import Failed, HostKeyUnknown
from outlive.model.host import Host
from outlive.model.watching import Enrolment
from outlive.recovery.steps.base import Done, Inputs, NotYet, Unknown, World
from outlive.recovery.steps.machine import Machine
from outlive.testing.clock import ManualClock
from outlive.transport.base import Completed
from tests.recovery.test_act import NOON

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"
NEW = Host(name="web-1", address="ssh://root@192.0.2.7")


def world(folder: Path, *, answers: str = "0\nabc", enrolled: str = "", pinned: bool = True) -> World:
    known_hosts = folder / "known_hosts"
    known_hosts.write_text(f"192.0.2.7 {KEY}\n" if pinned else "")
    shell = SimpleNamespace(run=lambda argv, timeout_seconds: Completed(argv, 0, answers.encode(), ""))
    enrolments = [Enrolment("web-1", NOON, "ops", "enrol", {"guest.machine_id": enrolled})] if enrolled else []
    made: dict[str, Any] = {
        "clock": ManualClock(NOON),
        "settings": SimpleNamespace(keeper=SimpleNamespace(known_hosts=known_hosts)),
        "memory": SimpleNamespace(enrolments=lambda: enrolments),
        "host_of": lambda inputs: NEW,
        "target": NEW,
        "shell": lambda host: shell,
    }
    return cast(World, SimpleNamespace(**made))


def test_a_key_that_nobody_pinned_is_not_learned(tmp_path: Path) -> None:
    with pytest.raises(HostKeyUnknown) as caught:
        Machine().look(world(tmp_path, pinned=False), Inputs("run", "new machine"))
    assert "ssh-keyscan proves nothing" in caught.value.hint


def test_it_is_met(tmp_path: Path) -> None:
    seen = Machine().look(world(tmp_path), Inputs("run", "new machine"))
    assert isinstance(seen, Done) and seen.facts["machine_id"] == "abc" and seen.facts["host_key"].startswith("SHA256:")


def test_without_root_it_cannot_be_told(tmp_path: Path) -> None:
    assert isinstance(Machine().look(world(tmp_path, answers="1000\nabc"), Inputs("run", "m")), Unknown)


def test_a_machine_that_is_enrolled_is_no_new_one_unless_this_run_enrolled_it(tmp_path: Path) -> None:
    there = world(tmp_path, enrolled="abc")
    assert isinstance(Machine().look(there, Inputs("run", "m")), NotYet)
    assert isinstance(Machine().look(there, Inputs("run", "m", {"same": True})), Done)
    again = Inputs("run", "m", facts={"m": {"machine_id": "abc", "met_at": "2026-02-07T11:00:00+00:00"}})
    seen = Machine().look(there, again)
    assert isinstance(seen, Done) and seen.facts["met_at"] == "2026-02-07T11:00:00+00:00"
    other = Inputs("run", "m", facts={"m": {"machine_id": "another"}})
    assert isinstance(Machine().look(there, other), NotYet)


def test_where_it_must_be_the_enrolled_one_nobody_else_will_do(tmp_path: Path) -> None:
    wanted = Inputs("run", "m", {"same": True, "enrolled": True})
    assert isinstance(Machine().look(world(tmp_path, enrolled="abc"), wanted), Done)
    for other in ("", "another"):
        there = world(tmp_path, enrolled=other)
        seen = Machine().look(there, wanted)
        assert isinstance(seen, NotYet) and "enrolled as web-1" in seen.why
        with pytest.raises(Failed, match="not known to be web-1"):
            Machine().do(there, wanted, 60)

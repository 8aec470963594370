"""The gate before another machine takes a host's place: one look opens it, and only while it says how it is now."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from outlive.errors import NoData, Refused
from outlive.model.observation import Channel, Observation
from outlive.model.stretch import Stretch
from outlive.recovery.steps.base import Inputs, World
from outlive.recovery.steps.evidence import Evidence
from outlive.recovery.steps.take_over import TakeOver
from outlive.state.store import Store
from outlive.state.watching import Watching
from outlive.testing.clock import ManualClock
from outlive.wiring_state import sqlite
from tests.recovery.steps import carrying

WAS = "203.0.113.9"
LOST = {"host": "web-1", "verdict": "machine_replaced", "confirmed": True}
SILENT = {"address": WAS, "answers_as": None}
UNPROVEN = {"host": "web-1", "verdict": "unreachable_unproven", "confirmed": False}
WAIVER = {"waiver": {"who": "ann", "at": "2026-02-07T08:00:00+00:00", "text": "it burnt down"}}
INPUTS = Inputs("run-1", "gate")


@dataclass
class Site:
    """How it is; `looks` counts how often everybody was asked, which takes `seconds`."""

    clock: ManualClock
    here: World
    host: dict[str, Any] = field(default_factory=lambda: LOST)
    answers_as: str | None = None
    seconds: float = 12
    looks: int = 0

    def outlive(self, argv: Any, timeout_seconds: float) -> dict[str, Any]:
        assert list(argv) == ["check"]
        self.looks += 1
        self.clock.advance(self.seconds)
        address = SILENT | {"answers_as": self.answers_as}
        return {"exit_code": 1, "document": {"hosts": [self.host], "addresses": [address]}}

    def remembers(self, fact: str, value: Any) -> None:
        """Somebody else has looked, now."""
        seen = Observation(self.clock.now(), "ssh_identity", Channel.OUTSIDE, WAS, fact, value, "a look")
        self.here.memory.keep([Stretch.of(seen)])

    def kept(self) -> Site:
        Evidence().do(self.here, Inputs("run-1", "evidence"), 600)
        return self

    def gate(self, **args: Any) -> dict[str, Any]:
        return dict(TakeOver().do(self.here, replace(INPUTS, args=args), 600))


@pytest.fixture
def site(tmp_path: Path, store: Store) -> Site:
    clock = ManualClock(carrying.BEGAN)
    here = carrying.world(tmp_path, clock)
    made = Site(clock, here)
    made.here = replace(here, outlive=made.outlive, memory=Watching(store))
    return made


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("memory") / "keeper.db"
    Store(sqlite(path)).close()
    return path


@pytest.fixture
def store(migrated: Path, tmp_path: Path) -> Iterator[Store]:
    opened = Store(sqlite(Path(shutil.copy(migrated, tmp_path / "keeper.db"))))
    yield opened
    opened.close()


def test_what_was_kept_as_evidence_opens_it_without_a_second_look(site: Site) -> None:
    facts = site.kept().gate()
    assert site.looks == 1 and facts["verdict"] == "machine_replaced" and facts["still_answers"] == []


def test_without_evidence_it_looks(site: Site) -> None:
    assert site.gate()["confirmed"] is True and site.looks == 1


@pytest.mark.parametrize("spoilt", ["", "[]", "{}", '{"began_at": "now"}'])
def test_evidence_that_cannot_be_read_is_none(site: Site, spoilt: str) -> None:
    site.kept()
    (site.here.folder / "evidence.json").write_text(spoilt)
    assert site.gate() and site.looks == 2


def test_evidence_that_says_nothing_of_the_host_is_none(site: Site) -> None:
    site.kept()
    file = site.here.folder / "evidence.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"hosts": []}))
    assert site.gate() and site.looks == 2


def test_after_a_break_it_looks_anew_and_sees_that_the_old_machine_is_back(site: Site) -> None:
    """Killed after the evidence, gone on with when the provider had mended its network."""
    site.kept()
    site.clock.advance(31)
    site.host, site.answers_as = LOST, "web-1"
    with pytest.raises(Refused, match=f"{WAS} still answers as web-1"):
        site.gate()
    assert site.looks == 2


def test_a_look_counts_from_where_it_began(site: Site) -> None:
    site.seconds = 299
    site.kept()
    site.clock.advance(5)
    site.seconds = 12
    assert site.gate() and site.looks == 2


def test_a_clock_that_was_set_back_makes_it_void(site: Site) -> None:
    site.kept()
    site.clock.jump(-60)
    assert site.gate() and site.looks == 2


def test_it_refuses_only_by_a_look_of_its_own(site: Site) -> None:
    """The old machine was switched off between the two, as the first refusal has asked for."""
    site.answers_as = "web-1"
    site.kept()
    site.answers_as = None
    assert site.gate() and site.looks == 2


def test_silence_is_refused_by_a_look_of_its_own(site: Site) -> None:
    site.host = UNPROVEN
    site.kept()
    with pytest.raises(Refused, match="not confirmed"):
        site.gate()
    assert site.looks == 2
    assert "gave up what web-1" in str(site.gate(**WAIVER)["conditions"])


@pytest.mark.parametrize(
    ("fact", "value"), [("ssh.host_key", "SHA256:abc"), ("tcp.connect", {"port": 22, "seconds": 0.1})]
)
def test_a_sign_of_life_since_then_makes_it_void(site: Site, fact: str, value: Any) -> None:
    """The keeper goes on looking while the run is carried."""
    site.kept()
    site.clock.advance(1)
    site.remembers(fact, value)
    site.clock.advance(1)
    site.answers_as = "web-1"
    with pytest.raises(Refused):
        site.gate()
    assert site.looks == 2


def test_silence_since_then_is_no_sign_of_life(site: Site) -> None:
    site.remembers("ssh.host_key", "SHA256:abc")
    site.kept()
    site.clock.advance(1)
    site.remembers("ssh.host_key", {"error": "timeout"})
    assert site.gate() and site.looks == 1


def test_a_look_of_its_own_that_says_nothing_is_no_data(site: Site) -> None:
    site.host = {"host": "another", "verdict": "machine_replaced", "confirmed": True}
    with pytest.raises(NoData):
        site.gate()

"""The steps at somebody else's API, bitten at every request on their way forward and back; then gone on with, or taken
back. (Killed at every request: `../steps/test_killed.py`.)"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from outlive.state.recovering import Recovering
from outlive.state.store import Store
from tests.engine.databases import sqlite_url
from tests.recovery.steps.carrying import world
from tests.recovery.steps.test_killed import CASES, Case, prepare
from tests.recovery.trials.outside import Outside
from tests.recovery.trials.stage import AFTER, Run, Stage
from tests.world.biting import Bite, BitingApi

pytestmark = pytest.mark.slow
BITES = ("500", "lost")  # the rest, at the request that counts: steps/test_machines.py, test_ci.py, test_dns.py
STAYS = ("ci-dispatch", "create-volume")  # cancelled is over; and what was plugged out is plugged in by another step
NOT_HERE = ("given-back", "hetzner", "dispatch-untold")  # wants to know its name beforehand; as the others


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Recovering]:
    store = Store(sqlite_url(tmp_path))
    yield Recovering(store)
    store.close()


def bitten(api: BitingApi, at: int, kind: str) -> None:
    """At the request of that number from now."""
    last, serve = len(api.heard) + at - 1, api.serve

    def serving(*words: Any) -> Any:
        if len(api.heard) == last:
            api.bites = [Bite(kind)]
        return serve(*words)

    api.serve = serving  # type: ignore[method-assign]


def begun(case: Case, api: BitingApi, journal: Recovering, folder: Path) -> Run:
    here = world(prepare(case, api, folder))
    stage = Stage(case.kind, here, Outside(), lambda: None, lambda: None, case.args(api))
    return Run(journal, stage, folder.name)


def requests(api: BitingApi, run: Callable[[], object]) -> int:
    before = len(api.heard)
    run()
    return len(api.heard) - before


@pytest.mark.parametrize("name", [name for name in CASES if name not in NOT_HERE])
def test_bitten_at_every_request_it_is_resumed_or_taken_back(name: str, journal: Recovering, tmp_path: Path) -> None:
    case = CASES[name]
    with case.api() as api:
        run = begun(case, api, journal, tmp_path / "clean")
        counts = {
            "recover": requests(api, lambda: run.to_its_end("recover")),
            "undo": requests(api, lambda: run.to_its_end("undo")),
        }
        assert case.undone(api)
    moments = [
        (act, at, kind, after)
        for act in counts
        for at in range(1, counts[act] + 1)
        for kind in BITES
        for after in AFTER
    ]
    for act, at, kind, after in moments:
        with case.api() as api:
            run = begun(case, api, journal, tmp_path / f"{act}-{at}-{kind}-{after}")
            if act == "undo":
                run.to_its_end("recover")
            bitten(api, at, kind)
            run.once(act)
            where = f"{kind} at request {at} of {act}, then {after}: {api.heard}"
            if after == "resume":
                run.resumed()
                assert case.effects(api) == 1 or act == "undo", where
                assert (case.effects(api) >= 1 and not case.undone(api)) or case.kind in STAYS, where
            else:
                run.taken_back()
                assert case.undone(api) or case.effects(api) == 0, where

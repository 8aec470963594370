"""What `outlive recover --undo` takes back: never an earlier run while one has not ended; a machine that was kept, later;
and of a rehearsal that was killed, everything."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from outlive.cli.recover_run import Call
from outlive.cli.recover_undo import to_take_back
from outlive.errors import UsageError
from outlive.model.recovery import Recovery, What
from outlive.recovery.gate import Target
from outlive.state.recovering import Recovering
from outlive.state.store import Store
from tests.cli.home import Done, Home
from tests.engine.databases import sqlite_url
from tests.recovery.ordering import ORDERING
from tests.world.biting import TOKEN
from tests.world.makers import CherryApi

NOON = datetime(2026, 2, 7, 12, tzinfo=UTC)
ORDER = {"name": "order", "act": "recover", "args": {"kind": "create-machine", "args": {}}}
RUN = Recovery("run-1", NOON, "web-1", "mine", "mine", "", "ops", (ORDER,))
MADE = {"server_id": "7", "made_address": "198.51.100.1", "hostname": "web-1-0f3c2a1b"}


@pytest.fixture
def call(tmp_path: Path) -> Iterator[Call]:
    store = Store(sqlite_url(tmp_path))
    yield cast(Call, SimpleNamespace(journal=Recovering(store), rehearse=False))
    store.close()


def told(call: Call, run: str, *lines: tuple[str, What, dict[str, Any]]) -> None:
    at = NOON + timedelta(hours=len(call.journal.recoveries()))
    call.journal.begin(replace(RUN, id=run, began_at=at))
    for step, what, facts in lines:
        call.journal.write(run, at, step, what, "ops", "", facts)


ORDERED = (("order", What.DOING, {}), ("order", What.DONE, MADE))


def test_an_earlier_run_is_never_taken_back_while_one_has_not_ended(call: Call) -> None:
    told(call, "earlier", *ORDERED, ("", What.ENDED, {}))
    assert to_take_back(call, None)[0].id == "earlier"
    told(call, "later")
    found, steps = to_take_back(call, None)
    assert (found.id, steps) == ("later", []), "it has begun nothing, and ends so"


def test_the_machine_of_a_run_that_was_taken_back_is_found_by_its_name(call: Call) -> None:
    told(call, "earlier", *ORDERED, ("order", What.UNDONE, {}), ("", What.ENDED, {}))
    told(call, "later", ("", What.ENDED, {}))
    found, steps = to_take_back(call, Target("7", "198.51.100.1", "web-1-0f3c2a1b"))
    assert (found.id, steps) == ("earlier", ["order"])
    for named in (None, Target("8", "198.51.100.2", "another")):
        with pytest.raises(UsageError, match="nothing to take back"):
            to_take_back(call, named)


RUNBOOK = f"""{ORDERING}
[[steps]]
name = "deployed"
kind = "ci-run"
repo = "shop/web"
token = {{ file = "token" }}
attempts = 1
rehearse = true
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Its runbook orders a machine, and stands still after that."""
    home = Home(tmp_path)
    (tmp_path / "mine.toml").write_text(RUNBOOK)
    (tmp_path / "token").write_text(TOKEN)
    (tmp_path / "token").chmod(0o600)
    return home


def begin(home: Home, api: CherryApi, *more: str) -> tuple[str, ...]:
    home.write(more=f'[keeper]\nstate = "state"\n{api.provider}')
    return ("recover", "here", "--runbook", "mine.toml", "--yes", "--approve", "order", *more)


def called(home: Home, *words: str, code: int = 0) -> Done:
    done = home.call(*words)
    assert done.code == code, done
    return done


@pytest.mark.slow
def test_a_machine_that_was_kept_is_given_back_later(home: Home) -> None:
    with CherryApi() as api:
        called(home, *begin(home, api), code=5)
        called(home, "recover", "--undo", "--yes")
        assert [word for _, word in api.switched] == ["power_off"] and api.deleted == []
        (kept,) = api.known
        names = f"{kept.id},{kept.address},{kept.hostname}"
        called(home, "recover", "--undo", "--yes", "--named", f"{kept.id},{kept.address},web-1", code=2)
        called(home, "recover", "--undo", "--yes", "--named", f"1,{kept.address},{kept.hostname}", code=4)
        assert api.deleted == []
        called(home, "recover", "--undo", "--yes", "--named", names)
        assert api.deleted == [str(kept.id)] and len(api.ordered) == 1


@pytest.mark.slow
@pytest.mark.parametrize("goes_on", [True, False])
def test_a_rehearsal_that_was_killed_leaves_no_machine_behind(home: Home, goes_on: bool) -> None:
    """Killed once the order had its effect, and nobody had heard of it."""
    with CherryApi() as api:
        process = home.spawn(*begin(home, api, "--rehearse"))

        def watch(number: int, when: str) -> None:
            if when == "after" and api.heard[number - 1][0] == "POST":
                process.kill()

        api.watch = watch
        process.communicate(timeout=300)
        assert process.returncode == -9 and len(api.ordered) == 1
        api.watch = lambda number, when: None
        if goes_on:
            stopped = called(home, "recover", "--rehearse", "--resume", "--json", code=5)
            assert "no earlier step began a run" in json.loads(stopped.out)["error"]
        said = called(home, "recover", "--rehearse", "--undo", "--yes")
        assert "is deleted, with its disk" in said.out + said.err
        assert len(api.deleted) == len(api.ordered) == 1 and api.known == []

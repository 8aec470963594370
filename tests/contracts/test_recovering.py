"""One contract for the journal of recoveries, on SQLite and on a real Postgres."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from outlive.model.recovery import Recovery, What
from outlive.state.recovering import Recovering
from outlive.state.store import Store

NOON = datetime(2026, 2, 7, 12, tzinfo=UTC)


def run(name: str = "run-1", minutes: int = 0) -> Recovery:
    steps = ({"name": "a", "act": "recover", "args": {"x": [1]}, "timeout_seconds": 1.5},)
    losses = ({"asset": "db", "until": None, "everything": True},)
    return Recovery(
        name, NOON + timedelta(minutes=minutes), "web-1", "mine", "my own", "", "ops", steps, losses, True, "ssh://old"
    )


def test_a_run_comes_back_as_it_was_begun(store: Store) -> None:
    journal = Recovering(store)
    journal.begin(run("run-2", 5))
    journal.begin(run())
    journal.begin(run("run-1", 99))  # begun already: it stays as it was
    assert journal.recoveries() == [run(), run("run-2", 5)]
    assert journal.recovery("run-2") == run("run-2", 5) and journal.recovery("run-3") is None


def test_the_journal_keeps_its_order_from_whatever_thread(store: Store) -> None:
    journal = Recovering(store)
    journal.begin(run())
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: journal.write("run-1", NOON, f"s{n}", What.DOING, "ops", "ü", {"n": n}), range(20)))
    journal.write("run-2", NOON, "", What.BEGUN, "ops")
    found = journal.entries("run-1")
    assert [one.number for one in found] == list(range(1, 21))
    assert {(one.step, one.facts["n"]) for one in found} == {(f"s{n}", n) for n in range(20)}
    assert (found[0].at, found[0].what, found[0].said) == (NOON, What.DOING, "ü")
    assert [one.number for one in journal.entries("run-1", after=18)] == [19, 20]
    assert [one.number for one in journal.entries("run-2")] == [1]

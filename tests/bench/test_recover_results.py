"""What the rounds of a recovery gave is in its file after each of them, and told without flattery."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bench.recover.results import Results
from bench.recover.rounds import Result

ALONE = Result(90.0, 150.0, None, {"clusters": 40.0, "start": 13.0}, shown_seconds=3.0, ballast_is_whole=True)
KILLED = replace(ALONE, served_seconds=110.0, killed_at_seconds=71.4, phases={"clusters": 60.0, "start": 14.0})


def results(*rounds: Result) -> Results:
    found = Results(2000, 7, max(0, len(rounds) - 1), "a machine")
    for one in rounds:
        found = found.with_round(one)
    return found


def test_a_bench_that_was_cut_has_lost_nothing(tmp_path: Path) -> None:
    file = tmp_path / "rounds.json"
    results(ALONE).write(file)
    found = results(ALONE, KILLED)
    found.write(file)
    assert Results.read(file) == found
    assert [one.name for one in tmp_path.iterdir()] == ["rounds.json"]


def test_medians_and_the_worst_are_told_by_phase() -> None:
    slow, slower = (
        replace(KILLED, phases={"clusters": seconds}, killed_at_seconds=seconds) for seconds in (61.0, 99.0)
    )
    lines = results(ALONE, KILLED, slow, slower).tables().splitlines()
    (clusters,) = [line for line in lines if line.startswith("| clusters")]
    assert [cell.strip() for cell in clusters.split("|")[2:5]] == ["40.0", "61.0", "99.0"]
    assert lines[-1] == "Killed after so many seconds: 71, 61, 99."


def test_a_bench_without_a_kill_has_a_table() -> None:
    assert "left alone" in results(ALONE).tables() and results(ALONE).is_good


@pytest.mark.parametrize(
    "bad",
    [
        {"doubled": 1},
        {"ballast_is_whole": False},
        {"lost_seconds": 3.1},
        {"killed_at_seconds": None},
    ],
)
def test_what_went_wrong_is_not_good(bad: dict[str, object]) -> None:
    assert results(ALONE, KILLED).is_good
    assert not results(ALONE, replace(KILLED, **bad)).is_good  # type: ignore[arg-type]
    assert not results().is_good

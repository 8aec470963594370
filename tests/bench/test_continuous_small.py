"""The bench of continuous guarding works from end to end: delays, a death, a long log, and nobody lost more than it had
shown. How fast this machine is at the moment is not asked."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.continuous.__main__ import PROGRAMS
from tests.world import packages
from tests.world.need import need

ROOT = Path(__file__).parents[2]
OURS, BARMAN, PGBACKREST = "outlive", "Barman", "pgBackRest"


@pytest.mark.slow
@pytest.mark.postgres
def test_a_small_run_comes_to_its_end() -> None:
    need("bench", lambda: packages.install(PROGRAMS))
    command = [sys.executable, "-m", "bench.continuous", "--small", "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=900)
    assert done.returncode == 0, done.stderr
    numbers = json.loads(done.stdout)
    (load,) = numbers["delays"]
    assert load["reached"] > 0 and load["log_bytes_a_second"] > 0
    delays = by_guard(load["delays"])
    assert set(delays) == {OURS, BARMAN, PGBACKREST}
    for one in delays.values():
        assert 0 <= one["p50_seconds"] <= one["p99_seconds"] < 300
    for name in (OURS, BARMAN):
        assert delays[name]["cpu_share"] > 0 and delays[name]["rss_bytes"] > 10 << 20
    (death,) = numbers["deaths"]
    ours = by_guard(death)[OURS]
    assert ours["promise_kept"] and ours["seconds"] <= ours["shown_seconds"]
    assert by_guard(death)[BARMAN]["rows"] < by_guard(death)[PGBACKREST]["rows"], "the unfinished segment counts"
    comebacks = by_guard(numbers["comebacks"])
    assert set(comebacks) == {OURS, PGBACKREST}
    assert all(seconds > 0 for one in comebacks.values() for seconds in one["total"])
    assert "| outlive, ship_every 0.5 s" in done.stderr, "a table to be pasted"


def by_guard(found: list[dict[str, object]]) -> dict[str, dict[str, object]]:
    return {str(one["guard"]).partition(",")[0]: one for one in found}

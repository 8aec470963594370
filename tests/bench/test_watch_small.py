"""The bench of looking itself works: both look at everything, nobody wins by failing, and the numbers are numbers."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.blackbox import PROGRAM
from tests.world import packages
from tests.world.need import need

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_a_small_contest_is_held_to_its_end() -> None:
    need("bench", lambda: packages.install({PROGRAM: PROGRAM}))
    command = [sys.executable, "-m", "bench.watch", "--small", "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr
    numbers = json.loads(done.stdout)
    assert set(numbers["looks_per_core_second"]) == {"tcp", "tls", "http", "https"}
    for several in numbers["looks_per_core_second"].values():
        assert set(several) == {"outlive", "blackbox"}
        assert all(one > 0 for one in several.values())
    for kind in ("ssh", "exchange"):
        assert numbers["ssh"][kind]["looks_per_core_second"] > 0
    # The aim is 10 ms; here, that no look begins to cost the watched host ten times as much, however busy this machine is.
    assert 0 < numbers["ssh"]["ssh"]["host_cpu_milliseconds"] < 100
    assert "on the watched host" in done.stderr

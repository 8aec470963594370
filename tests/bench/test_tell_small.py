"""The bench of telling itself works: both hear of what both can see."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.tell.theirs import PROGRAMS
from tests.world import packages
from tests.world.need import need

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_a_small_contest_is_held_to_its_end() -> None:
    need("bench", lambda: packages.install(PROGRAMS))
    command = [sys.executable, "-m", "bench.tell", "--small", "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=900)
    assert done.returncode == 0, done.stderr
    numbers = json.loads(done.stdout)
    assert list(numbers) == ["the page answers 502"]
    (waits,) = numbers["the page answers 502"]
    assert set(waits) == {"outlive", "Prometheus"} and all(waits.values()), numbers

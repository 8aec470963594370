"""The bench of leaks itself works: everything planted is found, nothing else, and no list is taken for a seed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_a_small_contest_is_held_to_its_end() -> None:
    command = [sys.executable, "-m", "bench.leaks", "--small", "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr
    numbers = json.loads(done.stdout)
    ours = {name: one for name, one in numbers["contenders"].items() if name.startswith("outlive")}
    assert len(ours) == 2 and "a loop over lines and rules" in numbers["contenders"]
    for one in ours.values():
        assert one["planted"] > 50 and one["recall"] == 1 and one["false"] == 0, done.stderr
        assert one["mb_per_core_second"] > 0
    assert numbers["dumps_taken_for_a_seed"] == []
    assert all(one["times"] > 0 for one in numbers["hard"].values()) and len(numbers["hard"]) > 10
    assert "load averages" in done.stderr

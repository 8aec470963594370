"""The bench itself works: every contender backs up and brings back, and the numbers are numbers."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.guard import PROGRAMS
from tests.world import packages
from tests.world.need import need

ROOT = Path(__file__).parents[2]
CONTENDERS = {"outlive", "pg_basebackup|zstd|age", "pgBackRest", "pgBackRest, bundled", "restic"}


@pytest.mark.slow
@pytest.mark.postgres
def test_a_small_contest_is_held_to_its_end() -> None:
    need("bench", lambda: packages.install(PROGRAMS))
    command = [sys.executable, "-m", "bench.guard", "--small", "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr
    numbers = json.loads(done.stdout)
    assert set(numbers["backup"]) == set(numbers["restore"]) == CONTENDERS
    stored = {name: one["stored_bytes"] for name, one in numbers["backup"].items()}
    assert min(stored.values()) > numbers["database_bytes"] / 6, "too little was stored to hold the database"
    assert max(stored.values()) < 1.5 * min(stored.values()), "they did not store the same"
    for one in [*numbers["backup"].values(), *numbers["restore"].values()]:
        assert one["seconds"] > 0 and one["cpu_seconds"] > 0
    for what in ("backup", "restore"):
        assert numbers[what]["outlive"]["highest_rss_bytes"] < 150_000_000

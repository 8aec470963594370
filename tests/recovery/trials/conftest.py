"""For all trials."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture
def hurried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing waits for the disk: processes are killed here, not the kernel."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("sync", "docker"):  # and no container runs
        (programs / name).symlink_to("/bin/true")
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")

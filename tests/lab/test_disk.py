"""Disks of machines: as large as they are wanted, and no file of the seed is lost by it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from outlive.lab.ground.disk import copy_image, grow_image, make_image
from outlive.lab.ground.process import program

pytestmark = pytest.mark.docker


def test_a_larger_disk_has_the_seed_and_room(tmp_path: Path) -> None:
    seed, disk, word = tmp_path / "seed", tmp_path / "disk", tmp_path / "word"
    word.write_text("kept\n")
    make_image(seed, 64)
    _debugfs(seed, f"write {word} word", "-w")
    copy_image(seed, disk)
    grow_image(disk, 512)
    assert _debugfs(disk, "cat word") == "kept\n"
    stats = dict(line.split(":", 1) for line in _debugfs(disk, "stats").splitlines() if ":" in line)
    assert int(stats["Block count"]) * int(stats["Block size"]) == disk.stat().st_size == 512 << 20
    assert disk.stat().st_blocks * 512 < 64 << 20, "sparse"


def _debugfs(image: Path, request: str, *options: str) -> str:
    words = [program("debugfs", package="e2fsprogs"), *options, "-R", request, str(image)]
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout

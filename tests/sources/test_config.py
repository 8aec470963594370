"""Configuration files."""

from __future__ import annotations

from pathlib import Path

import pytest

from outlive.errors import SourceFailed
from outlive.model.asset import ConfigAsset
from outlive.sources.config import ConfigSource
from outlive.testing.clock import ManualClock
from outlive.transport.local import LocalShell
from tests.sources.trees import drain, names_in


def source(*paths: Path) -> ConfigSource:
    asset = ConfigAsset(name="config", host="local", paths=tuple(str(path) for path in paths))
    return ConfigSource(asset, LocalShell(), ManualClock())


def test_names_are_relative_to_the_root_of_the_host(tmp_path: Path) -> None:
    (tmp_path / "b").write_text("b")
    (tmp_path / "a").write_text("a")
    streams, outcome = drain(source(tmp_path / "b", tmp_path / "a"))
    below = str(tmp_path).lstrip("/")
    assert names_in(streams["files.tar"]) == [f"{below}/a", f"{below}/b"]
    assert outcome.inventory["root"] == "/"
    assert outcome.warnings == ()


def test_the_lineage_is_the_host_and_the_paths_not_the_inodes(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a")
    before = source(tmp_path / "a", tmp_path / "b").identify()
    (tmp_path / "a").unlink()
    assert source(tmp_path / "b", tmp_path / "a").identify() == before
    assert source(tmp_path / "a").identify() != before
    assert str(tmp_path) not in str(before)


def test_a_missing_file_fails_and_is_named(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a")
    with pytest.raises(SourceFailed, match=r"does not have .*/\.env"):
        drain(source(tmp_path / "a", tmp_path / ".env"))

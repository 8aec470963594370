"""A Docker volume of the machine: there, not there, or nobody who tells."""

from __future__ import annotations

from pathlib import Path

import pytest

from outlive.errors import RestoreFailed
from outlive.recovery import docker_volume
from outlive.recovery.docker_volume import DockerSilent
from outlive.transport.local import LocalShell

VOLUME = '[{"Name": "db", "Driver": "local", "Mountpoint": "/var/lib/docker/volumes/db/_data", "Options": null}]'


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `docker` that does as its text says."""
    program = tmp_path / "docker"
    program.touch(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    return program


def test_what_it_tells_is_read(docker: Path) -> None:
    docker.write_text(f"#!/bin/sh\necho '{VOLUME}'\n")
    found = docker_volume.find(LocalShell(), "db")
    assert found is not None and docker_volume.directory(found, "") == "/var/lib/docker/volumes/db/_data"
    docker.write_text("#!/bin/sh\necho 'Error: No such volume: db' >&2; exit 1\n")
    assert docker_volume.find(LocalShell(), "db") is None


def test_what_is_no_answer_is_not_taken_for_none(docker: Path) -> None:
    for text in ("echo 'permission denied' >&2; exit 1", "echo nonsense"):
        docker.write_text(f"#!/bin/sh\n{text}\n")
        with pytest.raises(RestoreFailed):
            docker_volume.find(LocalShell(), "db")


def test_one_that_is_held_back_hangs_and_the_cure_says_what_is_missing(
    docker: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a boot without the volume: systemd's socket takes the question, and nobody answers it."""
    monkeypatch.setattr(docker_volume, "ASK_SECONDS", 0.3)
    docker.write_text("#!/bin/sh\nexec sleep 600\n")
    with pytest.raises(DockerSilent, match="no end after") as caught:
        docker_volume.find(LocalShell(), "db")
    assert caught.value.exit_code == 3 and "list-dependencies docker" in caught.value.hint

"""Docker on the new machine: looked for; installed by the runbook's own line, or by a person."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import cast

import pytest

from outlive.errors import Failed, RestoreFailed
from outlive.recovery.steps.base import Done, Inputs, NotYet, World
from outlive.recovery.steps.docker import Docker
from outlive.transport.base import Completed


class Machine:
    """A machine without Docker, until the line that installs it is run."""

    name = "web-1"

    def __init__(self) -> None:
        self.said: list[str] = []

    def run(self, argv: Sequence[str], timeout_seconds: float) -> Completed:
        line = argv[-1]
        self.said.append(line)
        if line == "apt-get install -y docker.io":
            return Completed(tuple(argv), 0, b"", "")
        if line.startswith("docker version") and "apt-get install -y docker.io" in self.said:
            return Completed(tuple(argv), 0, b"20.10.24\n5.6.1\n", "")
        return Completed(tuple(argv), 127, b"", "sh: 1: docker: not found")


def test_it_is_installed_by_the_runbooks_own_line() -> None:
    there = Machine()
    world = cast(World, SimpleNamespace(there=there, target=there))
    inputs = Inputs("run", "docker", {"install": "apt-get install -y docker.io"})
    assert Docker().look(world, inputs) == NotYet("sh: 1: docker: not found")
    Docker().do(world, inputs, 60)
    assert Docker().look(world, inputs) == Done(
        "Docker 20.10.24, compose 5.6.1", {"docker": "20.10.24", "compose": "5.6.1"}
    )


def test_else_a_person_does_and_a_line_that_fails_is_told() -> None:
    there = Machine()
    world = cast(World, SimpleNamespace(there=there, target=there))
    with pytest.raises(Failed) as caught:
        Docker().do(world, Inputs("run", "docker"), 60)
    assert "--resume" in caught.value.hint and there.said == []
    with pytest.raises(RestoreFailed, match="installing Docker"):
        Docker().do(world, Inputs("run", "docker", {"install": "nonsense"}), 60)

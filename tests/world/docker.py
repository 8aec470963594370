"""The Docker engine as a run of the tests uses it: what is started there ends with the run."""

from __future__ import annotations

from outlive.lab.ground import docker
from tests.world import ledger


class DockerEngine(docker.DockerEngine):
    """`engine.run(...)` and friends are the docker command line; containers started here are removed by `close()`."""

    def __init__(self) -> None:
        super().__init__(ledger.own())

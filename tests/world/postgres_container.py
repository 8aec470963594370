"""Postgres in a container, as people run it: only its own loopback and socket may replicate, nothing is published."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Self

from outlive.lab.ground.missing import ProgramFailed
from outlive.lab.ground.process import wait_until
from outlive.lab.ground.server import Server
from tests.world import images
from tests.world.docker import DockerEngine


class PostgresContainer(Server):
    """`major` 14 to 18 in the Debian-like image, or `alpine=True`: 17 with busybox for a shell and nothing else."""

    def __init__(
        self, engine: DockerEngine, major: int = 17, *, alpine: bool = False, options: Sequence[str] = ()
    ) -> None:
        """`options` go to `docker run`, such as ("--env", "POSTGRES_USER=app")."""
        self.engine = engine
        self.major = 17 if alpine else major
        self.alpine = alpine
        self.options = list(options)
        self.password = secrets.token_hex(12)
        self.name = f"outlive-test-pg-{secrets.token_hex(4)}"
        self.volume = f"{self.name}-data"
        self.container = ""

    def start(self) -> Self:
        image = images.alpine_like(self.engine) if self.alpine else images.postgres(self.engine, self.major)
        options = ["--name", self.name, "--env", f"POSTGRES_PASSWORD={self.password}"]
        options += ["--volume", f"{self.volume}:{images.postgres_volume(self.major)}", *self.options]
        self.container = self.engine.run(image, options=options)
        wait_until(self._is_up, f"postgres {self.major} in {self.name}", seconds=60, every=0.1)
        return self

    def close(self) -> None:
        if self.container:
            self.engine.remove(self.container)
            self.engine.docker("volume", "rm", "--force", self.volume)
            self.container = ""

    def sql(self, query: str, dbname: str = "postgres", user: str = "postgres") -> str:
        """What psql prints, unaligned. Stops at the first error."""
        command = ["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-U", user, "-d", dbname, "-f", "-"]
        return self.engine.exec(self.name, *command, input=query.encode())

    @property
    def address(self) -> str:
        """Reachable from this machine with the password; replication is refused there, as by the official image."""
        return self.engine.address(self.container)

    @property
    def system_identifier(self) -> str:
        return self.sql("select system_identifier from pg_control_system()")

    def _is_up(self) -> bool:
        try:
            # The entrypoint's first server listens on the socket only; the loopback answers when the real one is up.
            self.engine.exec(self.name, "pg_isready", "-q", "-h", "127.0.0.1")
        except ProgramFailed:
            return False
        return True

"""A restored data directory, started once by stock Postgres, to see that everything is in it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from outlive.lab.ground.process import free_port, give_to_nobody
from tests.world import ledger
from tests.world.postgres import PostgresServer

_TRUST = "local all all trust\n"


class RestoredServer(PostgresServer):
    """`with RestoredServer(15, data) as server:` recovers as the copy's own files say (pgBackRest leaves a
    `restore_command`; `settings` is what others want said) and stops without ado."""

    ready_seconds = 3600  # it may have a long log to replay

    def __init__(self, major: int, data: Path, settings: Mapping[str, str] | None = None) -> None:
        options = {"archive_mode": "off", "autovacuum": "off", "hot_standby": "off"}  # ready only when all is replayed
        super().__init__(major, options={**options, **(settings or {})})
        self._restored = data

    def _make(self) -> None:
        self.home = ledger.new_directory("restored")
        self.data = self._restored
        self.socket_dir = self.home / "s"
        self.socket_dir.mkdir()
        self.log = self.home / "server.log"
        self.data.chmod(0o700)
        give_to_nobody(self.home)
        give_to_nobody(self.data)
        (self.data / "pg_hba.conf").write_text(_TRUST)
        self.port = free_port()

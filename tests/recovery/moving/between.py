"""Stages for what is done between two databases: real servers, and what comes before the step is really done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg

from outlive.clock import SystemClock
from outlive.lab.ground.missing import ProgramFailed
from outlive.recovery.steps.base import World
from outlive.transport.local import LocalShell
from tests.recovery.moving.carrying import Move
from tests.recovery.moving.shop import APP, moving
from tests.recovery.trials.outside import Outside, Watched
from tests.recovery.trials.stage import Stage
from tests.world.postgres import PostgresServer

SLOTS = "select count(*) from pg_replication_slots"
RUNBOOK = {"move-load": "move-postgres", "role-passwords": "rotate-secrets"}
ROTATED = "APP_PASSWORD=old-app-word\n"


class Hurried(SystemClock):
    """Nobody is waited for longer than that."""

    def sleep(self, seconds: float) -> None:
        super().sleep(min(seconds, 0.05))


class HurriedMove(Move):
    """What comes before waits no longer either."""

    def world(self) -> World:
        return replace(super().world(), clock=Hurried())


class Enough(Exception):
    """The step that is tried comes next."""


@dataclass
class Between:
    """`source` with the shop, `target` with nothing."""

    source: PostgresServer
    target: PostgresServer

    def stage(self, kind: str, folder: Path) -> Stage:
        folder.parent.mkdir(parents=True, exist_ok=True)
        made = moving(folder, self.source, self.target, RUNBOOK.get(kind, "move-postgres-live"))
        move = self._before(kind, HurriedMove(made.folder, made.runbook))
        outside = Outside()
        shell = Watched(LocalShell(), outside)
        here = replace(move.world(), shell=lambda host: shell)
        entry = next(one for one in move.entries() if one.kind == kind)
        inputs = move.inputs(entry)
        done, undone = self._insists(kind, folder)
        return Stage(kind, here, outside, done, undone, inputs.args, inputs.facts)

    def _before(self, kind: str, move: Move) -> Move:
        if kind == "role-passwords":
            (move.folder / ".env").write_text(ROTATED)
            self.source.sql("alter role app password 'old-app-word'")

        def until(next_kind: str) -> None:
            if next_kind == kind:
                raise Enough

        try:
            move.carry(until)
        except Enough:
            return move
        raise AssertionError(f"{move.runbook} has no {kind}")

    def _insists(self, kind: str, folder: Path) -> tuple[Callable[[], None], Callable[[], None]]:
        insists: dict[str, tuple[Callable[[], None], Callable[[], None]]] = {
            "app-env": (lambda: self._leads(folder, there=True), lambda: self._leads(folder, there=False)),
            "cut-over": (self._goes_on, lambda: None),
            "move-load": (lambda: self._same("select count(*), sum(id), max(note) from orders"), lambda: None),
            "move-roles": (self._has_roles, lambda: None),
            "read-only": (lambda: self._takes_writes(taken=False), lambda: self._takes_writes(taken=True)),
            "replicate": (self._is_in_step, self._nothing_left),
            "replication-end": (self._nothing_left, lambda: None),
            "role-passwords": (
                lambda: self._lets_in("old-app-word", let=False),
                lambda: self._lets_in("old-app-word", let=True),
            ),
        }
        return insists[kind]

    def _leads(self, folder: Path, *, there: bool) -> None:
        is_there = f"127.0.0.1:{self.target.port}" in (folder / ".env").read_text()
        assert is_there is there and (APP.partition("?")[2] in (folder / ".env").read_text())

    def _goes_on(self) -> None:
        assert self.target.sql("select last_value from orders_id_seq", "defaultdb") == "3000"
        assert self.target.sql("select orders from totals", "defaultdb") == "3000"

    def _same(self, query: str) -> None:
        assert self.target.sql(query, "defaultdb") == self.source.sql(query, "shop")

    def _has_roles(self) -> None:
        assert self.target.sql("select count(*) from pg_roles where rolname in ('app', 'reader')") == "2"

    def _takes_writes(self, *, taken: bool) -> None:
        try:
            self.source.sql("insert into parts values (2, '2026-02-08'); delete from parts where id = 2", "shop")
        except ProgramFailed as error:
            assert not taken and "read-only" in str(error), error
        else:
            assert taken, "the old database takes writes"

    def _is_in_step(self) -> None:
        self._same("select count(*), sum(id), max(note) from orders")
        assert self.source.sql(SLOTS) == "1" and self.target.sql("select count(*) from pg_subscription") == "1"

    def _nothing_left(self) -> None:
        """A slot that stayed would fill the source's disk."""
        assert self.source.sql(SLOTS) == self.source.sql("select count(*) from pg_publication", "shop") == "0"
        assert self.target.sql("select count(*) from pg_subscription") == "0"

    def _lets_in(self, password: str, *, let: bool) -> None:
        where = f"host=127.0.0.1 port={self.source.port} user=app password={password} dbname=postgres"
        try:
            psycopg.connect(where).close()
        except psycopg.OperationalError as error:
            assert not let and "authentication failed" in str(error), error
        else:
            assert let, "the old password is let in"


BETWEEN = (
    "app-env",
    "cut-over",
    "move-load",
    "move-roles",
    "read-only",
    "replicate",
    "replication-end",
    "role-passwords",
)
HAS_UNDO = ("app-env", "read-only", "replicate", "role-passwords")

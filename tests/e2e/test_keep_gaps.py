"""The keeper's own answer when log is lost or another cluster answers: a new base copy, by itself, and the truth told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from outlive.lab.ground.cache import cache_root
from outlive.lab.ground.process import end
from tests.backup.upgrade import upgrade
from tests.e2e.test_keep import Keep
from tests.e2e.test_moments import running, short_folder
from tests.keeper.homes import ALLOWED, home
from tests.keeper.test_streams import SMALL, keep_log
from tests.world.postgres import PostgresServer

pytestmark = [pytest.mark.slow, pytest.mark.postgres]
ASSET = '[[assets]]\nname = "db"\nkind = "postgres"\ndsn = { env = "DB" }\n'
ONE = "[retention]\nlast = 1\ndaily = 0\nweekly = 0\nmonthly = 0\n"
TAKEN = "ended backup db: done"


@contextmanager
def keeping(keep: Keep, copies: int) -> Iterator[None]:
    """A keeper runs, which has taken so many copies since the first one was started when the body begins."""
    keeper = keep.start()
    try:
        keep.until(lambda: keep.log.count(TAKEN) == copies, f"copy {copies}, proven")
        yield
        assert keep.stop(keeper) == 0
    finally:
        end(keeper)


def db(keep: Keep) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in keep.json("status", "--no-look")["assets"] if one["asset"] == "db")
    return found


def windows(keep: Keep) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = keep.json("copies", "db")["windows"]
    return found


def test_a_lost_slot_and_then_a_pg_upgrade() -> None:
    options = SMALL | {"max_slot_wal_keep_size": "1MB"}
    with short_folder() as folder, PostgresServer(16, options=options) as old, PostgresServer(17) as new:
        env = {"DB": old.dsn(), "OUTLIVE_POSTGRES_DIR": str(cache_root() / "postgres")}
        keep = Keep(home(folder / "h", keeper=ALLOWED, schedule="ship_every_seconds = 0.5", more=ASSET + ONE), env)
        keep_log(old, "256MB")
        old.sql("create table t (i int)")
        with keeping(keep, 1):
            old.sql("insert into t values (1)")
            keep.until(lambda: (keep.loss("db") or 1e9) < 5, "the log")

        keep_log(old, "0")
        for _ in range(6):
            old.sql("insert into t values (2); select pg_switch_wal()")
        old.sql("checkpoint")
        keep_log(old, "256MB")
        with keeping(keep, 2):
            assert keep.heard("A new base copy is taken.")
            old.sql("insert into t values (3)")
            keep.until(lambda: (keep.loss("db") or 1e9) < 5, "the log after the second copy")
            broken, whole = windows(keep)
            assert broken["gap"] and not whole["gap"]
            assert db(keep)["risks"] == [], "the gap lies behind: everything since can be restored"

        upgrade(old, new)
        with keeping(keep, 3):
            assert keep.heard(f"another cluster answers (pg-{new.system_identifier}).")
            new.sql("insert into t values (4)")
            keep.until(lambda: (keep.loss("db") or 1e9) < 5, "the log of the new cluster")
            (alarm,) = db(keep)["alarms"]
            assert "new lineage" in alarm
            (frozen,) = (one for one in keep.json("prune")["assets"] if one["asset"] == "db")
            assert frozen["frozen"] and all(one["keep"] for one in frozen["decisions"])
            assert all(not one["going"] for one in frozen["log"]) and len(frozen["log"]) == 2

        assert len({one["lineage"] for one in windows(keep)}) == 2
        assert keep.call("restore", "db", "--to", str(folder / "now")).returncode == 2, "which of the two is meant?"
        at = whole["to"]
        assert keep.call("restore", "db", "--to", str(folder / "a"), "--at", at).returncode == 0
        with running(old, folder / "a") as sql:
            assert sql("select max(i) from t") == "3"
        assert keep.call("copies", "--accept", f"pg-{new.system_identifier}").returncode == 0
        assert db(keep)["alarms"] == []
        before = windows(keep)
        (pruned,) = keep.json("prune", "db", "--yes")["assets"]
        assert pruned["deleted"] == [broken["base"]] and pruned["log_objects"] > 0
        assert windows(keep) == before[1:], "what the other copies reach is as it was"

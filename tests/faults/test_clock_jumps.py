"""The keeper's clock jumps by a day, either way, and is set right again: the log has no hole, nothing false is promised,
and every moment that the server lived through can be reached."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from outlive.backup.restore.recover_to import pick, windows
from outlive.backup.upkeep.prune import plan
from outlive.backup.upkeep.retention import Policy
from outlive.backup.upkeep.standing import standing
from outlive.clock import SystemClock
from outlive.vault.memory import MemoryVault
from tests.backup.streamed import ASSET, KEEP, assert_same_log, brought_back, copies, now, rows, take_base
from tests.keeper.test_streams import hurried, kept
from tests.world.postgres import PostgresServer

pytestmark = [pytest.mark.postgres, pytest.mark.slow]
__all__ = ["hurried"]
DAY = timedelta(days=1)


class JumpingClock(SystemClock):
    """Steady time goes on; what the clock on the wall says may jump."""

    off = timedelta()

    def now(self) -> datetime:
        return super().now() + self.off


@pytest.mark.parametrize("jump", [DAY, -DAY], ids=["forward", "back"])
def test_a_day_either_way(
    new_postgres: Callable[..., PostgresServer], hurried: None, tmp_path: Path, jump: timedelta
) -> None:
    server, vault, clock = new_postgres(17, options=KEEP), MemoryVault(), JumpingClock()
    server.sql("create table written(n bigint)")

    def insert(row: int) -> None:
        server.sql(f"insert into written values ({row}); select pg_switch_wal()")

    with kept(server, vault, clock=clock) as one:
        one.await_all()
        take_base(server, vault, tmp_path, clock)
        insert(1)
        one.await_all()
        clock.off = jump
        insert(2)
        one.await_all()
        take_base(server, vault, tmp_path, clock)
        insert(3)
        one.await_all()
        clock.off = timedelta()
        insert(4)
        one.await_all()
        between = now()
        time.sleep(0.5)
        take_base(server, vault, tmp_path, clock)
        insert(5)
        one.await_all()
    assert not one.gaps
    assert_same_log(vault, server)

    found = copies(vault)
    stands = standing(ASSET, found, (), now(), windows=windows(vault, found))
    assert stands.loss.seconds is not None and 0 <= stands.loss.seconds < 60, "neither less than nothing nor a day"
    assert any("from the future" in risk for risk in stands.risks) == (jump > timedelta())
    newest, _ = pick(vault, found, None)
    with brought_back(vault, server, window=newest) as (cluster, _):
        assert rows(cluster) == {1, 2, 3, 4, 5}
    reaching, _ = pick(vault, found, between)
    with brought_back(vault, server, at=between, window=reaching) as (cluster, _):
        assert rows(cluster) == {1, 2, 3, 4}
    kept_one = Policy(last=1, daily=0, weekly=0, monthly=0, require_proof=False)
    planned = plan(vault, "db", kept_one, now())
    staying = [one.copy for one in planned.decisions if one.keep]
    assert found[-1] in staying, "the order of commits counts, whatever the clocks said"
    (log,) = planned.log
    assert all(
        one.stretch and one.stretch.end <= min(w.base.start for w in windows(vault, staying)) for one in log.going
    )

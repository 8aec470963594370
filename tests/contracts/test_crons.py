"""What cron jobs told comes back as it was, on SQLite and on a real Postgres."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from outlive.model.cron import CronHeard, Signal
from outlive.state.crons import Crons
from outlive.state.store import Store

NOON = datetime(2026, 2, 7, 12, 0, 0, 123456, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_each_signal_is_kept_with_its_moment(store: Store) -> None:
    crons = Crons(store)
    assert crons.heard() == {}
    crons.hear("report", Signal.START, None, NOON)
    crons.hear("report", Signal.FAIL, 3, NOON + HOUR)
    crons.hear("report", Signal.LOG, None, NOON + 3 * HOUR)
    crons.hear("other", Signal.SUCCESS, None, NOON)
    report = CronHeard("report", began_at=NOON, failed_at=NOON + HOUR, exit_status=3)
    assert crons.heard() == {"report": report, "other": CronHeard("other", succeeded_at=NOON)}
    crons.hear("report", Signal.SUCCESS, None, NOON + 4 * HOUR)
    assert crons.heard()["report"] == CronHeard("report", NOON, NOON + 4 * HOUR, NOON + HOUR, None)


def test_several_may_tell_at_once(store: Store) -> None:
    crons = Crons(store)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: crons.hear("report", Signal.SUCCESS, number, NOON), range(16)))
    assert list(crons.heard()) == ["report"]

from __future__ import annotations

from datetime import timedelta
from typing import Any

from outlive.web.views.calendar import DAYS, copy_days, host_days
from outlive.web.views.charts import rto_chart, tally_chart
from tests.web import documents
from tests.web.documents import NOW


def change(days_ago: float, verdict: str) -> dict[str, Any]:
    return {"since": NOW - timedelta(days=days_ago), "judged_at": NOW, "verdict": verdict}


def test_a_day_is_as_bad_as_its_worst_moment() -> None:
    changes = [change(0.01, "same_machine_ok"), change(2.0, "same_machine_app_down"), change(5, "same_machine_ok")]
    blind = [{"from": NOW - timedelta(days=3.1), "to": NOW - timedelta(days=3), "why": "no network"}]
    days = host_days(changes, blind, NOW)
    assert len(days) == DAYS
    assert [one.state for one in days[-6:]] == ["good", "good", "unknown", "bad", "bad", "bad"]
    assert days[0].state == "nothing" and days[0].said == "nobody looked"
    assert days[-2].said == "same_machine_app_down for 24 h 0 min"
    assert (days[-1].day, days[-1].place) == ("2026-02-07", DAYS - 1)


def test_the_best_copy_of_a_day_counts_and_a_broken_one_does_not() -> None:
    one = documents.copies()["copies"][0]
    copies = [
        one | {"proof": "stored"},
        one | {"proof": "verified"},
        one | {"data_until": NOW - timedelta(days=1), "broken": "its parent is missing"},
    ]
    today, yesterday = copy_days(copies, NOW)[-1], copy_days(copies, NOW)[-2]
    assert (today.state, today.said) == ("verified", "2 copies, verified")
    assert (yesterday.state, yesterday.said) == ("nothing", "1 broken")


def test_a_chart_says_the_same_as_its_table() -> None:
    chart = rto_chart(documents.drills())
    assert chart is not None
    assert chart.data["lines"] == [[40.0, 41.0]] and len(chart.data["at"]) == 2
    assert chart.rows[0] == ("2026-02-07 03:00:00Z", "41.0 s")
    assert rto_chart(documents.drills()[:2]) is None, "one point is no trend"


def test_an_hour_without_an_answer_is_a_hole() -> None:
    hours = documents.hours(count=3)
    hours[1] |= {"mean_seconds": None, "most_seconds": None}
    chart = tally_chart("t", hours)
    assert chart is not None
    assert chart.data["lines"][0][1] is None
    assert chart.rows[1][1:] == ("no answer", "no answer")

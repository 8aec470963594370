from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from outlive.model.schedule import Outcome
from outlive.model.verdict import Name
from outlive.web.report import as_html
from outlive.web.views.acting import progress
from outlive.web.views.asset import asset_view
from outlive.web.views.host import host_view
from outlive.web.views.identity import seen_lines
from outlive.web.views.now import now_view
from outlive.web.views.recovery import recovery_view
from outlive.web.views.words import BAD, GOOD, SENTENCES, UNKNOWN
from tests.web.documents import NOW, asset, copies, host, known, recovery, seen, status


def test_all_is_well() -> None:
    view = now_view(status())
    assert (view.state, view.headline) == (GOOD, "All is well.")
    assert view.assets[0].lost == "the last 2.1 s"
    assert view.hosts[0].seen == "seen 12 s ago"


def test_every_verdict_has_a_sentence() -> None:
    assert set(SENTENCES) == set(Name)


@pytest.mark.parametrize("verdict", [name for name in Name if name != Name.SAME_MACHINE_OK])
def test_no_other_verdict_is_well(verdict: Name) -> None:
    view = now_view(status(hosts=[host(verdict=verdict)]))
    untold = verdict in (Name.NO_DATA, Name.UNREACHABLE_UNPROVEN)
    assert view.state == (UNKNOWN if untold else BAD)


def test_what_is_not_confirmed_says_so() -> None:
    sentence = now_view(status(hosts=[host(verdict="machine_replaced", confirmed=False)])).hosts[0].sentence
    assert "not confirmed" in sentence


def test_nothing_copied_is_everything_lost() -> None:
    lost = {"seconds": None, "everything": True, "bytes_at_risk": None}
    view = now_view(status(assets=[asset(loss=lost, last_copy=None, last_drill=None, risks=["no whole copy"])]))
    assert (view.state, view.headline) == (BAD, "One thing is at risk.")
    line = view.assets[0]
    assert (line.lost, line.copied, line.proof, line.drill) == ("everything", "never", "none", "never")
    assert view.risks == ("shop-db: no whole copy",)


def test_what_cannot_be_seen_is_never_well() -> None:
    blind = {"what": "the keeper's work", "from": NOW, "to": NOW, "why": "it did not run"}
    view = now_view(status(blind=[blind]))
    assert view.state == UNKNOWN
    assert len(view.blind) == 1


def test_a_blindness_that_is_over_is_told_apart() -> None:
    over = {"what": "w", "from": NOW - timedelta(hours=2), "to": NOW - timedelta(hours=1), "why": "y"}
    view = now_view(status(blind=[over]))
    assert (view.state, view.blind, len(view.blind_before)) == (GOOD, (), 1)


def test_the_unguarded_and_the_mirror_are_risks() -> None:
    cache = {"kind": "docker_volume", "name": "cache", "host": "web-1", "bytes": 1, "why": "nobody", "accepted": False}
    mirror = {"assets": [{"asset": "shop-db", "risks": ["the mirror is old"]}], "blind": None}
    view = now_view(status(unguarded=[cache, cache | {"accepted": True}], mirror=mirror))
    assert (view.state, len(view.risks), len(view.unguarded)) == (BAD, 1, 1)
    assert view.headline == "2 things are at risk."


def test_nobody_guards_anything() -> None:
    assert now_view(status(hosts=[], assets=[])).state == UNKNOWN


def test_a_red_drill_is_red() -> None:
    red = {"at": NOW, "ok": False, "rto_seconds": None}
    assert now_view(status(assets=[asset(last_drill=red)])).assets[0].drill.startswith("RED")


def test_a_host_with_its_reasons() -> None:
    view = host_view("web-1", status(), known())
    assert view is not None
    assert view.pro == ("ssh.host_key at 203.0.113.9 (outside): SHA256:x",)
    assert view.forbidden == ("rebuild",)
    assert host_view("other", status(), {}) is None


def test_an_asset_with_its_copies() -> None:
    view = asset_view("shop-db", status(), copies())
    assert view is not None
    assert [one.id for one in view.copies] == ["c2", "c1"]
    assert view.window.startswith("any second from")
    assert asset_view("other", status(), copies()) is None


def test_what_was_asked_for_is_followed_to_its_end() -> None:
    running = {"drill:shop-db": NOW - timedelta(seconds=5), "backup:other": NOW, "prune": NOW}

    def said(asked: str, running: dict[str, datetime], *ended: Outcome) -> list[str]:
        since = NOW if asked else None
        outcomes = {one.job: one for one in ended}
        return [one.said for one in progress("shop-db", asked, since, running, outcomes, NOW)]

    assert said("", {}) == []
    assert said("drill", running) == ["At work: drill, for 5.0 s."]
    (asked,) = said("drill", {})
    assert asked.startswith("Asked for: drill")
    assert said("drill", {}, Outcome("drill:shop-db", "r1", NOW - timedelta(hours=1), True, "")) == [asked]
    (ended,) = said("drill", {}, Outcome("drill:shop-db", "r2", NOW, False, "no room"))
    assert ended.endswith("FAILED: no room")


def test_a_recovery_says_how_far_each_step_is() -> None:
    view = recovery_view(recovery(), NOW)
    assert (view.state, view.mark) == (UNKNOWN, "UNDER WAY")
    assert [(one.mark, one.when[:8]) for one in view.steps] == [
        ("DONE", "1 min 0 "),
        ("DOING", "30.0 s, "),
        ("WAITS", ""),
    ]
    entries = recovery()["entries"]
    end = {"at": NOW, "step": "", "what": "ended", "by": "me", "said": "failed"}
    ended = recovery_view(recovery(entries=[*entries, entries[-1] | {"what": "failed", "said": "no room"}, end]), NOW)
    assert (ended.state, ended.mark, ended.steps[1].said, ended.steps[2].mark) == (
        BAD,
        "FAILED",
        "no room",
        "NOT BEGUN",
    )


def test_a_rehearsal_that_was_whole_and_is_taken_down_is_good() -> None:
    ends = [
        {"at": NOW, "step": "", "what": "ended", "by": "me", "said": said} for said in ("done", "undone", "cleared")
    ]
    view = recovery_view(recovery(entries=[*recovery()["entries"], *ends]), NOW)
    assert (view.state, view.mark) == (GOOD, "DONE, TAKEN DOWN")
    red = recovery()["entries"][-1] | {"what": "failed", "said": "no room"}
    failed = recovery_view(recovery(entries=[*recovery()["entries"], red, *ends[1:]]), NOW)
    assert (failed.state, failed.mark) == (BAD, "FAILED, TAKEN DOWN")
    killed = recovery_view(recovery(entries=[*recovery()["entries"], *ends[1:]]), NOW)
    assert (killed.state, killed.mark) == (UNKNOWN, "CUT OFF, TAKEN DOWN")
    real = recovery_view(recovery(rehearsal=False, entries=[*recovery()["entries"], *ends[:2]]), NOW)
    assert (real.state, real.mark) == (BAD, "UNDONE")


def test_the_rto_of_the_whole_stack_is_on_the_first_page_and_is_not_relied_on_for_ever() -> None:
    done = {"host": "web-1", "at": NOW - timedelta(days=3), "rto_seconds": 720.0, "run": "r"}
    plan = {"host": "web-1", "late": False, "failed": None, "waits": None}
    (well,) = now_view(status(rehearsals=[done], rehearsal_plan=[plan])).rehearsals
    assert (well.state, well.said) == (GOOD, "the whole stack was back in 12 min 0 s, rehearsed 3 d ago")
    (late,) = now_view(status(rehearsals=[done], rehearsal_plan=[plan | {"late": True}])).rehearsals
    assert late.state == BAD and "too long ago to rely on" in late.said
    (by_hand,) = now_view(status(rehearsals=[done | {"stale": True}])).rehearsals
    assert (by_hand.state, by_hand.said.endswith("too long ago to rely on")) == (UNKNOWN, True)
    (never,) = now_view(status(rehearsals=[], rehearsal_plan=[plan | {"waits": "incident 3 is open"}])).rehearsals
    assert (never.state, never.said) == (UNKNOWN, "not rehearsed yet; the next waits: incident 3 is open")


def test_a_cron_job_that_never_told_anything_is_unknown() -> None:
    one = {"cron": "report", "host": None, "state": "new", "why": "", "last_at": None, "due_at": None}
    lines = now_view(status(crons=[one, one | {"state": "down", "why": "exit status 3", "last_at": NOW}])).crons
    assert [(each.state, each.mark) for each in lines] == [(UNKNOWN, "NEW"), (BAD, "DOWN")]
    assert lines[1].said == "last heard 0 ms ago; exit status 3"


def test_who_answered_is_compared_with_what_is_pinned() -> None:
    another = {"address": "203.0.113.9", "fact": "ssh.host_key", "value": "SHA256:y", "from": NOW, "to": NOW}
    lines = seen_lines([*seen(), another, another | {"value": {"error": "refused"}}], known())
    assert [(one.state, one.mark) for one in lines] == [
        (GOOD, "AS PINNED"),
        (UNKNOWN, "MAY CHANGE"),
        (BAD, "ANOTHER"),
        (UNKNOWN, "NO DATA"),
    ]
    assert seen_lines(seen(), known() | {"enrolments": []})[0].mark == "NOT PINNED"


def test_of_several_clusters_each_is_compared_with_its_own_pin() -> None:
    pinned = {"enrolments": [{"facts": {"pg.system_identifier": {"app-db": "1", "jobs-db": "2"}}}]}
    one = {"address": "web-1", "fact": "pg.system_identifier", "from": NOW, "to": NOW}
    told = [one | {"cluster": name, "value": "1"} for name in ("app-db", "jobs-db", "new-db")]
    lines = seen_lines(told, pinned)
    assert [one.mark for one in lines] == ["AS PINNED", "ANOTHER", "NOT PINNED"]
    assert lines[0].fact == "pg.system_identifier of app-db"


def test_a_long_section_of_a_report_is_folded_and_nothing_is_lost() -> None:
    lines = "".join(f"- line {number}\n" for number in range(40))
    html = as_html(f"# Incident\n\n## Short\n\n- <h2>one\n\n## Long\n\n{lines}\n## Last\n\nwords\n")
    assert html.count("<details>") == html.count("</details>") == 1
    assert "<h2>Long</h2>\n<details><summary>40 lines</summary>" in html
    assert all(f"<li>line {number}</li>" in html for number in range(40))
    assert html.endswith("<h2>Last</h2>\n<p>words</p>\n") and "&lt;h2&gt;one" in html

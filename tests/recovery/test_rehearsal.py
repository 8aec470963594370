"""Which runbook is fit for a rehearsal that nobody watches, and when one is late."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from outlive import wiring_recovery
from outlive.model.asset import ConfigAsset, DockerVolumeAsset, ImagesAsset, PathAsset, PostgresAsset, TemporalAsset
from outlive.model.incident import Incident, Trouble, Urgency
from outlive.model.recovery import Entry, Recovery, What
from outlive.recovery.rehearsal import CLEARED, is_late, last_whole, stands, uncleared, unfit, waits_for
from outlive.recovery.runbook import expanded, read
from outlive.recovery.steps.registry import STEPS

ASSETS = (
    PostgresAsset(name="db", host="web", container="shop/db"),
    DockerVolumeAsset(name="uploads", host="web", volume="shop_uploads"),
    PathAsset(name="media", host="web", path="/srv/media"),
    ConfigAsset(name="config", host="web", paths=("/srv/shop",)),
    ImagesAsset(name="images", host="web", project="shop"),
    TemporalAsset(name="schedules", host="web", container="shop/temporal"),
)
NOON = datetime(2026, 2, 7, 12, tzinfo=UTC)
RUNBOOK = """
name = "mine"
title = "mine"
to = true
[[steps]]
name = "volume {asset}"
kind = "volume"
each = "docker_volume"
"""


def steps(text: str) -> list[str]:
    return unfit(expanded(read(text, STEPS), (), rehearsal=True))


def test_the_shipped_one_touches_nothing_that_is_in_use() -> None:
    lost = expanded(wiring_recovery.recipe("lost-host"), ASSETS, rehearsal=True)
    assert unfit(lost) == [] and "hold-schedules" in {one.kind for one in lost}, "the one that serves goes on"
    moves = expanded(wiring_recovery.recipe("move-host"), ASSETS, rehearsal=True)
    assert unfit(moves) == [] and not {"stop", "last-copy", "old-machine"} & {one.kind for one in moves}


def test_a_step_that_touches_dns_ci_or_the_host_must_be_left_out() -> None:
    dns = '[[steps]]\nname = "names"\nkind = "dns"\n'
    assert steps(RUNBOOK + dns) == [], "left out by itself"
    assert steps(f"{RUNBOOK}{dns}rehearse = true\n") == ["names"]
    assert steps(f'{RUNBOOK}[[steps]]\nname = "login"\nkind = "app-login"\n') == ["login"]
    makes = RUNBOOK.replace("to = true\n[[", '[[steps]]\nname = "order"\nkind = "tofu-machine"\n[[')
    assert steps(makes) == [] and steps(makes.replace('machine"\n', 'machine"\nalso = ["dns_record.shop"]\n')) == [
        "order"
    ]
    assert steps(
        makes.replace("tofu-machine", "tofu-replace").replace('replace"\n', 'replace"\nrehearse = true\n')
    ) == ["order"]
    assert steps(f'{RUNBOOK}[[steps]]\nname = "halt"\nkind = "stop"\non = "old"\n') == [], "the old machine serves"
    assert steps(f'{RUNBOOK}[[steps]]\nname = "halt"\nkind = "stop"\n') == ["halt"]


def run(id: str, at: datetime, said: str, *, rehearsal: bool = True) -> tuple[Recovery, list[Entry]]:
    journal = [Entry(id, 1, at, "", What.BEGUN, "ops"), Entry(id, 2, at, "", What.ENDED, "ops", said)]
    return Recovery(id, at, "web-1", "lost-host", "t", "ssh://n", "ops", (), (), rehearsal), journal


def test_only_a_whole_rehearsal_counts() -> None:
    old, later = run("a", NOON, "done"), run("b", NOON + timedelta(days=9), "undone")
    real = run("c", NOON + timedelta(days=9), "done", rehearsal=False)
    assert last_whole([old, later, real], "web-1") == NOON
    assert last_whole([old], "web-2") is None
    moved = (replace(later[0], to=""), old[1])
    assert last_whole([old, moved], "web-1") == NOON, "a database that moves is not the whole stack"


def test_it_may_be_missed_once_and_then_it_is_late() -> None:
    month = 30 * 86400.0
    assert not is_late(NOON, month, NOON + timedelta(days=60))
    assert is_late(NOON, month, NOON + timedelta(days=60, seconds=1))
    assert not is_late(None, month, NOON), "what never was is told by its own failure"


def incident(
    cause: str, urgency: Urgency = Urgency.HIGH, *, host: str = "web-1", name: str = "x", ended: bool = False
) -> Incident:
    trouble = Trouble(cause, name, host, urgency, NOON, "it is down")
    return Incident(id=3, trouble=trouble, opened_at=NOON, worsened_at=NOON, ended_at=NOON if ended else None)


def test_it_waits_for_a_recovery_and_for_what_is_urgently_wrong_with_the_host() -> None:
    real = run("a", NOON, "done", rehearsal=False)
    under_way = (real[0], real[1][:1])
    rehearsed = run("b", NOON, "done")
    assert "recovery a has not ended" in waits_for("web-1", [under_way], [])
    assert waits_for("web-1", [real, (rehearsed[0], rehearsed[1][:1])], []) == ""
    assert "incident 3 is open: it is down" in waits_for("web-1", [], [incident("host:web-1")])
    calm = [
        incident("host:web-1", ended=True),
        incident("host:web-2", host="web-2"),
        incident("host:web-1", Urgency.LOW),
        incident("host:web-1", name="no_data"),
        incident("rehearsal:web-1"),  # else one that failed would never be tried again
    ]
    assert waits_for("web-1", [], calm) == ""


def test_what_stands_after_its_end_and_what_lies_aside_is_known_until_it_is_cleared() -> None:
    one, (begun, done) = run("a", NOON, "done")
    doing, undone = Entry("a", 1, NOON, "volume", What.DOING, "ops"), Entry("a", 1, NOON, "volume", What.UNDONE, "ops")
    standing, taken_down = [begun, doing, done], [begun, doing, done, undone]
    assert stands(one, standing) and not stands(one, taken_down) and not stands(one, [begun, doing])
    assert uncleared([(one, standing)], one.to) == []
    assert [found for found, _ in uncleared([(one, taken_down)], one.to)] == [one]
    assert uncleared([(one, taken_down)], "ssh://another") == [] == uncleared([run("b", NOON, "undone")], one.to)
    assert uncleared([(one, [*taken_down, Entry("a", 1, NOON, "", What.ENDED, "ops", CLEARED)])], one.to) == []

"""Several judgements within one interval are one look; two looks settle a change."""

from __future__ import annotations

from datetime import timedelta

from outlive.model.verdict import Name
from outlive.model.watching import Judged
from outlive.watch.beliefs import Beliefs
from tests.watch.made import NOW

OK, HUNG, DOWN = Name.SAME_MACHINE_OK, Name.SAME_MACHINE_APP_HUNG, Name.SAME_MACHINE_APP_DOWN
EVERY = 30.0


def see(beliefs: Beliefs, name: Name, seconds: float, host: str = "web-1") -> Name:
    return beliefs.see(host, name, NOW + timedelta(seconds=seconds), EVERY).name


def settled(beliefs: Beliefs) -> None:
    see(beliefs, OK, 0)
    see(beliefs, OK, 30)


def test_many_judgements_of_one_look_settle_nothing() -> None:
    beliefs = Beliefs()
    settled(beliefs)
    assert [see(beliefs, HUNG, 60 + n / 10) for n in range(20)] == [OK] * 20
    assert beliefs.is_pending
    assert beliefs.interval_seconds("web-1", EVERY) == EVERY / 2
    assert see(beliefs, HUNG, 75) is HUNG
    assert not beliefs.is_pending


def test_the_last_judgement_of_a_look_is_the_looks() -> None:
    """The first answers of a look came before the others."""
    beliefs = Beliefs()
    settled(beliefs)
    see(beliefs, DOWN, 60)
    see(beliefs, OK, 60.5)
    assert see(beliefs, DOWN, 90) is OK, "that was the first look that saw it"
    assert see(beliefs, DOWN, 105) is DOWN


def test_hosts_do_not_mix() -> None:
    beliefs = Beliefs()
    settled(beliefs)
    see(beliefs, HUNG, 60, "web-2")
    assert see(beliefs, OK, 60) is OK
    assert beliefs.interval_seconds("web-1", EVERY) == EVERY


def test_a_restart_forgets_nothing_that_is_fresh() -> None:
    lately, long_ago = NOW - timedelta(minutes=1), NOW - timedelta(days=1)
    rows = [Judged("web-1", long_ago, lately, HUNG, True), Judged("web-2", long_ago, long_ago, HUNG, True)]
    beliefs = Beliefs(rows, NOW)
    assert see(beliefs, OK, 0) is HUNG, "one good look is no recovery"
    assert see(beliefs, OK, 0, "web-2") is Name.NO_DATA, "what was believed yesterday is not known today"


def test_it_never_looks_less_often_than_it_was_told() -> None:
    beliefs = Beliefs()
    beliefs.see("web-1", OK, NOW, 0.5)
    assert beliefs.interval_seconds("web-1", 0.5) == 0.5

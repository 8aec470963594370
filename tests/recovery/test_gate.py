"""Nothing that holds data is destroyed unless all conditions hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outlive.model.verdict import Name
from outlive.recovery.gate import Circumstances, Condition, Held, Target, Waiver, gate, give_back, is_open, take_over

NOW = datetime(2026, 2, 7, 9, 30, tzinfo=UTC)
TARGET = Target("811287", "192.0.2.16", "production")
WORD = Waiver("derek", NOW, "I accept it")
GONE = {Name.MACHINE_REPLACED, Name.OS_REINSTALLED, Name.DATA_REPLACED}
GOOD = Circumstances(
    named=TARGET,
    seen_at=NOW - timedelta(minutes=1),
    verdict=Name.OS_REINSTALLED,
    is_confirmed=True,
    is_quarantined=True,
    replacement_serves=True,
)


def failing(known: Circumstances) -> list[str]:
    return [condition.name for condition in gate(TARGET, known, NOW) if not condition.is_met]


def one(known: Circumstances, name: str) -> Condition:
    return next(condition for condition in gate(TARGET, known, NOW) if condition.name == name)


def test_all_conditions_open_it() -> None:
    assert is_open(gate(TARGET, GOOD, NOW))


@pytest.mark.parametrize(
    ("change", "closed"),
    [
        ({"named": None}, "named"),
        ({"named": Target("811287", "198.51.100.38", "production")}, "named"),
        ({"seen_at": None}, "seen"),
        ({"seen_at": NOW - timedelta(minutes=6)}, "seen"),
        ({"seen_at": NOW + timedelta(minutes=1)}, "seen"),
        ({"still_answers": ("192.0.2.16",)}, "silent"),
        ({"verdict": Name.UNREACHABLE_UNPROVEN}, "lost or proven"),
        ({"is_confirmed": False}, "lost or proven"),
        ({"verdict": None}, "lost or proven"),
        ({"is_quarantined": False}, "kept"),
        ({"replacement_serves": False}, "replaced first"),
    ],
)
def test_each_closes_it_alone(change: dict[str, object], closed: str) -> None:
    known = replace(GOOD, **change)  # type: ignore[arg-type]
    assert failing(known) == [closed]
    assert one(known, closed).cure


def test_a_proven_restore_stands_for_a_verdict_and_for_a_live_machine() -> None:
    known = replace(
        GOOD, verdict=Name.SAME_MACHINE_OK, still_answers=("192.0.2.16",), accepted_loss=timedelta(minutes=5)
    )
    assert failing(replace(known, restorable_until=NOW - timedelta(minutes=4))) == []
    assert failing(replace(known, restorable_until=NOW - timedelta(minutes=6))) == ["silent", "lost or proven"]


def test_a_word_in_writing_stands_for_a_proof_but_not_against_a_live_machine() -> None:
    known = replace(GOOD, verdict=None, loss_accepted=WORD, is_quarantined=False, quarantine_waived=WORD)
    assert failing(known) == []
    assert failing(replace(known, still_answers=("192.0.2.16",))) == ["silent"]


def test_the_outage() -> None:
    """The operator had looked at another address, had no backup, and was sure. One line would have saved the data."""
    known = Circumstances(
        named=Target("811287", "198.51.100.38", "production"),
        seen_at=NOW,
        verdict=Name.SAME_MACHINE_APP_DOWN,
        is_confirmed=True,
        still_answers=("192.0.2.16",),
    )
    assert failing(known) == ["named", "silent", "lost or proven", "kept", "replaced first"]
    assert "192.0.2.16 still answers as production" in one(known, "silent").why
    assert "no restore was ever proven" in one(known, "lost or proven").why


@given(st.sampled_from([*Name, None]), st.booleans(), st.booleans(), st.booleans(), st.integers(-600, 6000))
def test_silence_never_opens_it(
    verdict: Name | None, confirmed: bool, quarantined: bool, answers: bool, age: int
) -> None:
    """Without a confirmed loss, a proof, or somebody's word, nothing else opens it."""
    known = Circumstances(
        named=TARGET,
        seen_at=NOW - timedelta(seconds=age),
        verdict=verdict,
        is_confirmed=confirmed,
        is_quarantined=quarantined,
        replacement_serves=True,
        still_answers=("192.0.2.16",) if answers else (),
    )
    lost = verdict in (Name.MACHINE_REPLACED, Name.OS_REINSTALLED, Name.DATA_REPLACED) and confirmed
    assert is_open(gate(TARGET, known, NOW)) == (lost and quarantined and not answers and 0 <= age <= 300)


def shut(known: Circumstances) -> list[str]:
    return [one.name for one in take_over("production", known, NOW) if not one.is_met]


def test_another_machine_takes_the_place_of_one_that_is_lost() -> None:
    assert shut(GOOD) == []
    assert shut(replace(GOOD, seen_at=NOW - timedelta(minutes=6))) == ["seen"]


@pytest.mark.parametrize("verdict", [one for one in Name if one not in GONE])
def test_silence_or_illness_is_no_reason_to_leave_data_behind(verdict: Name) -> None:
    assert shut(replace(GOOD, verdict=verdict)) == ["gone or given up"]
    assert shut(replace(GOOD, verdict=verdict, loss_accepted=WORD)) == []


def test_a_machine_that_still_answers_is_named() -> None:
    known = replace(GOOD, still_answers=("192.0.2.16",))
    (_, gone) = take_over("production", known, NOW)
    assert not gone.is_met and "192.0.2.16 still answers as production" in gone.why and "outlive backup" in gone.cure
    assert shut(replace(known, loss_accepted=WORD)) == []
    assert shut(replace(GOOD, is_confirmed=False)) == ["gone or given up"]


# --- what a run has made itself ----------------------------------------------------------------------------------------

MADE = Target("700201", "198.51.100.7", "web-1-0f3c2a1b")


def given_back(held: Held, made: Target | None = MADE, **known: Any) -> list[str]:
    """The conditions that are not met."""
    found = give_back(MADE, made, held, Circumstances(**{"named": MADE, "seen_at": NOW, **known}), NOW)
    assert all(one.cure for one in found if not one.is_met)
    return [one.name for one in found if not one.is_met]


def test_what_a_run_has_made_is_given_back_when_it_was_named_seen_and_holds_nothing_of_its_own() -> None:
    assert given_back(Held.COPIES) == given_back(Held.NOTHING) == []
    assert given_back(Held.NOTHING, seen_at=None) == [], "nobody was ever let in"
    assert (
        given_back(Held.COPIES, seen_at=None) == given_back(Held.COPIES, seen_at=NOW - timedelta(hours=1)) == ["seen"]
    )
    assert given_back(Held.COPIES, named=None) == ["named"]
    assert given_back(Held.COPIES, named=Target("700201", "198.51.100.7", "web-1")) == ["named"]


def test_what_services_may_have_written_is_given_up_in_writing() -> None:
    assert given_back(Held.MORE) == ["empty"]
    assert given_back(Held.MORE, loss_accepted=Waiver("ops", NOW, "a trial")) == []


def test_another_machine_is_never_given_back_whoever_names_it() -> None:
    word = Waiver("ops", NOW, "all of it")
    for made in (None, Target("700101", "203.0.113.9", "web-1"), Target("700201", "203.0.113.9", "web-1-0f3c2a1b")):
        assert given_back(Held.NOTHING, made, loss_accepted=word) == ["made here"]

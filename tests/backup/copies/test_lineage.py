"""What alarms say to a person."""

from __future__ import annotations

from outlive.backup.copies.lineage import AlarmKind, alarms
from outlive.model.copy import Proof
from tests.backup.upkeep.test_retention import make


def test_a_calm_history_has_no_alarm() -> None:
    assert alarms([], ()) == ()
    assert alarms([make(number, proof=Proof.VERIFIED) for number in range(5)], ()) == ()


def test_a_new_lineage_says_both_ids_when_and_what_it_means() -> None:
    copies = [make(1), make(2), make(3, lineage="pg-9999"), make(4, lineage="pg-9999")]
    (alarm,) = alarms(copies, ())
    assert alarm.kind is AlarmKind.NEW_LINEAGE
    for needed in ("pg-9999", "7000", "copy-0003 (2026-01-04 03:00 UTC)", "copy-0002", "empty database", "frozen"):
        assert needed in alarm.text
    assert "outlive copies --accept pg-9999" in alarm.cure and "copy-0002" in alarm.cure
    assert alarms(copies, {"pg-9999"}) == ()
    assert alarms(copies, {"7000"}) != (), "accepting the old one changes nothing"


def test_a_database_that_comes_back_is_asked_about_too() -> None:
    copies = [make(1), make(2, lineage="pg-9999"), make(3)]
    (alarm,) = alarms(copies, {"pg-9999"})
    assert "copy-0003" in alarm.text and "--accept 7000" in alarm.cure


def test_order_is_by_count_whatever_order_they_are_handed_in() -> None:
    copies = [make(1), make(2), make(3, lineage="pg-9999")]
    assert alarms(copies[::-1], ()) == alarms(copies, ())


def test_a_collapse_says_the_sizes() -> None:
    copies = [*(make(number, plain_bytes=5000) for number in range(3)), make(3, plain_bytes=12)]
    (alarm,) = alarms(copies, ())
    assert alarm.kind is AlarmKind.COLLAPSED
    assert "12 bytes" in alarm.text and "5000" in alarm.text and "copy-0003" in alarm.text


def test_an_asset_that_was_always_empty_has_not_collapsed() -> None:
    assert alarms([make(number, plain_bytes=0) for number in range(5)], ()) == ()


def test_a_red_drill_says_what_failed() -> None:
    (alarm,) = alarms([make(1, proof=Proof.RESTORED), make(2, damaged=True)], ())
    assert alarm.kind is AlarmKind.RED_DRILL
    assert "verification of copy copy-0002" in alarm.text and "rows: 0 of 5" in alarm.text


def test_a_newer_proof_ends_it() -> None:
    assert alarms([make(1), make(2, damaged=True), make(3, proof=Proof.RESTORED)], ()) == ()

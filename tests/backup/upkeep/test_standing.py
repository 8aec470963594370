"""How an asset stands. The loss that is shown must never be smaller than the truth."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from outlive.backup.log.windows import Base, Window
from outlive.backup.upkeep.rto import Rto
from outlive.backup.upkeep.standing import StreamFacts, standing
from outlive.model.asset import PostgresAsset
from outlive.model.copy import Check, Copy, Proof, ProofRecord
from outlive.model.schedule import Outcome
from tests.keeper.vaults import manifest

NOON = datetime(2026, 2, 7, 12, tzinfo=UTC)
SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)
ASSET = PostgresAsset(name="db", host="web-1")
END = 0x5000000


def copy(copy_id: str = "a", at: datetime = NOON - HOUR, *, drilled: bool | None = True, sequence: int = 1) -> Copy:
    told = manifest("db", copy_id, at, kind="postgres", sequence=sequence)
    proofs = () if drilled is None else (ProofRecord(copy_id, "db", Proof.RESTORED, drilled, at, (), 41.0),)
    return Copy(told, at, proofs)


def window(until: datetime, since: datetime = NOON - HOUR, **changes: Any) -> Window:
    base = Base("a", 1, 0, 1, since, 16 << 20)
    return replace(Window(base, since, until, 1, END, ()), **changes)


def stream(until: datetime | None = NOON - SECOND, told_at: datetime = NOON, **changes: Any) -> StreamFacts:
    return replace(StreamFacts("streaming", until, END, 100, told_at), **changes)


def test_without_a_copy_everything_is_lost() -> None:
    one = standing(ASSET, [], (), NOON, stream=stream())
    assert (one.loss.everything, one.loss.seconds) == (True, None)
    assert "everything is lost" in one.risks[0]


def test_without_log_everything_since_the_copy_is_lost() -> None:
    assert standing(ASSET, [copy()], (), NOON).loss.seconds == 3600


def test_log_in_the_vault_makes_it_less() -> None:
    one = standing(ASSET, [copy()], (), NOON, windows=[window(NOON - 30 * SECOND)])
    assert one.loss.seconds == 30
    assert one.risks == ()


def test_a_live_stream_makes_it_seconds() -> None:
    one = standing(ASSET, [copy()], (), NOON, windows=[window(NOON - 30 * SECOND)], stream=stream())
    assert (one.loss.seconds, one.bytes_at_risk) == (1, 100)


def test_with_the_keeper_stopped_the_figure_grows() -> None:
    opened, told = [window(NOON - 30 * SECOND)], stream()
    for seconds in (10, 60, 3600):
        one = standing(ASSET, [copy()], (), NOON + seconds * SECOND, windows=opened, stream=told)
        assert one.loss.seconds == seconds + 1
    assert any("outlive keep" in risk for risk in one.risks)
    assert one.bytes_at_risk is None, "nobody knows by now"


def test_a_stream_that_is_elsewhere_than_the_vault_promises_nothing() -> None:
    """Its position is not where the log that can be restored ends."""
    opened = [window(NOON - 30 * SECOND)]
    one = standing(ASSET, [copy()], (), NOON, windows=opened, stream=stream(position=END + 1))
    assert one.loss.seconds == 30


def test_behind_a_gap_a_stream_promises_nothing() -> None:
    opened = [window(NOON - 30 * SECOND, gap="log is missing from 0/5000000 to 0/6000000")]
    one = standing(ASSET, [copy()], (), NOON, windows=opened, stream=stream())
    assert one.loss.seconds == 30
    assert any("log is missing" in risk for risk in one.risks)


def test_a_stream_that_is_away_is_a_risk_and_its_figure_grows() -> None:
    away = stream(NOON - 90 * SECOND, health="away", why="connection refused")
    one = standing(ASSET, [copy()], (), NOON, windows=[window(NOON - 100 * SECOND)], stream=away)
    assert one.loss.seconds == 90
    assert any("connection refused" in risk for risk in one.risks)
    assert one.bytes_at_risk is None


def test_a_broken_stream_says_what_to_do() -> None:
    one = standing(ASSET, [copy()], (), NOON, stream=stream(health="broken", why="the slot was lost."))
    assert any("outlive backup" in risk for risk in one.risks)


def test_a_window_of_a_base_that_is_damaged_counts_for_nothing() -> None:
    """Windows are made of whole copies only; with none, nothing makes the loss smaller."""
    one = standing(ASSET, [copy(drilled=False)], (), NOON, stream=stream())
    assert one.loss.everything


@pytest.mark.parametrize("ahead", [HOUR, 365 * 24 * HOUR])
def test_what_claims_to_be_from_the_future_is_not_believed(ahead: timedelta) -> None:
    """A clock that was wrong must not show a loss of nothing for as long as it was ahead."""
    copies = [copy(), copy("b", NOON + ahead, sequence=2)]
    one = standing(ASSET, copies, (), NOON, windows=[window(NOON + ahead, since=NOON + ahead)])
    assert one.loss.seconds == 3600
    assert any("future" in risk for risk in one.risks)
    ahead_log = [window(NOON + ahead)]
    assert standing(ASSET, [copy()], (), NOON, windows=ahead_log).loss.seconds == 3600
    told = stream(NOON + ahead, told_at=NOON + ahead)
    assert standing(ASSET, [copy()], (), NOON, windows=[window(NOON - SECOND)], stream=told).loss.seconds == 3600


def test_clocks_some_seconds_apart_are_no_alarm() -> None:
    one = standing(ASSET, [copy("b", NOON + 2 * SECOND)], (), NOON)
    assert (one.loss.seconds, one.risks) == (0, ())


def test_an_old_copy_is_a_risk() -> None:
    one = standing(ASSET, [copy(at=NOON - 27 * HOUR)], (), NOON)
    assert any("older than allowed" in risk for risk in one.risks)


def test_an_unproven_copy_is_a_risk() -> None:
    assert any("claim" in risk for risk in standing(ASSET, [copy(drilled=None)], (), NOON).risks)


def test_what_cannot_be_read_is_a_risk() -> None:
    one = standing(ASSET, [copy()], (), NOON, unreadable=("copies/db/x/manifest.json cannot be read",))
    assert "copies/db/x/manifest.json cannot be read" in one.risks


def test_failed_jobs_and_advice_are_notes_not_risks() -> None:
    failed = (Outcome("backup:db", "x", NOON, False, "exit 3: host down"),)
    told = stream(advice="ALTER SYSTEM ...", skew_seconds=-7.4)
    one = standing(ASSET, [copy()], (), NOON, windows=[window(NOON)], stream=told, failed=failed)
    assert one.risks == ()
    assert [any(word in note for note in one.notes) for word in ("ALTER SYSTEM", "7 s behind", "host down")] == [
        True
    ] * 3


def test_log_that_could_not_be_replayed_is_a_risk_until_a_later_drill_is_green() -> None:
    """It does not make the base copy bad: that goes on counting."""
    bad = ProofRecord("a", "db", Proof.RESTORED, False, NOON, (Check("replay", False, "invalid page"),))
    one = standing(ASSET, [copy()], (), NOON, windows=[window(NOON)], log_proof=bad)
    assert any("red drill" in risk and "invalid page" in risk for risk in one.risks)
    assert not one.loss.everything
    assert one.last_drill == bad
    green = replace(bad, ok=True, checks=())
    assert standing(ASSET, [copy()], (), NOON, windows=[window(NOON)], log_proof=green).risks == ()


def test_how_much_room_the_slot_has_is_told_while_the_stream_is_away() -> None:
    away = stream(health="away", why="the vault is away.", safe_bytes=300 << 20)
    (risk,) = standing(ASSET, [copy()], (), NOON, stream=away).risks
    assert risk == (
        "its log is not streamed: the vault is away. After 300 MiB more of log the server gives the slot up, "
        "and the window is broken."
    )


def test_a_slot_that_is_nearly_used_up_is_a_risk_and_one_without_a_limit_a_note() -> None:
    short = standing(ASSET, [copy()], (), NOON, stream=stream(advice="ALTER ...", safe_bytes=1 << 20))
    assert "nearly used up" in short.risks[0] and "ALTER ..." in short.risks[0] and short.notes == ()
    endless = standing(ASSET, [copy()], (), NOON, stream=stream(advice="ALTER ..."))
    assert endless.risks == () and "would fill the server's disk" in endless.notes[0]


def test_drills_that_take_longer_than_usual_are_told() -> None:
    def drilled(*seconds: float) -> Copy:
        proofs = tuple(
            ProofRecord("a", "db", Proof.RESTORED, True, NOON - (9 - number) * HOUR, (), one)
            for number, one in enumerate(seconds)
        )
        return replace(copy(), proofs=proofs)

    assert standing(ASSET, [copy()], (), NOON).rto == Rto(41.0, None)
    steady = standing(ASSET, [drilled(40, 44, 41, 45)], (), NOON)
    assert (steady.rto, steady.notes) == (Rto(45, 41), ())
    slower = standing(ASSET, [drilled(40, 44, 41, 95)], (), NOON)
    assert slower.notes[0].startswith("being back took 95 s in the last drill, 41 s is usual")
    assert standing(ASSET, [copy(drilled=False)], (), NOON).rto is None


def test_log_that_is_late_is_a_risk_although_the_stream_goes_on() -> None:
    """A put that hangs raises no error for a quarter of an hour."""
    late = stream(until=NOON - 70 * SECOND)
    (risk,) = standing(ASSET, [copy()], (), NOON, stream=late).risks
    assert risk == "its log is 70 s late: the vault is slow, or hangs."
    assert standing(ASSET, [copy()], (), NOON, stream=late, slow_seconds=900).risks == (), "it is shipped that rarely"
    assert standing(ASSET, [copy()], (), NOON, stream=stream(until=None)).risks == ()

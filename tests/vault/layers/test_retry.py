"""The retry layer: what it tries again, how long, and how it tells its own lost success from a foreign object."""

from __future__ import annotations

import pytest

from outlive.errors import (
    ObjectExists,
    ObjectMissing,
    OutliveError,
    VaultFailed,
    VaultForbidden,
    VaultFull,
    VaultUnreachable,
)
from outlive.testing.clock import ManualClock
from outlive.testing.faulty_vault import Fault, FaultyVault
from outlive.vault.layers import innermost
from outlive.vault.layers.retry import RetryVault, Schedule
from outlive.vault.memory import MemoryVault

AWAY = VaultUnreachable("it is away.")


def retried(*faults: Fault, schedule: Schedule | None = None) -> tuple[RetryVault, FaultyVault, ManualClock]:
    clock = ManualClock()
    faulty = FaultyVault(MemoryVault(clock), *faults)
    return RetryVault(faulty, clock, schedule, chance=lambda: 1.0), faulty, clock


def tries(faulty: FaultyVault, verb: str) -> int:
    return sum(called == verb for called, _ in faulty.calls)


def test_every_verb_is_tried_again_until_the_vault_is_back() -> None:
    verbs = ("put", "get", "holds", "walk", "folders", "copy", "delete")
    vault, faulty, _ = retried(*(Fault(verb, AWAY, times=2) for verb in verbs))
    vault.put("a/x", b"1")
    assert vault.get("a/x") == b"1"
    assert vault.holds("a/x", b"1")
    assert [info.key for info in vault.walk("")] == ["a/x"]
    assert vault.folders("") == ["a"]
    vault.copy("a/x", "a/y")
    vault.delete("a/x")
    assert {verb: tries(faulty, verb) for verb in verbs} == dict.fromkeys(verbs, 3)


def test_waits_grow_up_to_the_cap_and_end_with_the_attempts() -> None:
    vault, faulty, clock = retried(
        Fault("get", AWAY, times=None), schedule=Schedule(attempts=5, first=1, factor=3, cap=10)
    )
    with pytest.raises(VaultUnreachable, match="it is away"):
        vault.get("x")
    assert tries(faulty, "get") == 5
    assert clock.monotonic() == 1 + 3 + 9 + 10


def test_chance_shortens_a_wait_to_no_less_than_half() -> None:
    schedule = Schedule(first=4, factor=2, cap=100)
    assert [schedule.wait(2, chance) for chance in (0.0, 0.5, 1.0)] == [4, 6, 8]


def test_no_wait_begins_that_would_pass_the_ceiling() -> None:
    vault, faulty, clock = retried(
        Fault("get", AWAY, times=None), schedule=Schedule(attempts=100, first=8, factor=1, ceiling=30)
    )
    with pytest.raises(VaultUnreachable):
        vault.get("x")
    assert clock.monotonic() == 24
    assert tries(faulty, "get") == 4


@pytest.mark.parametrize(
    "error",
    [VaultForbidden(), VaultFull(), VaultFailed(), ObjectMissing(), ObjectExists()],
    ids=lambda e: type(e).__name__,
)
def test_what_asking_again_does_not_mend_is_raised_at_once(error: OutliveError) -> None:
    vault, faulty, clock = retried(Fault("put", error))
    with pytest.raises(type(error)):
        vault.put("x", b"")
    assert tries(faulty, "put") == 1
    assert clock.monotonic() == 0


def test_a_put_whose_answer_was_lost_has_succeeded() -> None:
    vault, faulty, _ = retried(Fault("put", AWAY, after_effect=True))
    vault.put("x", b"ours")
    assert vault.get("x") == b"ours"
    assert tries(faulty, "put") == 2


def test_a_foreign_object_is_not_taken_for_ours_after_a_lost_answer() -> None:
    vault, faulty, _ = retried(Fault("put", AWAY))
    faulty.inner.put("x", b"theirs")
    with pytest.raises(ObjectExists):
        vault.put("x", b"ours")
    assert vault.get("x") == b"theirs"


def test_a_taken_key_is_refused_on_the_first_try_whatever_its_bytes() -> None:
    vault, faulty, _ = retried()
    faulty.inner.put("x", b"same")
    with pytest.raises(ObjectExists):
        vault.put("x", b"same")
    assert tries(faulty, "holds") == 0


def test_reading_back_after_a_lost_answer_is_patient_too() -> None:
    vault, _, _ = retried(Fault("put", AWAY, after_effect=True), Fault("holds", AWAY, times=3))
    vault.put("x", b"ours")


def test_an_object_that_vanished_while_reading_back_is_no_success() -> None:
    vault, _, _ = retried(Fault("put", AWAY, after_effect=True), Fault("holds", ObjectMissing("x")))
    with pytest.raises(ObjectMissing):
        vault.put("x", b"ours")


def test_a_copy_whose_answer_was_lost_has_succeeded() -> None:
    vault, _, _ = retried(Fault("copy", AWAY, after_effect=True))
    vault.put("a", b"1")
    vault.copy("a", "b")
    assert vault.get("b") == b"1"


def test_a_copy_onto_a_foreign_object_after_a_lost_answer_is_refused() -> None:
    vault, faulty, _ = retried(Fault("copy", AWAY))
    faulty.inner.put("a", b"1")
    faulty.inner.put("b", b"2")
    with pytest.raises(ObjectExists):
        vault.copy("a", "b")


def test_the_vault_below_all_layers_is_found() -> None:
    vault, faulty, _ = retried()
    assert innermost(vault) is faulty.inner
    assert innermost(faulty.inner) is faulty.inner
    assert vault.url == "memory:"

"""What is wrong, from what is remembered; and that what was not seen is neither wrong nor well."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from outlive.alerts import signs
from outlive.alerts.troubles import NO_NETWORK, Memory, StreamSeen, explained, seen
from outlive.model.incident import Trouble, Urgency
from outlive.model.observation import Channel, Observation
from outlive.model.verdict import Name
from outlive.model.watching import Blind
from tests.alerts.replay import MINUTE, NOON, failed, judged, memory, trouble


def test_a_well_host_and_good_jobs_are_no_trouble() -> None:
    assert seen(memory(judged("same_machine_ok")), NOON).troubles == ()


@pytest.mark.parametrize("name", [name for name in Name if name is not Name.SAME_MACHINE_OK])
def test_every_other_verdict_is_one(name: Name) -> None:
    standing = judged(name, at=NOON - 10 * MINUTE, advice=["ask", "look", "wait"], forbidden=["do not reinstall it"])
    (one,) = seen(memory(replace(standing, judged_at=NOON)), NOON).troubles
    assert (one.cause, one.name, one.host) == ("host:web-1", name, "web-1")
    assert one.safe == ("ask", "look") and one.forbidden == ("do not reinstall it",) and one.what.startswith("web-1: ")
    gone = name in ("os_reinstalled", "machine_replaced", "data_replaced", "rolled_back")
    assert one.urgency is (Urgency.DATA_LOSS if gone else Urgency.LOW if name == "rebooted" else Urgency.HIGH)


def test_a_verdict_that_says_nothing_is_unknown_at_first() -> None:
    found = seen(memory(judged("no_data")), NOON)
    assert found.troubles == () and found.is_unknown("host:web-1")


def test_what_was_announced_is_none() -> None:
    assert seen(memory(judged("os_reinstalled", accepted=True)), NOON).troubles == ()


def test_an_old_verdict_says_nothing() -> None:
    found = seen(memory(judged("same_machine_app_down")), NOON + 3 * MINUTE)
    assert found.troubles == () and found.is_unknown("host:web-1") and not found.is_unknown("backup:shop-db")


def test_a_host_that_was_never_judged_is_unknown() -> None:
    assert seen(memory(), NOON).is_unknown("host:web-1")


def test_without_a_network_nothing_is_known() -> None:
    blind = Blind(NO_NETWORK, NOON, None, "no canary answered")
    found = seen(memory(judged("unreachable_unproven"), outcomes=[failed("backup:shop-db")], blind=[blind]), NOON)
    assert found.troubles == () and found.is_unknown("anything")


def test_other_blindness_is_a_trouble_of_the_keeper() -> None:
    blind = Blind("the time", NOON, None, "the keeper's clock was off")
    (one,) = seen(memory(judged("same_machine_ok"), blind=[blind]), NOON).troubles
    assert one.cause == "keeper:the time" and "clock" in one.what
    over = Blind("the time", NOON, NOON, "it was off")
    assert seen(memory(judged("same_machine_ok"), blind=[over]), NOON).troubles == ()


def test_failed_jobs_are_told_with_what_they_said() -> None:
    jobs = [
        failed("backup:shop-db"),
        failed("drill:files", said="RED: copy 1: rows"),
        failed("prune"),
        failed("mirror"),
    ]
    found = seen(memory(judged("same_machine_ok"), outcomes=jobs), NOON).troubles
    urgent = {one.cause: one.urgency for one in found}
    assert urgent == {
        "backup:shop-db": Urgency.HIGH,
        "drill:files": Urgency.HIGH,
        "prune": Urgency.LOW,
        "mirror": Urgency.LOW,
    }
    assert found[0].host == "web-1" and found[0].what == "backup of shop-db failed: no route"
    assert "do not delete older copies" in found[1].forbidden


def test_a_stream_that_is_away_for_long_is_one() -> None:
    def at(seconds: float) -> tuple[Trouble, ...]:
        stream = StreamSeen("shop-db", "away", NOON, "connection refused")
        return seen(Memory(streams=[stream]), NOON + timedelta(seconds=seconds)).troubles

    assert at(60) == ()
    (one,) = at(121)
    assert one.cause == "stream:shop-db" and "connection refused" in one.what
    assert seen(Memory(streams=[StreamSeen("shop-db", "streaming", NOON, "")]), NOON + 9 * MINUTE).troubles == ()


def test_a_channel_that_reaches_nobody_is_one() -> None:
    (one,) = seen(Memory(deaf={"phone": (NOON, "status 401")}), NOON).troubles
    assert one.cause == "channel:phone" and "status 401" in one.what


# --- diagnosis ---------------------------------------------------------------------------------------------------

BACKUP = trouble("backup:shop-db", "backup", host="web-1")


@pytest.mark.parametrize("verdict", ["unreachable_unproven", "machine_replaced", "same_machine_app_down", "suspended"])
def test_what_a_diagnosis_explains_is_a_symptom(verdict: str) -> None:
    host = trouble(name=verdict)
    assert explained(BACKUP, [host]) is host
    assert explained(trouble("stream:shop-db", "away", host="web-1"), [host]) is host


def test_what_it_does_not_explain_is_none() -> None:
    assert explained(BACKUP, [trouble(name="dns_elsewhere")]) is None
    assert explained(BACKUP, [trouble("host:web-2")]) is None
    assert explained(trouble("drill:shop-db", "drill", host="web-1"), [trouble()]) is None
    assert explained(trouble("backup:files", "backup"), [trouble()]) is None
    assert explained(trouble(), [trouble()]) is None


def sign(rule: str, service: str = "app", *, compromise: bool = False) -> Observation:
    value = {"service": service, "rule": rule, "fingerprint": "f1", "severity": "critical", "compromise": compromise}
    return Observation(NOON, "logs", Channel.INSIDE, "192.0.2.16", "log.leak", value)


def test_secrets_beside_signs_of_compromise_and_the_verdict_that_names_those_are_the_same_news() -> None:
    dump, key = sign("environment-dump", compromise=True), sign("private-key")
    other = sign("private-key", "worker")
    standing = judged("possible_compromise", **{"for": [dump.to_json()]})
    found = seen(replace(memory(standing), signs=[dump, key, other]), NOON).troubles
    by = {one.cause: explained(one, found) for one in found}
    held = {cause: of.cause if of else None for cause, of in by.items()}
    compromise = signs.cause(dump)
    assert held.pop(compromise) is None and held.pop(signs.cause(other)) is None
    assert held == {"host:web-1": compromise, signs.cause(key): compromise}
    assert [signs.is_of(one, compromise) for one in (dump, key, other)] == [True, True, False]
    assert not signs.is_of(dump, signs.cause(key)), "who deals with a secret has not dealt with the intruder"

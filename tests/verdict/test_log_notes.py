"""What logs add to a verdict, and what they do not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from outlive.model.observation import Channel, Observation
from outlive.model.watching import Settlement
from outlive.verdict.judge import judge
from outlive.verdict.judging import Judging
from tests.verdict.scenes import NOW, enrolled, look, saw, verdict

HUNG, OK = "same_machine_app_hung", "same_machine_ok"
APP = {"service": "app", "project": "shop"}


def heard(fact: str, value: dict[str, Any], ago: float = 10) -> Observation:
    return saw(fact, value, ago=ago, channel=Channel.INSIDE, witness="logs")


def told(*seen: Observation, outcome: int = 200) -> tuple[str, str]:
    found = verdict(enrolled(), look(page=outcome), *seen, settings=Judging())
    return found.name.value, " ".join(found.advice)


def test_a_quiet_service_that_the_keeper_reads_itself_is_no_dead_collector() -> None:
    assert told(heard("log.seen", APP | {"stream": "stdout"}, ago=3 * 3600)) == (OK, "")


def test_floods_of_two_services_are_told_each() -> None:
    rates = {"stream": "stderr", "bytes_per_minute": 2_000_000, "lines_per_minute": 9, "usual_bytes_per_minute": None}
    name, advice = told(heard("log.flood", APP | rates), heard("log.flood", {"service": "edge"} | rates))
    assert name == OK and "shop/app floods" in advice and "edge floods" in advice and "usual" not in advice


def test_a_journal_that_may_not_be_read_is_never_taken_for_quiet() -> None:
    lacks = {"service": "journal", "stream": "stderr", "error": "not_readable", "why": "the login may not read it"}
    unread = saw("log.seen", lacks, ago=60, channel=Channel.INSIDE, witness="journal")
    assert told(unread) == (OK, "nothing is known of the log of journal: the login may not read it")
    read = saw("log.seen", {"service": "journal", "stream": "stderr"}, ago=5, channel=Channel.INSIDE, witness="journal")
    assert told(unread, read) == (OK, "")


def test_a_known_line_is_explained_only_in_trouble_and_once_for_all_services() -> None:
    waited = [
        heard("log.signature", {"service": name, "signature": "undici-headers-timeout", "count": 2}) for name in "ab"
    ]
    assert told(*waited[:1]) == (OK, "")
    both = [waited[0], heard("log.signature", APP | {"signature": "undici-headers-timeout", "count": 2})]
    name, advice = told(*both, outcome=502)
    assert name == HUNG and advice.count("waited 300 s") == 1 and "a, shop/app logged" in advice
    assert told(heard("log.signature", APP | {"signature": "unheard of", "count": 1}), outcome=502)[0] != OK


def test_only_grave_leaks_are_told_and_not_without_end() -> None:
    def leak(severity: str, number: int = 0, **more: Any) -> Observation:
        value = APP | {"rule": "jwt", "severity": severity, "fingerprint": f"f{number}", "count": 1}
        return heard("log.leak", value | more, ago=3600)

    assert told(leak("low")) == (OK, "")
    assert "secrets were printed in the log of shop/app" in told(leak("high"))[1]
    assert "signs of compromise stand" in told(leak("high", compromise=True))[1]
    assert "and 3 more" in told(*(leak("critical", number) for number in range(8)))[1]


@pytest.mark.parametrize("fact", ["log.flood", "log.leak", "log.signature", "log.seen"])
@pytest.mark.parametrize("value", [{}, 7, "x", {"service": 3, "severity": [], "detail": 9, "count": "x", "rule": {}}])
def test_nonsense_changes_nothing(fact: str, value: Any) -> None:
    assert told(heard(fact, value))[0] == OK


def settled(*signs: Observation, ago: float, how: str = "rotated") -> list[Observation]:
    return [Settlement.of(one, NOW - timedelta(seconds=ago), "ann@box", how).observation() for one in signs]


def test_what_a_person_has_dealt_with_alarms_no_more_and_is_named_with_who_and_when() -> None:
    value = APP | {"rule": "next-rsc-exec", "severity": "high", "fingerprint": "f1", "count": 1, "compromise": True}
    secret = APP | {"rule": "private-key", "severity": "critical", "fingerprint": "f2", "count": 1}
    signs = [heard("log.leak", value, ago=3600), heard("log.leak", secret, ago=3600)]
    assert told(*signs)[0] == "possible_compromise"
    name, advice = told(*signs, *settled(*signs, ago=600))
    assert name == OK and "acknowledged by ann@box at" in advice and "rotated" in advice
    assert "next-rsc-exec f1, private-key f2" in advice and "rotate every secret" not in advice
    again = heard("log.leak", value | {"count": 2}, ago=60)
    assert told(*signs, again, *settled(*signs, ago=600))[0] == "possible_compromise"
    other = heard("log.leak", value | {"fingerprint": "f9"}, ago=3600)
    assert told(*signs, other, *settled(*signs, ago=600))[0] == "possible_compromise"


@pytest.mark.parametrize("ago", [600, 5000])
def test_an_acknowledged_leak_is_no_reason_to_end_with_1(ago: float) -> None:
    secret = heard("log.leak", APP | {"rule": "k", "severity": "critical", "fingerprint": "f", "count": 1}, ago=3600)
    seen = [*look(), secret, *settled(secret, ago=ago)]
    found = judge([enrolled(), *seen], now=NOW)
    assert found.is_leaking == (ago > 3600), "only what was there when it was said is dealt with"


@pytest.mark.parametrize(
    "value", [None, "x", {}, {"service": 1}, {"service": "shop/app", "rule": "k", "fingerprint": "f"}]
)
def test_a_settlement_that_says_too_little_settles_nothing(value: Any) -> None:
    sign = heard("log.leak", APP | {"rule": "k", "severity": "high", "fingerprint": "f", "compromise": True}, ago=60)
    assert told(sign, saw("log.settled", value, ago=5, channel=Channel.PERSON))[0] == "possible_compromise"

"""What a stream's lines come to: signatures, one error many times, leaks without the secret."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from outlive.commands.log_files import LogLine
from outlive.leaks.rules import load, read
from outlive.logs.ear import Ear, Heard, signatures
from outlive.logs.tally import Limits

NOW = datetime(2026, 2, 7, 8, 17, tzinfo=UTC)
KEY = b"k" * 32
ONE_ERROR = (
    "status: null,\nsignal: 'SIGTERM',\npid: 50820,\noutput: [ null, <Buffer>, <Buffer> ],\ndigest: '3159934052'"
)


def lines(text: str, at: datetime = NOW) -> list[LogLine]:
    return [LogLine("stderr", at, one.encode()) for one in text.splitlines()]


def ear() -> Ear:
    return Ear("stderr", KEY, NOW, Limits())


def told(one: Ear, now: datetime = NOW) -> dict[str, Heard]:
    return {heard.fact: heard for heard in one.told(now)}


def test_one_error_printed_many_times_counts_once_with_a_number_and_its_process() -> None:
    one = ear()
    one.hear(lines("\n".join([ONE_ERROR] * 30)), NOW)
    found = [heard.value for heard in one.told(NOW) if heard.fact == "log.signature"]
    (killed,) = [value for value in found if value["signature"] == "child-process-killed"]
    assert killed == {"signature": "child-process-killed", "count": 30, "detail": {"pid": 50820}}


def test_changing_processes_are_counted() -> None:
    one = ear()
    one.hear(lines("\n".join(ONE_ERROR.replace("50820", str(50000 + n)) for n in range(5))), NOW)
    (killed,) = [h.value for h in one.told(NOW) if h.value.get("signature") == "child-process-killed"]
    assert killed["detail"] == {"pids": 5}


def test_what_two_looks_cut_in_halves_is_seen_all_the_same() -> None:
    one, halves = ear(), ONE_ERROR.partition("pid")
    one.hear(lines("quiet"), NOW)
    assert "log.signature" not in told(one)
    one.hear(lines(halves[0]), NOW)
    assert "log.signature" not in told(one)
    one.hear(lines("pid" + halves[2]), NOW)
    list(one.told(NOW))
    assert [
        heard.value["count"] for heard in one.told(NOW) if heard.value.get("signature") == "child-process-killed"
    ] == [1]


def test_an_old_error_at_a_first_look_is_told_as_of_then() -> None:
    one, old = ear(), NOW - timedelta(hours=5)
    one.hear([*lines("code: 'UND_ERR_HEADERS_TIMEOUT'", old), *lines("all is well")], NOW)
    assert told(one)["log.signature"].at == old


def test_what_was_told_is_told_again_only_when_there_is_more() -> None:
    one = ear()
    one.hear(lines("code: 'UND_ERR_HEADERS_TIMEOUT'"), NOW)
    assert told(one)["log.signature"].value == {"signature": "undici-headers-timeout", "count": 1}
    assert told(one) == {}
    one.hear(lines("code: 'UND_ERR_HEADERS_TIMEOUT'"), NOW + timedelta(minutes=1))
    assert told(one)["log.signature"].value["count"] == 2


def test_a_leak_is_told_by_a_fingerprint_and_never_as_it_is() -> None:
    secret = f"AKIA{'QWERTYUIOPASDFGH'}"
    token = "ghp_" + "".join(secrets.choice("abcdefghijklmnopqrstuvwxyz0123456789ABCDEF") for _ in range(36))
    one, other = ear(), Ear("stderr", b"o" * 32, NOW, Limits())
    for each in (one, other):
        each.hear(lines(f"postgres://shop:Xk2-q9_zzT1p@db/shop {secret} {token}"), NOW)
    mine = [heard.value for heard in one.told(NOW) if heard.fact == "log.leak"]
    theirs = [heard.value for heard in other.told(NOW) if heard.fact == "log.leak"]
    assert mine and {value["severity"] for value in mine} <= {"low", "high", "critical"}
    assert "Xk2" not in str(mine) and token not in str(mine)
    assert {value["fingerprint"] for value in mine}.isdisjoint(value["fingerprint"] for value in theirs)


def test_the_newest_line_and_a_flood() -> None:
    one = ear()
    one.hear(lines("a line", NOW - timedelta(seconds=20)), NOW)
    seen = told(one)["log.seen"]
    assert (seen.value, seen.at) == ({"stream": "stderr"}, NOW - timedelta(seconds=20))
    one.hear(lines("x" * 1000), NOW, unread=50_000)
    assert told(one)["log.flood"].value["bytes_per_minute"] > 1_000_000


@pytest.mark.parametrize("rule", sorted(signatures()))
def test_every_signature_has_words_and_is_heard_in_its_samples(rule: str) -> None:
    samples = next(one.samples for kind in load() for one in kind if one.meaning.rule == rule)
    for text in (one for one in samples.positive if "{hex" not in one):
        one = ear()
        one.hear(lines(text), NOW)
        assert rule in {heard.value.get("signature") for heard in one.told(NOW)}
    assert len(signatures()[rule]) > 40


@pytest.mark.parametrize("group", read("compromise")["group"], ids=lambda group: group["id"])
def test_a_sign_that_is_printed_once_is_told_at_the_first_look(group: dict[str, Any]) -> None:
    """Also one that later lines might have prolonged."""
    for sample in group["samples"]:
        for text in sample["positive"]:
            one = ear()
            one.hear(lines(f"listening on 3000\n{text}"), NOW)
            assert group["id"] in [heard.value.get("rule") for heard in one.told(NOW)], text

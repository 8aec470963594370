"""Telling the host's silence from the keeper's own."""

from __future__ import annotations

from typing import Any

import pytest

from outlive.model.observation import Channel
from outlive.watch import blindness
from tests.watch.made import inside, seen


def http(**value: Any) -> Any:
    return seen("http.response", {"url": "u"} | value)


@pytest.mark.parametrize(
    ("one", "silent", "answered"),
    [
        (http(error="connect_timeout"), True, False),
        (http(error="dns"), True, False),
        (seen("ssh.host_key", {"error": "unreachable"}), True, False),
        (seen("dns.addresses", {"error": "timeout"}, channel=Channel.DNS), True, False),
        (http(error="connect_refused"), False, True),
        (http(error="headers_timeout"), False, True),
        (seen("ssh.host_key", {"error": "banner_timeout"}), False, True),
        (http(status=502), False, True),
        (inside("guest.machine_id", "m"), False, False),
    ],
)
def test_who_is_silent_and_who_answered(one: Any, silent: bool, answered: bool) -> None:
    assert blindness.silent([one]) is silent
    assert blindness.answered([one]) is answered


def test_one_answer_ends_the_silence() -> None:
    assert not blindness.silent([http(error="connect_timeout"), http(status=200)])
    assert not blindness.silent([]), "nobody was asked"


@pytest.mark.parametrize(
    ("canaries", "state"), [([], None), ([False, False], "no_network"), ([False, True], "ok"), ([True], "ok")]
)
def test_the_network_is_gone_when_no_canary_answers(canaries: list[bool], state: str | None) -> None:
    assert blindness.network(canaries) == state


@pytest.mark.parametrize(
    ("skews", "state"),
    [
        ({}, None),
        ({"a": 500.0}, None),
        ({"a": 0.2, "b": -0.4}, "ok"),
        ({"a": 500.0, "b": 501.0}, "clock_skew"),
        ({"a": -500.0, "b": -480.0, "c": -503.0}, "clock_skew"),
        ({"a": 500.0, "b": 0.1}, "ok"),
        ({"a": 500.0, "b": -500.0}, "ok"),
        ({"a": 50.0, "b": 55.0}, "ok"),
    ],
)
def test_the_clock_is_off_when_the_others_agree(skews: dict[str, float], state: str | None) -> None:
    assert blindness.clock(skews) == state


def test_one_machine_tells_the_time_once() -> None:
    told = [inside("guest.skew_seconds", 90), http(skew_seconds=91.5, remote_address="203.0.113.9"), http(status=200)]
    assert blindness.skews(told) == {"203.0.113.9": 91.5}


def test_the_worst_is_told() -> None:
    assert blindness.worst(["ok", None, "locked"]) == "locked"
    assert blindness.worst(["no_network", "ok"]) == "no_network"
    assert blindness.worst([None, "ok"]) == "ok"
    assert blindness.worst([None, None]) is None

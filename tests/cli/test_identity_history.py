"""What is remembered of the providers' projects and of drift, as `identity --history` tells it."""

from __future__ import annotations

from typing import Any

from outlive.cli.identity_history import history, lines
from outlive.model.observation import Channel, Observation
from outlive.model.stretch import Stretch
from tests.watch.made import seen


def finding(what: str, ago: float, host: str | None = None, **value: Any) -> Observation:
    found = {"kind": "changed", "server": "1", "host": host, "what": what, "alarm": host is not None, "id": "x"} | value
    return seen("provider.finding", found, "project", channel=Channel.PROVIDER, witness="provider cloud", ago=ago)


def test_the_oldest_comes_first_and_of_others_nothing() -> None:
    told = [Stretch.of(finding(*one)) for one in (("b", 10, "web-1"), ("a", 99, None), ("c", 50, "web-2"))]
    told.append(Stretch.of(seen("ssh.host_key", "SHA256:x")))
    assert [one["what"] for one in history(told, {"web-1"})] == ["a", "b"]


def test_what_lasted_is_told_with_both_its_ends() -> None:
    stretch = Stretch.of(finding("credit", 600)).with_next(finding("credit", 0))
    assert stretch is not None
    (line,) = lines(history([stretch], ()), 30)
    assert line == "2026-02-07 08:10:00Z to 2026-02-07 08:20:00Z  note: provider cloud: credit"


def test_that_nothing_is_remembered_is_said() -> None:
    assert list(lines([], 30)) == ["Nothing of the providers or of drift is remembered of the last 30 days."]

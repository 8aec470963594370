"""What `status` says of a host that was judged."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from outlive.cli.status_hosts import Watched, hosts
from outlive.model.watching import Judged
from tests.watch.made import NOW, settings

STACK = settings('[[hosts]]\nname = "web-1"\naddress = "ssh://root@203.0.113.9"\n')


def told(judged_ago: float, **document: Any) -> dict[str, Any]:
    at = NOW - timedelta(seconds=judged_ago)
    judged = Judged("web-1", at, at, "same_machine_ok", True, document)
    (one,) = hosts(STACK, Watched({"web-1": judged}), (), NOW)
    return one


def test_advice_is_told_also_of_a_host_that_is_well() -> None:
    one = told(10, advice=["3 GB of 40 GB are left on /"])
    assert (one["verdict"], one["advice"]) == ("same_machine_ok", ["3 GB of 40 GB are left on /"])


def test_advice_is_no_longer_told_when_nobody_looks() -> None:
    one = told(4000, advice=["3 GB of 40 GB are left on /"])
    assert one["verdict"] == "no_data" and "advice" not in one

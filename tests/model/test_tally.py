from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from outlive.model.observation import Channel, Observation
from outlive.model.tally import of_look

AT = datetime(2026, 2, 7, 3, 14, 15, 926, tzinfo=UTC)


def seen(value: Any, fact: str = "http.response", subject: str = "203.0.113.9") -> Observation:
    return Observation(AT, "http", Channel.OUTSIDE, subject, fact, value, "test")


def test_looks_of_an_hour_are_added_up() -> None:
    url = "https://shop.example.com/"
    first = of_look("web-1", seen({"url": url, "status": 200, "seconds": 0.2, "as_expected": True}))
    second = of_look("web-1", seen({"url": url, "error": "headers_timeout", "seconds": 10.0}))
    assert first is not None and second is not None
    both = first + second
    assert both.at == AT.replace(minute=0, second=0, microsecond=0)
    assert (both.looks, both.failed, both.why, both.check) == (2, 1, "headers_timeout", f"{url} at 203.0.113.9")
    assert both.mean_seconds == both.most_seconds == 0.2, "no answer takes no time"


def test_what_is_not_as_expected_has_failed() -> None:
    one = of_look("web-1", seen({"url": "u", "status": 500, "seconds": 0.1, "as_expected": False, "why": "status 500"}))
    assert one is not None and (one.failed, one.why, one.timed) == (1, "status 500", 1)


def test_ports_are_counted_and_the_rest_is_not() -> None:
    one = of_look("web-1", seen({"port": 443, "error": "refused"}, "tcp.connect"))
    assert one is not None and (one.check, one.failed, one.mean_seconds) == ("port 443 at 203.0.113.9", 1, None)
    assert of_look("web-1", seen("SHA256:x", "ssh.host_key")) is None
    assert of_look("web-1", seen(None)) is None


def test_a_clock_that_was_put_back_makes_no_negative_time() -> None:
    one = of_look("web-1", seen({"url": "u", "seconds": -timedelta(hours=1).total_seconds()}))
    assert one is not None and one.mean_seconds == 0

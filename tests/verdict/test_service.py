"""Dead, hung or well: what pages, ports, containers and logs say of a service on a machine that is ours."""

from __future__ import annotations

from typing import Any

import pytest

from outlive.model.observation import Channel, Observation
from tests.verdict.scenes import AWAY, HOME, Seen, enrolled, look, page, said, saw, server, verdict

DOWN, HUNG, OK = "same_machine_app_down", "same_machine_app_hung", "same_machine_ok"


def name(*seen: Seen) -> str:
    return said(enrolled(), look(page=None), *seen)[0]


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (200, OK),
        (301, OK),
        (401, OK),
        (404, OK),
        (500, DOWN),
        (502, DOWN),
        (503, DOWN),
        (504, HUNG),
        ("connect_refused", DOWN),
        ("tls", DOWN),
        ("headers_timeout", HUNG),
        ("body_timeout", HUNG),
        ("connect_timeout", DOWN),  # while the machine itself answers
        ("dns", OK),
        ("something new", OK),
    ],
)
def test_a_page(outcome: int | str, expected: str) -> None:
    assert name(page(outcome)) == expected


def test_ready_but_hung() -> None:
    """The readiness URL answers, the page that people use does not."""
    ready = page(200, url="https://shop.example.org/readyz")
    assert name(ready, page("headers_timeout")) == HUNG
    assert name(ready, page(502)) == DOWN


def test_a_page_of_another_host_that_fails_here_says_nothing_about_this_one() -> None:
    """A provider once listed this address for the other (swapped, and given back), so its page is asked here too."""
    other = "https://preview.example.org/"
    both = (
        enrolled(),
        enrolled("web-2", address=AWAY),
        look(),
        look("web-2", at=AWAY, host="web-2", page=None),
        page(200, AWAY, other),
    )
    failed = page("tls", HOME, other)
    assert said(*both, failed)[0] == OK
    assert said(*both, page(200, HOME, other, ago=600), failed)[0] == DOWN, "it served that page itself"
    assert said(*both, failed, page(502, AWAY, other), host="web-2")[0] == DOWN


def port(number: int, error: str | None = None, ago: float = 0) -> Observation:
    return saw("tcp.connect", {"port": number, "error": error} if error else {"port": number, "seconds": 0.1}, ago=ago)


def test_ports() -> None:
    assert name(port(443, "refused")) == DOWN
    assert name(port(443, "timeout")) == DOWN  # while SSH answers
    assert name(port(22, "refused")) == OK
    assert name(port(8080, "refused")) == OK  # nobody ever saw it open
    assert name(port(8080, ago=1800), port(8080, "refused")) == DOWN


def box(ago: float = 0, **state: Any) -> Observation:
    value = {"service": "app", "id": "c1", "started_at": "2026-03-01T00:00:00Z", "restart_count": 0, "exit_code": None}
    return saw("container", value | {"health": "healthy", "oom_killed": False} | state, "web-1", ago)


def test_containers() -> None:
    assert name(box()) == OK
    assert name(box(exit_code=137)) == DOWN
    assert name(box(exit_code=0)) == OK  # its work is done
    assert name(box(health="unhealthy")) == DOWN
    assert not verdict(enrolled(), look(page=None), box(health="unhealthy")).confirmed  # the check may lack its tool
    assert name(box(health="unhealthy"), page(200)) == OK


def test_a_loop_is_counted_by_starts() -> None:
    def starts(*ago: float) -> list[Observation]:
        return [box(seconds, started_at=f"2026-03-14T11:{50 + index}:00Z") for index, seconds in enumerate(ago)]

    assert name(starts(300, 200, 100, 0)) == DOWN
    assert name(starts(200, 100, 0)) == OK
    assert name(starts(4000, 2000, 1000, 0)) == OK
    assert name([box(500, restart_count=1), box(0, restart_count=4)]) == DOWN
    assert name([box(500, restart_count=9), box(0, restart_count=0)]) == OK  # somebody started it by hand
    assert name(box(restart_count=9, started_at="2026-03-14T11:59:30Z")) == DOWN
    assert name(box(restart_count=9)) == OK  # over months
    assert name(starts(300, 200, 100, 0), page(200)) == DOWN  # it answers between two deaths


def telemetry(fact: str, value: Any, ago: float = 60) -> Observation:
    return saw(fact, value, "web-1", ago, channel=Channel.TELEMETRY)


WAITED = telemetry("log.signature", {"service": "jobs", "signature": "UND_ERR_HEADERS_TIMEOUT", "count": 1})
ONE_PID = telemetry("log.signature", {"service": "app", "signature": "killed", "count": 30, "detail": {"pid": 50820}})
ONE_SIDED = [
    telemetry("log.seen", {"service": "app", "stream": "stdout"}, 1800),
    telemetry("log.seen", {"service": "app", "stream": "stderr"}, 30),
]


@pytest.mark.parametrize("hint", [[WAITED], [ONE_PID], ONE_SIDED])
def test_hints_make_a_dead_looking_service_a_hung_one_and_say_nothing_alone(hint: list[Observation]) -> None:
    assert name(page(502), hint) == HUNG
    assert name(page(200), hint) == OK
    assert name(hint) == OK
    assert name(page(502), hint, box(exit_code=1)) == DOWN  # it is dead after all


def test_old_hints_belong_to_old_troubles() -> None:
    old = telemetry("log.signature", WAITED.value, 2 * 3600)
    assert name(page(502), old) == DOWN


def test_a_collector_that_fell_silent_is_told() -> None:
    silent = telemetry("log.seen", {"service": "app", "stream": "stdout"}, 3600)
    found = verdict(enrolled(), look(), silent)
    assert found.name == OK
    assert any("no line of app on stdout since 2026-03-14 11:00Z" in line for line in found.advice)


def test_nothing_that_serves_was_seen() -> None:
    bare = [one for one in look(page=None) if not one.fact.startswith("pg.")]
    found = verdict(enrolled(), bare, saw("tcp.connect", {"port": 22, "seconds": 0.1}, HOME))
    assert (found.name, found.confirmed) == (OK, False)
    assert any("a look at what web-1 serves" in line for line in found.missing)


def test_a_second_address_of_the_same_server_is_looked_at_too() -> None:
    """People come by the second one, we log in by the first."""
    both = server(addresses=[HOME, AWAY])
    assert name(both, page(200, AWAY)) == OK
    assert name(both, page(502, AWAY)) == DOWN
    assert name(page(502, AWAY)) == OK  # nobody says that it is the host's


def test_the_proxy_that_its_name_always_stood_for_is_its_face() -> None:
    pins = enrolled(dns__addresses={"shop.example.org": [AWAY]})
    proxied = saw("dns.addresses", [AWAY], "shop.example.org")
    assert said(pins, look(page=None), proxied, page(502, AWAY))[0] == DOWN
    assert said(pins, look(page=None), proxied, page(200, AWAY)) == (OK, True)


def test_a_hint_from_before_a_page_answered_is_over() -> None:
    ready = page(200, url="https://shop.example.org/readyz")
    assert name(ready, page(502), WAITED) == DOWN
    assert name(ready, page(502), telemetry("log.signature", WAITED.value, -10)) == HUNG

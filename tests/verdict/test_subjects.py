"""Subjects as strangers write them, and where a page was asked."""

from __future__ import annotations

import pytest

from outlive.model.observation import Observation
from outlive.verdict.subjects import address, address_and_port, addresses_in, bare
from tests.verdict.scenes import AWAY, HOME, SHOP, THIRD, enrolled, judged, look, page, said, saw, silence


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("192.0.2.16", "192.0.2.16"),
        ("192.0.2.16:22", "192.0.2.16"),
        ("root@192.0.2.16", "192.0.2.16"),
        ("ssh://root@192.0.2.16:2222", "192.0.2.16"),
        ("https://Shop.Example.org./cart?a=1", "shop.example.org"),
        ("shop.example.org:443", "shop.example.org"),
        ("2001:db8:0:0::1", "2001:db8::1"),
        ("[2001:db8::1]:22", "2001:db8::1"),
        ("https://[2001:db8::1]/", "2001:db8::1"),
        ("web-1", "web-1"),
        ("", ""),
        ("https://[broken", "https://[broken"),
    ],
)
def test_what_a_subject_names(text: str, name: str) -> None:
    assert bare(text) == name


def test_addresses() -> None:
    assert address("web-1") is None
    assert address("ssh://root@192.0.2.16:2222") == "192.0.2.16"
    assert address_and_port("ssh://root@192.0.2.16:2222") == "192.0.2.16:2222"
    assert address_and_port("192.0.2.16:22") is None
    assert address_and_port("https://192.0.2.16:8443/") is None
    assert addresses_in("from 192.0.2.16 to 198.51.100.38, version 1.2.3.4.5, 999.1.1.1") == (
        "192.0.2.16",
        "198.51.100.38",
    )


DOWN = ("same_machine_app_down", True)
OK = ("same_machine_ok", True)


def by_name(subject: str) -> list[Observation]:
    """A whole look, told of a name and not of an address."""
    return [saw(one.fact, one.value, subject) for one in look(page=None)]


def test_a_page_is_joined_by_the_address_that_the_connection_had() -> None:
    assert said(enrolled(), look(page=None), page(502, HOME)) == DOWN
    assert said(enrolled(), look(), page(502, AWAY, "https://other.example.org/")) == OK


def test_a_page_is_joined_by_where_its_name_led_at_that_time() -> None:
    led_home = saw("dns.addresses", [HOME], "shop.example.org", 600)
    leads_away = saw("dns.addresses", [AWAY], "shop.example.org", 60)
    other = enrolled("web-2", THIRD)
    assert said(enrolled(), other, look(page=None), led_home, page(502, None)) == DOWN
    assert said(enrolled(), other, look(), led_home, leads_away, page(502, None))[0] == "dns_elsewhere"


def test_what_people_did_to_dns_counts_as_where_it_led() -> None:
    detail = {"name": "shop.example.org", "from": HOME, "to": AWAY}
    change = saw("action", {"what": "dns change", "detail": detail}, "web-1", 60)
    other = enrolled("web-2", THIRD)
    assert said(enrolled(), other, look(page=None), change, page(502, None, ago=120)) == DOWN
    assert said(enrolled(), other, look(), change, page(502, None)) == OK


def test_a_page_that_cannot_be_joined_is_the_only_hosts() -> None:
    assert said(enrolled(), look(page=None), page(502, None)) == DOWN
    stray = page(502, None, "https://a.example.org/")
    assert said(enrolled(), enrolled("web-2", AWAY), look(), stray) == OK


@pytest.mark.parametrize("subject", ["shop.example.org", "shop.example.org:443", SHOP, HOME, f"{HOME}:443"])
def test_a_certificate_is_joined_whatever_its_subject(subject: str) -> None:
    leaf = saw("tls.leaf", {"names": ["shop.example.org"], "spki": "sha256:ours", "valid": True}, subject)
    name = saw("dns.addresses", [HOME], "shop.example.org", 60)
    pinned = enrolled(tls__leaf={"spki": "sha256:ours"})
    assert {one.address: one.answers_as for one in judged(pinned, name, leaf).addresses} == {HOME: "web-1"}


def test_facts_by_the_hosts_name_are_those_of_its_only_address() -> None:
    assert said(enrolled(), by_name("web-1"), page(200)) == OK


def test_a_host_without_any_address_is_judged_by_name() -> None:
    assert said(enrolled(address=None), by_name("web-1")) == OK


def test_two_machines_behind_one_address_are_told_apart_by_port() -> None:
    first, second = f"{HOME}:2201", f"{HOME}:2202"
    looks = (look(at=first, page=None), look("web-2", second, "web-2", page=None))
    seen = (enrolled(address=first), enrolled("web-2", second), *looks)
    assert {one.address: one.answers_as for one in judged(*seen).addresses} == {first: "web-1", second: "web-2"}


def test_an_enrolled_name_stands_for_the_address_it_led_to() -> None:
    names = saw("dns.addresses", [HOME], "web-1.example.org", 600)
    assert said(enrolled(address="web-1.example.org"), names, look()) == OK
    assert said(enrolled(address="web-1.example.org"), by_name("web-1.example.org")) == OK


def test_two_hosts_enrolled_at_one_address() -> None:
    """One of them answers; the other's address is then somebody else's."""
    seen = (enrolled(), enrolled("web-2", HOME), look("web-2", host="web-2"))
    assert said(*seen, host="web-2") == OK
    assert said(*seen)[0] == "wrong_machine"


def test_an_address_of_nobody_is_shown() -> None:
    stranger = (saw("ssh.host_key", "SHA256:stranger", THIRD), saw("ssh.login", "rejected", THIRD))
    seen = (enrolled(), look(), *stranger, silence(AWAY))
    found = {one.address: (one.answers_as, one.told_by) for one in judged(*seen).addresses}
    assert found == {HOME: ("web-1", ("enrolled",)), THIRD: ("unknown", ("asked",)), AWAY: (None, ("asked",))}


def test_a_name_belongs_to_the_host_to_which_it_led_first() -> None:
    led = (saw("dns.addresses", [HOME], "shop.example.org", 900), saw("dns.addresses", [THIRD], "shop.example.org"))
    assert said(enrolled(), enrolled("web-2", AWAY), look(page=None), led) == ("dns_elsewhere", True)


def test_a_name_belongs_to_nobody_because_a_person_says_so() -> None:
    leads = saw("dns.addresses", [THIRD], "other.example.org")
    claim = saw("claim", {"text": f"web-1 is at {THIRD} now"}, "web-1")
    assert said(enrolled(), enrolled("web-2", AWAY), look(), leads, claim)[0] == "same_machine_ok"

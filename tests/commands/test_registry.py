"""Registries print as they like: RDAP of RFC 9083, and whois as several of them write it."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outlive.commands import registry

RDAP = b"""{"objectClassName": "domain", "ldhName": "EXAMPLE.COM", "events": [
  {"eventAction": "registration", "eventDate": "1995-08-14T04:00:00Z"},
  {"eventAction": "expiration", "eventDate": "2027-08-13T04:00:00Z"}]}"""
MOMENT = datetime(2027, 8, 13, 4, tzinfo=UTC)


def test_rdap() -> None:
    assert registry.read_rdap(RDAP, "example.com") == registry.Registration("example.com", MOMENT)


@pytest.mark.parametrize("text", [b"", b"[]", b"{}", b'{"events": [{"eventAction": "expiration"}]}', b"<html>"])
def test_what_names_no_expiration_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError):
        registry.read_rdap(text, "example.com")


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("   Registry Expiry Date: 2027-08-13T04:00:00Z\n", MOMENT),
        ("Registrar Registration Expiration Date: 2027-08-13T04:00:00.0Z\n", MOMENT),
        ("paid-till:     2027-08-13T04:00:00Z\n", MOMENT),
        ("Expiry date:  13-Aug-2027\n", datetime(2027, 8, 13, tzinfo=UTC)),
        ("expires: 2027-08-13\n", datetime(2027, 8, 13, tzinfo=UTC)),
        ("renewal date: 2027.08.13\n", datetime(2027, 8, 13, tzinfo=UTC)),
    ],
)
def test_whois(text: str, at: datetime) -> None:
    assert registry.read_whois(f"% remarks\n{text}", "example.com").expires_at == at


@pytest.mark.parametrize("text", ["", "No match for domain", "Expiry Date: soon"])
def test_whois_without_one(text: str) -> None:
    with pytest.raises(ValueError, match="no expiration"):
        registry.read_whois(text, "example.com")


def test_where_to_ask() -> None:
    assert registry.read_refer("% IANA\nrefer:        whois.example.net\n") == "whois.example.net"
    assert registry.read_refer("nothing") is None
    assert registry.candidates("Shop.Example.co.uk.") == ("shop.example.co.uk", "example.co.uk", "co.uk")
    assert registry.rdap_url("https://rdap.org/", "example.com") == "https://rdap.org/domain/example.com"


NETWORK = {
    "objectClassName": "ip network",
    "name": "LT-EXAMPLE-2014",
    "entities": [
        {
            "vcardArray": ["vcard", [["version", {}, "text", "4.0"], ["fn", {}, "text", "UAB Example"]]],
            "entities": [{"vcardArray": ["vcard", [["org", {}, "text", "Example Abuse"]]]}],
        },
        {"handle": "X-MNT", "vcardArray": ["vcard", [["fn", {}, "text", "UAB Example"], ["tel", {}, "uri", "tel:1"]]]},
    ],
}


def test_whose_an_address_is() -> None:
    assert registry.read_owners(json.dumps(NETWORK).encode()) == ("LT-EXAMPLE-2014", "UAB Example", "Example Abuse")
    assert registry.rdap_ip_url("https://rdap.org/", "2001:db8::1") == "https://rdap.org/ip/2001:db8::1"


@given(st.integers(0, len(json.dumps(NETWORK)) - 1))
def test_an_answer_about_an_address_that_was_cut_off_is_none(length: int) -> None:
    with pytest.raises(ValueError):
        registry.read_owners(json.dumps(NETWORK)[:length].encode())


JUNK = st.recursive(
    st.none() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["vcardArray", "entities"]), inner),
    max_leaves=12,
)


@given(JUNK)
def test_whatever_stands_in_an_answer_about_an_address(junk: object) -> None:
    registry.read_owners(json.dumps(NETWORK | {"entities": junk, "name": junk}).encode())

"""The ledger: who told of which address, when; and that what was told goes on being asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from outlive.model.observation import Channel
from outlive.model.watching import Told
from outlive.watch import ledger
from tests.watch.made import NOW, A, B, seen

HOUR = timedelta(hours=1)


def told(address: str = A, by: str = "ssh", **more: object) -> Told:
    return replace(ledger.at("web-1", address, by, NOW), **more)  # type: ignore[arg-type]


def test_an_address_is_asked_also_when_nobody_says_it_any_more() -> None:
    book = [told(A, "dns shop.example.com", last_at=NOW - 100 * HOUR), told(B, "dns shop.example.com")]
    assert ledger.asked(book) == {"web-1": (A, B)}


def test_what_a_person_forgets_is_not_asked_until_it_is_told_anew() -> None:
    forgotten = told(A, "alice", forgotten_at=NOW)
    assert ledger.asked([forgotten]) == {}
    assert ledger.asked([replace(forgotten, last_at=NOW + HOUR)]) == {"web-1": (A,)}


def test_several_may_tell_of_one_address() -> None:
    book = [told(A, "ssh"), told(A, "alice"), told(B, "bob"), told(A, "carol", forgotten_at=NOW)]
    assert ledger.told_by(book, A) == ("alice", "ssh")
    assert ledger.asked(book) == {"web-1": (A, B)}


def test_what_dns_and_states_say_comes_into_it() -> None:
    answers = [
        seen("dns.addresses", [A, B], "shop.example.com", channel=Channel.DNS),
        seen("dns.addresses", {"error": "timeout"}, "www.example.com", channel=Channel.DNS),
        seen("tofu.state", {"server_id": "1", "addresses": [B]}, "web-1", channel=Channel.PROVIDER),
        seen("tls.leaf", {"names": []}),
    ]
    found = [(one.address, one.told_by) for one in ledger.from_observations("web-1", answers)]
    assert found == [(A, "dns shop.example.com"), (B, "dns shop.example.com"), (B, "tofu state")]


def test_only_what_is_new_or_was_told_long_ago_is_written() -> None:
    book = [told(A, "ssh", last_at=NOW - timedelta(minutes=1)), told(B, "ssh", last_at=NOW - HOUR)]
    again = [told(A, "ssh"), told(B, "ssh"), told(A, "alice"), told(A, "alice")]
    assert [(one.address, one.told_by) for one in ledger.news(book, again)] == [(B, "ssh"), (A, "alice")]


def test_the_judge_hears_of_people_and_of_secrets_and_of_nobody_twice() -> None:
    book = [told(A, "alice"), told(B, "ci VM_HOST"), told(A, "ssh"), told(A, "dns x"), told(B, "tofu state")]
    person, secret = ledger.testimony(book)
    assert (person.fact, person.value["detail"]["address"], person.channel) == ("action", A, Channel.PERSON)
    assert (secret.fact, secret.value) == ("ci.secret", {"name": "VM_HOST", "address": B})

"""Address records: what they should become, in which words, and until when the old ones are believed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import dns.message
import dns.rcode
import pytest

from outlive.commands import cloudflare, dns_update
from outlive.commands.dns_records import LONGEST_TTL_SECONDS, Record, Standing, believed_until, wanted

NOW = datetime(2026, 2, 7, 8, 0, tzinfo=UTC)
SHOP = "shop.example.test"


def standing(*records: Record) -> Standing:
    return Standing(SHOP, records)


def a(address: str, ttl: int = 300, identity: str = "", proxied: bool = False) -> Record:
    return Record("AAAA" if ":" in address else "A", address, ttl, identity, proxied)


@pytest.mark.parametrize(
    ("before", "negative", "seconds"),
    [
        (standing(a("203.0.113.9", 300), a("2001:db8::9", 3600)), 90, 3600),
        (standing(), 90, 90),  # "there is none" is remembered as well
        (standing(a("203.0.113.9", 300, proxied=True)), 90, 0),
        (standing(a("203.0.113.9", 10**9)), 0, LONGEST_TTL_SECONDS),
    ],
)
def test_until_when_the_old_answer_is_believed(before: Standing, negative: int, seconds: int) -> None:
    assert believed_until(before, NOW, negative) == NOW + timedelta(seconds=seconds)


def test_a_name_leads_to_the_given_addresses_alone() -> None:
    after = wanted(SHOP, ["198.51.100.7", "2001:DB8::7", "198.51.100.7"], standing(a("203.0.113.9")))
    assert [(one.kind, one.address) for one in after.records] == [("A", "198.51.100.7"), ("AAAA", "2001:DB8::7")]
    with pytest.raises(ValueError):
        wanted(SHOP, ["web-1.example.com"], standing())


def test_a_batch_never_makes_two_records_alike_on_its_way() -> None:
    before = standing(a("192.0.2.1", identity="one"), a("192.0.2.2", identity="two"))
    after = wanted(SHOP, ["192.0.2.2", "192.0.2.3"], before)
    batch = cloudflare.change(before, after)
    assert [(one["id"], one["content"]) for one in batch["patches"]] == [("two", "192.0.2.2"), ("one", "192.0.2.3")]
    assert "posts" not in batch and "deletes" not in batch


def test_more_addresses_are_added_and_fewer_taken_away() -> None:
    one, two = standing(a("192.0.2.1", identity="one")), wanted(SHOP, ["192.0.2.1", "192.0.2.2"], standing())
    assert [row["content"] for row in cloudflare.change(one, two)["posts"]] == ["192.0.2.2"]
    gone = cloudflare.change(standing(a("2001:db8::9", identity="six")), wanted(SHOP, ["192.0.2.1"], standing()))
    assert gone["deletes"] == [{"id": "six"}]


@pytest.mark.parametrize(
    "body",
    [
        None,
        {"success": False, "result": []},
        {"success": True, "result": "none"},
        {"success": True, "result": [{"name": SHOP, "type": "A", "content": "nonsense", "ttl": 1, "id": "x"}]},
        {"success": True, "result": [{"name": SHOP, "type": "A", "content": "192.0.2.1", "ttl": "1", "id": "x"}]},
        {"success": True, "result": [], "result_info": {"total_count": 1}},
    ],
)
def test_what_cloudflare_says_badly_is_no_list(body: object) -> None:
    with pytest.raises(ValueError):
        cloudflare.read_records(SHOP, body)


def test_an_update_names_what_it_replaces() -> None:
    key = dns_update.Key("k", "c2VjcmV0c2VjcmV0c2VjcmV0")
    before = standing(a("203.0.113.9"), a("2001:db8::9"))
    text = dns_update.change("example.test", before, wanted(SHOP, ["198.51.100.7"], before), key).to_text()
    prerequisites, _, changes = text.partition(";UPDATE")
    assert "A 203.0.113.9" in prerequisites and "AAAA 2001:db8::9" in prerequisites and "NONE CNAME" in prerequisites
    assert "ANY AAAA" in changes and "60 IN A 198.51.100.7" in changes
    assert "c2VjcmV0" not in repr(key)


@pytest.mark.parametrize("secret", ["not base64!", "ä"])
def test_a_key_that_is_none_is_said_without_itself(secret: str) -> None:
    with pytest.raises(ValueError) as error:
        dns_update.Key("k", secret).made()
    assert secret not in str(error.value)


def test_an_answer_without_authority_is_no_answer() -> None:
    """A resolver, or a secondary that has lost its zone."""
    answer = dns.message.make_response(dns_update.question(SHOP, "A"))
    with pytest.raises(ValueError, match="no authority"):
        dns_update.read_answer(SHOP, "A", answer)
    answer.set_rcode(dns.rcode.SERVFAIL)
    with pytest.raises(ValueError, match="SERVFAIL"):
        dns_update.read_answer(SHOP, "A", answer)

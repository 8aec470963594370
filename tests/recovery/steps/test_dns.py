"""The step `dns`: by Cloudflare's API, and by RFC 2136 at a real BIND."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import dns.message
import dns.query
import dns.update
import pytest

from outlive.errors import Failed
from outlive.recovery.intent import Intent
from outlive.recovery.steps.base import Done, NotYet, Unknown, World
from outlive.recovery.steps.dns import Dns
from outlive.transport.net import NoAnswer
from tests.recovery.steps.carrying import carry, inputs, looked, world
from tests.world.bind import KEY, Bind
from tests.world.biting import Bite
from tests.world.cloudflare import ZONE, CloudflareApi

SHOP = "shop.example.test"
STEP = Dns()


@pytest.fixture
def cloudflare() -> Iterator[CloudflareApi]:
    with CloudflareApi() as api:
        api.record("A", SHOP, "203.0.113.9")
        api.record("AAAA", SHOP, "2001:db8::9", ttl=1)
        api.record("A", "other.example.test", "203.0.113.9")
        yield api


def by_cloudflare(api: CloudflareApi) -> dict[str, Any]:
    return {"via": "cloudflare", "url": api.url, "zone_id": ZONE, "token": {"file": "token"}, "record": f"{SHOP}."}


def test_the_name_leads_to_the_new_machine_alone(cloudflare: CloudflareApi, tmp_path: Path) -> None:
    here = world(tmp_path)
    done = carry(STEP, here, by_cloudflare(cloudflare))
    assert cloudflare.addresses(SHOP) == ["198.51.100.7"]  # the AAAA to the lost machine is gone too
    assert cloudflare.addresses("other.example.test") == ["203.0.113.9"]
    assert done.facts["believed_until"] == "2026-02-07T08:05:00+00:00"  # automatic is 300 s
    assert {one["address"] for one in done.facts["former"]} == {"203.0.113.9", "2001:db8::9"}
    assert looked(STEP, here, by_cloudflare(cloudflare)) == done
    assert len(cloudflare.batches) == 1


def test_the_plan_shows_old_and_new_values(cloudflare: CloudflareApi, tmp_path: Path) -> None:
    args = by_cloudflare(cloudflare)
    cloudflare.record("A", SHOP, "203.0.113.10", proxied=True, ttl=1)
    before = [
        "- A 203.0.113.10, lives 300 s, proxied",
        "- A 203.0.113.9, lives 300 s",
        "- AAAA 2001:db8::9, lives 300 s",
    ]
    there = world(tmp_path)
    assert STEP.changes(there, inputs(args)) == [*before, "+ ssh://root@198.51.100.7, lives 60 s"]
    unmade = STEP.changes(replace(there, new=None), inputs(args | {"address6": "2001:db8::7"}))
    assert unmade[-2:] == ["+ the machine that is made, lives 60 s", "+ 2001:db8::7, lives 60 s"]
    assert STEP.changes(there, inputs(args | {"record": "new.example.test"}))[0] == "- no address"
    cloudflare.bites = [Bite("500", times=9)]
    assert "was not told" in STEP.changes(there, inputs(args))[0] and cloudflare.batches == []


def test_undo_puts_back_what_was_there(cloudflare: CloudflareApi, tmp_path: Path) -> None:
    here, args = world(tmp_path), by_cloudflare(cloudflare)
    carry(STEP, here, args)
    STEP.undo(here, inputs(args))
    assert cloudflare.addresses(SHOP) == ["2001:db8::9", "203.0.113.9"]
    STEP.undo(here, inputs(args))
    assert len(cloudflare.batches) == 2


def test_undo_leaves_what_somebody_else_said_since(cloudflare: CloudflareApi, tmp_path: Path) -> None:
    here, args = world(tmp_path), by_cloudflare(cloudflare)
    carry(STEP, here, args)
    for one in cloudflare.records.values():
        if one["name"] == SHOP:
            one["content"] = "192.0.2.77"
    with pytest.raises(Failed, match="which this run did not say"):
        STEP.undo(here, inputs(args))
    assert cloudflare.addresses(SHOP) == ["192.0.2.77"]


def test_undo_of_nothing_is_nothing(cloudflare: CloudflareApi, tmp_path: Path) -> None:
    STEP.undo(world(tmp_path), inputs(by_cloudflare(cloudflare)))
    assert cloudflare.heard == []


def test_a_proxied_name_stays_so_and_is_believed_at_once(cloudflare: CloudflareApi, tmp_path: Path) -> None:
    for one in cloudflare.records.values():
        one |= {"proxied": True, "ttl": 1}
    done = carry(STEP, world(tmp_path), by_cloudflare(cloudflare))
    (record,) = [one for one in cloudflare.records.values() if one["name"] == SHOP]
    assert record["proxied"] is True and record["ttl"] == 1
    assert done.facts["believed_until"] == done.facts["seen_at"]


def test_an_alias_is_for_a_person(cloudflare: CloudflareApi, tmp_path: Path) -> None:
    cloudflare.record("CNAME", "www.example.test", SHOP)
    args = by_cloudflare(cloudflare) | {"record": "www.example.test"}
    assert isinstance(STEP.look(world(tmp_path), inputs(args)), Unknown)


def test_a_wrong_token_changes_nothing_and_is_not_shown(cloudflare: CloudflareApi, tmp_path: Path) -> None:
    here = world(tmp_path)
    (tmp_path / "token").write_text("a-wrong-and-secret-token")
    with pytest.raises(NoAnswer, match="refuses the token") as error:
        STEP.look(here, inputs(by_cloudflare(cloudflare)))
    assert "secret-token" not in str(error.value)


def test_half_a_list_is_no_data(cloudflare: CloudflareApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = cloudflare.answer
    monkeypatch.setattr(
        cloudflare, "answer", lambda *words: (200, {**real(*words)[1], "result_info": {"total_count": 9}})
    )
    with pytest.raises(NoAnswer, match="9 records"):
        STEP.look(world(tmp_path), inputs(by_cloudflare(cloudflare)))


@pytest.mark.parametrize("kind", ["429", "500", "503", "lost", "cut"])
def test_it_bites_and_the_change_is_done_once(cloudflare: CloudflareApi, tmp_path: Path, kind: str) -> None:
    cloudflare.bites = [Bite(kind, "POST")]
    carry(STEP, world(tmp_path), by_cloudflare(cloudflare))
    assert len(cloudflare.batches) == 1
    assert cloudflare.addresses(SHOP) == ["198.51.100.7"]


def test_what_was_there_at_first_is_kept_over_attempts(cloudflare: CloudflareApi, tmp_path: Path) -> None:
    here, args = world(tmp_path), by_cloudflare(cloudflare)
    cloudflare.bites = [Bite("lost", "POST")]
    with pytest.raises(NoAnswer):
        STEP.do(here, inputs(args), 60)
    STEP.do(here, inputs(args), 60)
    noted = Intent(here, inputs(args)).read()
    assert noted and {one["address"] for one in noted["former"]} == {"203.0.113.9", "2001:db8::9"}


# --- a real BIND -------------------------------------------------------------------------------------------------------


@pytest.fixture
def zone(bind: Bind, tmp_path: Path) -> Iterator[tuple[World, dict[str, Any]]]:
    here = world(tmp_path / "run")
    secret = here.folder / "tsig"
    secret.write_text(bind.secret)
    secret.chmod(0o600)
    args = {"via": "rfc2136", "server": bind.address, "zone": "example.test", "key_name": KEY, "record": SHOP}
    args |= {"key_secret": {"file": "tsig"}}
    yield here, args
    STEP.undo(here, inputs(args))


def dig(bind: Bind, kind: str) -> list[str]:
    answer = dns.query.tcp(dns.message.make_query(SHOP, kind), bind.address, timeout=10)
    return [str(one) for rrset in answer.answer for one in rrset]


@pytest.mark.docker
@pytest.mark.slow
def test_bind_takes_the_change_as_one_and_gives_it_back(bind: Bind, zone: tuple[World, dict[str, Any]]) -> None:
    here, args = zone
    before = bind.serial()
    assert isinstance(STEP.look(here, inputs(args)), NotYet)
    done = carry(STEP, here, args)
    assert (dig(bind, "A"), dig(bind, "AAAA")) == (["198.51.100.7"], [])
    assert done.facts["believed_until"] == "2026-02-07T08:05:00+00:00"  # the old TTL
    assert bind.serial() == before + 1
    STEP.undo(here, inputs(args))
    assert (dig(bind, "A"), dig(bind, "AAAA")) == (["203.0.113.9"], ["2001:db8::9"])


@pytest.mark.docker
@pytest.mark.slow
def test_bind_refuses_another_key(bind: Bind, zone: tuple[World, dict[str, Any]]) -> None:
    here, args = zone
    (here.folder / "wrong").write_text("d3Jvbmcgd3Jvbmcgd3Jvbmcgd3Jvbmcgd3Jvbmch")
    (here.folder / "wrong").chmod(0o600)
    before = bind.serial()
    with pytest.raises(NoAnswer) as error:
        STEP.do(here, inputs(args | {"key_secret": {"file": "wrong"}}), 60)
    assert error.value.word == "unwilling" and "d3Jvbmc" not in str(error.value)
    assert bind.serial() == before and Intent(here, inputs(args)).read() is None


@pytest.mark.docker
@pytest.mark.slow
def test_bind_does_nothing_when_somebody_was_faster(bind: Bind, zone: tuple[World, dict[str, Any]]) -> None:
    """The update says which records it replaces."""
    from outlive.commands.dns_records import Record, Standing, wanted
    from outlive.recovery import cloud
    from outlive.recovery.authority import authority

    here, args = zone
    seen = Standing(SHOP, (Record("A", "192.0.2.1", 300),))
    with pytest.raises(NoAnswer, match=r"not any more as they were seen|that were not seen"):
        cloud.asked(lambda: authority(here, args).change(seen, wanted(SHOP, ["198.51.100.7"], seen)))
    assert dig(bind, "A") == ["203.0.113.9"]


@pytest.mark.docker
@pytest.mark.slow
def test_an_alias_at_bind_is_for_a_person(bind: Bind, zone: tuple[World, dict[str, Any]]) -> None:
    here, args = zone
    seen = STEP.look(here, inputs(args | {"record": "www.example.test"}, step="other"))
    assert isinstance(seen, Unknown) and SHOP in seen.why
    assert not isinstance(seen, Done)

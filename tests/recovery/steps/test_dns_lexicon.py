"""The step `dns` by dns-lexicon, at a real PowerDNS: record by record, the new ones first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from outlive.commands.dns_records import Record, Standing
from outlive.errors import ConfigError, Failed, UsageError
from outlive.recovery import cloud
from outlive.recovery.authority import authority
from outlive.recovery.intent import Intent
from outlive.recovery.steps.base import NotYet, Unknown, World
from outlive.recovery.steps.dns import Dns
from outlive.transport import dns_lexicon
from outlive.transport.net import NoAnswer
from tests.recovery.steps.carrying import carry, inputs, looked, world
from tests.world.docker import DockerEngine
from tests.world.need import need
from tests.world.powerdns import PowerDns

pytestmark = [pytest.mark.docker, pytest.mark.slow]
SHOP, NEW, OLD = "shop.example.test", "198.51.100.7", "203.0.113.9"
STEP = Dns()
Zone = tuple[PowerDns, World, dict[str, Any]]


@pytest.fixture(scope="module")
def powerdns(docker_host: DockerEngine) -> Iterator[PowerDns]:
    server = PowerDns(docker_host)
    try:
        yield need("docker", server.start)
    finally:
        server.close()


@pytest.fixture
def zone(powerdns: PowerDns, tmp_path: Path) -> Zone:
    powerdns.zoned()
    here = world(tmp_path / "run")
    (here.folder / "key").write_text(powerdns.key)
    (here.folder / "key").chmod(0o600)
    options = {"pdns_server": powerdns.url, "auth_token": {"file": "key"}}
    return (
        powerdns,
        here,
        {"via": "lexicon", "provider": "powerdns", "zone": "example.test", "options": options} | {"record": SHOP},
    )


def test_the_name_leads_to_the_new_machine_alone_and_is_given_back(zone: Zone) -> None:
    server, here, args = zone
    assert STEP.changes(here, inputs(args))[:2] == [f"- A {OLD}, lives 300 s", "- AAAA 2001:db8::9, lives 300 s"]
    assert isinstance(looked(STEP, here, args), NotYet)
    done = carry(STEP, here, args)
    assert (server.says(SHOP, "A"), server.says(SHOP, "AAAA")) == ([NEW], [])
    assert done.facts["believed_until"] == "2026-02-07T08:05:00+00:00"  # the old TTL
    STEP.undo(here, inputs(args))
    assert (server.says(SHOP, "A"), server.says(SHOP, "AAAA")) == ([OLD], ["2001:db8::9"])


def test_what_was_cut_off_halfway_goes_on_or_is_given_back(zone: Zone) -> None:
    """The new record is there, and so are the old ones."""
    server, here, args = zone
    Intent(here, inputs(args)).note({"former": _now(here, args).as_facts(), "negative_seconds": 60, "wanted": [NEW]})
    half = replace(before := _now(here, args), records=(*before.records, Record("A", NEW, 60)))
    cloud.asked(lambda: authority(here, args).change(before, half))
    assert server.says(SHOP, "A") == [NEW, OLD]
    STEP.undo(here, inputs(args))
    assert server.says(SHOP, "A") == [OLD]
    cloud.asked(lambda: authority(here, args).change(before, half))
    done = carry(STEP, here, args)
    assert server.says(SHOP, "A") == [NEW] and {one["address"] for one in done.facts["former"]} == {OLD, "2001:db8::9"}


def test_what_somebody_else_said_since_is_left(zone: Zone) -> None:
    server, here, args = zone
    carry(STEP, here, args)
    now = _now(here, args)
    other = replace(now, records=(Record("A", "192.0.2.77", 60),))
    cloud.asked(lambda: authority(here, args).change(now, other))
    with pytest.raises(Failed, match="which this run did not say"):
        STEP.undo(here, inputs(args))
    assert server.says(SHOP, "A") == ["192.0.2.77"]


def test_an_alias_is_for_a_person(zone: Zone) -> None:
    _, here, args = zone
    seen = STEP.look(here, inputs(args | {"record": "www.example.test"}))
    assert isinstance(seen, Unknown) and SHOP in seen.why


def test_a_wrong_key_a_dead_server_and_a_provider_that_nobody_knows(zone: Zone, tmp_path: Path) -> None:
    server, here, args = zone
    (here.folder / "key").write_text("wrong-secret")
    with pytest.raises(NoAnswer, match="powerdns: HTTPError 401") as error:
        STEP.look(here, inputs(args))
    assert "wrong-secret" not in str(error.value)
    with pytest.raises(NoAnswer, match="ConnectionError"):
        STEP.look(here, inputs(args | {"options": args["options"] | {"pdns_server": "http://127.0.0.1:9"}}))
    with pytest.raises(NoAnswer, match="ProviderNotAvailableError"):
        STEP.look(here, inputs(args | {"provider": "nobody"}))
    assert server.says(SHOP, "A") == [OLD]


def test_one_that_hangs_is_ended() -> None:
    account = dns_lexicon.Account("powerdns", "example.test", {}, timeout_seconds=0.05)
    with pytest.raises(NoAnswer) as error:
        cloud.asked(lambda: account.records(SHOP, ("A",)))
    assert error.value.word == "timeout"


def test_options_are_a_table_and_the_library_is_an_extra(zone: Zone, monkeypatch: pytest.MonkeyPatch) -> None:
    _, here, args = zone
    with pytest.raises(UsageError, match="no table"):
        STEP.look(here, inputs(args | {"options": "secret"}))
    monkeypatch.setattr(dns_lexicon, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match="dns-lexicon is not installed"):
        STEP.look(here, inputs(args))


def _now(here: World, args: dict[str, Any]) -> Standing:
    return cloud.asked(lambda: authority(here, args).standing(SHOP))[0]

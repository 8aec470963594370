"""Whose server a host is: what `outlive init` writes down of it, with a registry and a provider that really answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from outlive.cli.init_files import Plan
from outlive.cli.init_provider import NOBODY, Told, find
from outlive.errors import ConfigError, UsageError
from outlive.lab.provider.faults import Fault
from outlive.model.asset import SecretRef
from outlive.model.host import Host
from tests.world.cloud import TOKEN, Cloud, server
from tests.world.hetzner import TOKEN as HETZNER_TOKEN
from tests.world.hetzner import HetznerCloud
from tests.world.hetzner import server as hetzner_server
from tests.world.web import Page, WebServer

ADDRESS = "9.9.9.9"  # public, so that a registry has something to say; nobody is asked there
HOST = Host(name="web-1", address=f"ssh://root@{ADDRESS}")
HERE = SecretRef(env="TOKEN_OF_THE_TESTS")


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plan:
    monkeypatch.setenv("TOKEN_OF_THE_TESTS", TOKEN)
    return Plan(tmp_path / "outlive.toml", "", None, dry_run=False)


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with Cloud() as one:
        one.servers(server(1, address="203.0.113.9"), server(811287, "web-1", ADDRESS))
        yield one


def state(plan: Plan, identity: str = "811287", kind: str = "cherryservers_server") -> None:
    one = {"attributes": {"id": identity, "ip_addresses": [{"address": ADDRESS, "type": "primary-ip"}]}}
    resource = {"mode": "managed", "type": kind, "name": "web", "instances": [one]}
    (plan.base / "terraform.tfstate").write_text(json.dumps({"version": 4, "resources": [resource]}))


def test_a_state_tells_it_and_nobody_is_asked(plan: Plan) -> None:
    state(plan)
    host, whose = find(HOST, plan, Told(rdap="http://127.0.0.1:1"))
    assert (host.server_id, host.tofu_resource) == ("811287", "cherryservers_server.web")
    assert (whose.kind, whose.told_by, whose.can_be_asked) == ("cherryservers", "a state beside this file says", False)


@pytest.mark.parametrize(("name", "kind"), [("UAB Cherry Servers", "cherryservers"), ("Example Ltd", "")])
def test_the_registry_tells_it_by_the_address(plan: Plan, name: str, kind: str) -> None:
    network = {"objectClassName": "ip network", "entities": [{"vcardArray": ["vcard", [["fn", {}, "text", name]]]}]}
    with WebServer() as registry:
        registry.pages[f"/ip/{ADDRESS}"] = Page(body=json.dumps(network).encode())
        host, whose = find(HOST, plan, Told(rdap=registry.url().rstrip("/")))
    assert (host, whose.kind) == (HOST, kind)


@pytest.mark.parametrize("rdap", [NOBODY, "http://127.0.0.1:1"])
def test_a_registry_that_is_not_asked_or_not_there_leaves_the_question(plan: Plan, rdap: str) -> None:
    assert find(HOST, plan, Told(rdap=rdap))[1].kind == ""


def test_with_a_token_its_project_and_id_are_found(plan: Plan, cloud: Cloud) -> None:
    host, whose = find(HOST, plan, Told("cherryservers", HERE, cloud.url))
    assert (host.server_id, whose.project, whose.token, whose.can_be_asked) == ("811287", "100200", HERE, True)


def test_at_hetzner_a_token_belongs_to_a_project(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN_OF_THE_TESTS", HETZNER_TOKEN)
    with HetznerCloud() as hetzner:
        public = {"ipv4": {"ip": ADDRESS, "blocked": False}, "ipv6": None}
        hetzner.listed = [hetzner_server(7, public_net=public)]
        host, whose = find(HOST, plan, Told("hetzner", HERE, hetzner.url))
    assert (host.server_id, whose.project, whose.can_be_asked) == ("7", None, True)


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (Fault(status=401), "refuses the token"),
        (Fault(status=302, headers={"Location": "http://elsewhere.example/"}), "not followed"),
        (Fault(truncate=True), "broke off"),
        (
            Fault(path="/v1/projects", rewrite={"ip_addresses": []}),
            f"no server that the token sees has the address {ADDRESS}",
        ),
    ],
)
def test_what_the_provider_does_not_tell_stays_a_comment(
    plan: Plan, cloud: Cloud, fault: Fault, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    cloud.faults(fault)
    host, whose = find(HOST, plan, Told("cherryservers", HERE, cloud.url))
    said = capsys.readouterr().err
    assert (host, whose.can_be_asked) == (HOST, False) and says in said and TOKEN not in said


def test_a_state_that_the_provider_contradicts_is_told(
    plan: Plan, cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    state(plan, "700001")
    host, whose = find(HOST, plan, Told(token=HERE, url=cloud.url))
    assert (host.server_id, whose.project) == ("700001", "100200")
    assert "server 700001, and cherryservers that its address is that of 811287 (web-1)" in capsys.readouterr().err


def test_a_wrong_call_is_known_before_anybody_is_asked() -> None:
    with pytest.raises(UsageError, match="none of cherryservers, hetzner"):
        Told("aws").check()
    with pytest.raises(ConfigError, match="NOT_SET_ANYWHERE is not set"):
        Told("hetzner", SecretRef(env="NOT_SET_ANYWHERE")).check()

"""The fake provider's documents have the shapes that CherryServers' official clients read."""

from __future__ import annotations

from typing import Any

import pytest

from outlive.lab.provider import api
from outlive.lab.provider.documents import PROJECT_ID, TEAM_ID, Key, Knowledge, Server
from outlive.lab.provider.faults import Fault, take

PUBLIC = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKZyC0fYJkVnQmMNxWZ8dGgBrnkYVpNIiUU0WUXBqsNU somebody"
KNOWN = Knowledge(
    servers=[
        Server(700101, "web-1", "203.0.113.9", "2026-01-02T03:04:05Z", ssh_keys=[13001]),
        Server(700102, "preview", "203.0.113.10", "2026-01-02T03:04:05Z", state="inactive", power="off"),
    ],
    keys=[Key(13001, "shop-keeper", PUBLIC, "2026-01-01T00:00:00Z")],
)


def ask(path: str, **query: str) -> Any:
    answer = api.get(path, query, KNOWN)
    assert answer.status == 200, answer.body
    return answer.body


def test_a_server_is_told_in_full() -> None:
    [web, _] = ask(f"projects/{PROJECT_ID}/servers")
    assert (web["id"], web["hostname"], web["state"], web["status"]) == (700101, "web-1", "active", "deployed")
    assert [(ip["address"], ip["type"]) for ip in web["ip_addresses"]] == [("203.0.113.9", "primary-ip")]
    assert web["ssh_keys"][0]["id"] == 13001 and web["created_at"].endswith("Z")
    assert web["deployed_image"]["slug"] and web["termination_date"] == "None"
    assert ask("servers/700101") == web


def test_power_is_shown_to_those_who_ask() -> None:
    assert "power" not in ask("servers/700102")
    assert ask("servers/700102", fields="power") == {"id": 700102, "power": "off"}
    assert ask("servers/700102", fields="all,power")["power"] == "off"


def test_lists_are_searched_and_paged() -> None:
    servers = f"projects/{PROJECT_ID}/servers"
    assert [one["id"] for one in ask(servers, search="203.0.113.10")] == [700102]
    assert [one["id"] for one in ask(servers, search="web")] == [700101]
    page = api.get(servers, {"limit": "1", "offset": "1"}, KNOWN)
    assert [one["id"] for one in page.body] == [700102] and page.headers["X-Total-Count"] == "2"


def test_addresses_lead_to_their_servers() -> None:
    [first, _] = ask(f"projects/{PROJECT_ID}/ips")
    assert first["assigned_to"]["id"] == first["targeted_to"]["id"] == 700101
    assert ask(f"ips/{first['id']}") == first


def test_keys_have_the_fingerprint_that_openssh_prints() -> None:
    [key] = ask("ssh-keys")
    assert key["fingerprint"] == "bc:34:71:f9:4d:6c:0a:03:28:de:90:b6:57:39:73:39"  # ssh-keygen -l -E md5
    assert ask("servers/700101/ssh-keys") == [key] == [ask("ssh-keys/13001")]


def test_the_team_says_how_long_its_credit_lasts() -> None:
    [team] = ask("teams")
    assert team["credit"]["resources"]["remaining"] == {"time": 6586, "unit": "Hourly"}
    assert ask(f"teams/{TEAM_ID}") == team and ask(f"teams/{TEAM_ID}/projects")[0]["id"] == PROJECT_ID


@pytest.mark.parametrize("path", ["servers/1", "projects/1/servers", "ips/nothing", "teams/1", "", "../teams"])
def test_what_is_not_there_is_worded_as_the_api_does(path: str) -> None:
    assert api.get(path, {}, KNOWN) == api.Answer(404, {"code": 404, "message": "Not found."})


def test_a_fault_happens_as_often_as_it_was_told() -> None:
    faults = [Fault(path="/v1/servers", times=2, status=503), Fault(path="/v1/", drop=True)]
    assert take(faults, "GET", "/v1/teams") == Fault(path="/v1/", drop=True, times=0)
    assert [bool(take(faults, "GET", "/v1/servers/1")) for _ in range(3)] == [True, True, False]
    assert take([Fault(times=9)], "POST", "/v1/servers/1/actions") is None

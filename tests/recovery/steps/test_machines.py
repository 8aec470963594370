"""The steps `create-machine` and `quarantine`, at a CherryServers and a Hetzner that bite."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization

from outlive.errors import ConfigError, Refused, UsageError
from outlive.lab.provider.documents import Server
from outlive.recovery.steps.base import Done, Inputs, NotYet, Unknown, World
from outlive.recovery.steps.create_machine import CreateMachine
from outlive.recovery.steps.quarantine import Quarantine
from outlive.transport import hostkey
from outlive.transport.net import NoAnswer
from tests.recovery.steps.carrying import carry, inputs, looked, world
from tests.world import hetzner
from tests.world.biting import Bite
from tests.world.cloud import CREATED
from tests.world.makers import CherryApi, HetznerApi, MakerApi

CREATE, QUARANTINE = CreateMachine(), Quarantine()
ARGS = {"provider": "cloud", "plan": "cloud_vps_1", "region": "eu_nord_1", "image": "debian_12_64bit"}
ARGS |= {"ssh_keys": ["13247"]}  # type: ignore[dict-item]

pytestmark = [pytest.mark.slow, pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="wants ssh-keygen")]


def old(api: MakerApi) -> None:
    """The host that is recovered, and another."""
    if isinstance(api, CherryApi):
        api.known += [Server(700101, "web-1", "203.0.113.9", CREATED), Server(700102, "db-1", "203.0.113.10", CREATED)]
    else:
        assert isinstance(api, HetznerApi)
        public = {"ipv4": {"ip": "203.0.113.9"}, "ipv6": None}
        api.known += [hetzner.server(700101, name="web-1", public_net=public), hetzner.server(700102)]


@pytest.fixture(params=[CherryApi, HetznerApi], ids=["cherry", "hetzner"])
def api(request: pytest.FixtureRequest) -> Iterator[MakerApi]:
    with request.param() as made:
        old(made)
        yield made


@pytest.fixture
def here(api: Any, tmp_path: Path) -> World:
    (tmp_path / "more.toml").write_text(api.provider)
    return world(tmp_path, new="")


def test_a_machine_is_made_whose_key_we_know_beforehand(api: Any, here: World) -> None:
    done = carry(CREATE, here, ARGS)
    assert len(api.ordered) == 1
    assert done.facts["made_address"] == "198.51.100.1" and done.facts["hostname"].startswith("web-1-")
    told = json.loads(api.user_data().removeprefix("#cloud-config\n"))
    private = serialization.load_ssh_private_key(told["ssh_keys"]["ed25519_private"].encode(), None)
    public = private.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    assert public.decode() == told["ssh_keys"]["ed25519_public"] and told["ssh_deletekeys"] is True
    (line,) = (here.folder / "known_hosts").read_text().splitlines()
    assert line == f"198.51.100.1 {public.decode()}"
    assert done.facts["host_key"] == hostkey.fingerprint(line)
    assert isinstance(looked(CREATE, here, ARGS), Done)


def test_the_private_key_is_in_no_fact_and_no_note(api: Any, here: World) -> None:
    carry(CREATE, here, ARGS)
    texts = {path.name: path.read_text() for path in here.folder.iterdir() if path.name != "token"}
    assert [name for name, text in texts.items() if "PRIVATE KEY" in text] == ["new_host_key"]
    assert (here.folder / "new_host_key").stat().st_mode & 0o077 == 0


def test_an_address_that_was_another_machines_gets_the_new_key_alone(api: Any, here: World) -> None:
    """As in the outage: the provider gave the old address again."""
    (here.folder / "known_hosts").write_text(
        "198.51.100.1 ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA==\nother ssh-ed25519 A\n"
    )
    carry(CREATE, here, ARGS)
    lines = (here.folder / "known_hosts").read_text().splitlines()
    assert len([line for line in lines if line.startswith("198.51.100.1 ")]) == 1 and "other ssh-ed25519 A" in lines


@pytest.mark.parametrize("late", [0, 4])
@pytest.mark.parametrize("kind", ["429", "lost"])
def test_no_second_server_is_bought(api: Any, here: World, kind: str, late: int) -> None:
    api.late, api.slow = late, 2
    api.bites = [Bite(kind, "POST"), Bite("500", "GET", "servers"), Bite("cut", "GET", "servers")]
    carry(CREATE, here, ARGS)
    assert len(api.ordered) == 1


@pytest.mark.parametrize("kind", ["500", "cut"])
def test_what_was_not_made_is_ordered_again_when_that_is_certain(api: Any, here: World, kind: str) -> None:
    api.bites = [Bite(kind, "POST")]
    with pytest.raises(AssertionError, match="not listed yet"):
        carry(CREATE, here, ARGS, rounds=15)
    assert api.ordered == []
    carry(CREATE, here, ARGS)
    assert len(api.ordered) == 1


def test_two_of_our_name_are_for_a_person(here: World, api: Any) -> None:
    carry(CREATE, here, ARGS)
    if isinstance(api, CherryApi):
        twin = api.known[-1]
        api.known.append(Server(999, twin.hostname, "198.51.100.99", CREATED))
        with pytest.raises(NoAnswer, match="2 servers"):
            CREATE.look(here, inputs(ARGS))


def test_undo_switches_it_off_and_keeps_it(api: Any, here: World) -> None:
    CREATE.undo(here, inputs(ARGS))
    assert api.switched == []
    done = carry(CREATE, here, ARGS)
    CREATE.undo(here, inputs(ARGS))
    assert [identity for identity, _ in api.switched] == [done.facts["server_id"]]


def given(step_args: dict[str, Any], facts: dict[str, Any], *begun: str) -> Inputs:
    return Inputs("run-1", "it", step_args, {"it": facts}, frozenset(begun))


def test_it_is_given_back_when_it_was_named_by_all_its_names(api: Any, here: World) -> None:
    done = carry(CREATE, here, ARGS)
    names = [done.facts[key] for key in ("server_id", "made_address", "hostname")]
    before = len(api.known)
    for wrong in (["700101", "203.0.113.9", "web-1"], [names[0], names[1], "web-1"]):
        with pytest.raises(Refused, match="named"):
            CREATE.undo(here, given(ARGS | {"named": wrong}, dict(done.facts)))
    assert (api.deleted, len(api.known)) == ([], before)
    said = CREATE.undo(here, given(ARGS | {"named": names}, dict(done.facts)))
    assert api.deleted == [names[0]] and "given back" in said and api.switched == []
    assert "no server" in CREATE.undo(here, given(ARGS | {"named": names}, dict(done.facts))), (
        "again, after a lost answer"
    )
    assert api.deleted == [names[0]]


def test_what_may_hold_more_than_the_vault_is_kept(api: Any, here: World) -> None:
    """It does not answer here, so that it was not seen either."""
    done = carry(CREATE, here, ARGS)
    names = [done.facts[key] for key in ("server_id", "made_address", "hostname")]
    with pytest.raises(Refused, match=r"seen: .*empty: ") as caught:
        CREATE.undo(here, given(ARGS | {"named": names}, dict(done.facts), "create-machine", "machine", "start"))
    assert "--accept-loss" in caught.value.hint and api.deleted == []


def test_a_rehearsal_gives_back_what_it_made_and_nothing_else(api: Any, here: World) -> None:
    done = carry(CREATE, replace(here, rehearsal=True), ARGS)
    CREATE.undo(replace(here, rehearsal=True), given(ARGS, dict(done.facts), "evidence", "create-machine"))
    assert api.deleted == [done.facts["server_id"]] and len(api.known) == 2


def test_the_machine_that_is_recovered_is_never_given_back(api: Any, here: World) -> None:
    """Though the journal itself says that this run made it."""
    done = carry(CREATE, here, ARGS)
    names = [done.facts[key] for key in ("server_id", "made_address", "hostname")]
    lost = replace(here, host=replace(here.host, server_id=names[0]))
    with pytest.raises(Refused, match="made here"):
        CREATE.undo(lost, given(ARGS | {"named": names}, dict(done.facts)))
    assert api.deleted == []


def test_the_plan_says_what_is_ordered_and_what_it_costs(api: Any, here: World) -> None:
    machine, offer = CREATE.changes(here, inputs(ARGS))
    assert re.match(r"\+ web-1-[0-9a-f]{8}: cloud_vps_1, eu_nord_1, debian_12_64bit, SSH host key made here", machine)
    assert offer in ("+ Cloud VPS 1: 0.01815 EUR Hourly", "+ CX22: 0.0060 EUR hourly, 3.79 EUR monthly")
    assert "not told" in CREATE.changes(here, inputs(ARGS | {"plan": "none"}))[1]
    api.bites = [Bite("500", "GET", times=9)]
    assert "not told" in CREATE.changes(here, inputs(ARGS))[1]
    assert api.ordered == []


def test_a_token_that_is_not_there_is_said_with_the_plan(api: Any, here: World) -> None:
    with pytest.raises(ConfigError, match="NOT_SET"):
        CREATE.changes(here, inputs(ARGS | {"token": {"env": "NOT_SET_ANYWHERE"}}))


def test_a_wrong_runbook_is_said_before_anything_is_ordered(api: Any, here: World) -> None:
    for wrong in ({"provider": "nobody"}, {"plan": ""}, {"ssh_keys": "13247"}):
        with pytest.raises(UsageError):
            CREATE.do(here, inputs({**ARGS, **wrong}), 60)
    assert api.ordered == []


# --- quarantine --------------------------------------------------------------------------------------------------------


def test_the_old_machine_is_switched_off_and_kept(api: Any, here: World) -> None:
    assert isinstance(looked(QUARANTINE, here, ARGS), NotYet)
    done = carry(QUARANTINE, here, ARGS)
    assert done.facts["quarantined"] == "700101" and len(api.known) == 2
    assert [identity for identity, _ in api.switched] == ["700101"]
    QUARANTINE.undo(here, inputs(ARGS))
    assert isinstance(QUARANTINE.look(here, inputs(ARGS)), NotYet)


@pytest.mark.parametrize("kind", ["429", "500", "lost", "cut"])
def test_it_is_off_whatever_bites(api: Any, here: World, kind: str) -> None:
    api.bites = [Bite(kind, "POST"), Bite(kind, "GET")]
    carry(QUARANTINE, here, ARGS)
    assert {identity for identity, _ in api.switched} == {"700101"}


def test_the_machine_that_we_recovered_to_is_never_switched_off(api: Any, tmp_path: Path) -> None:
    (tmp_path / "more.toml").write_text(api.provider)
    here = world(tmp_path, new="ssh://root@203.0.113.9")
    assert isinstance(QUARANTINE.look(here, inputs(ARGS)), Unknown)
    QUARANTINE.do(here, inputs(ARGS), 60)
    assert api.switched == []


def test_the_plan_says_which_machine_is_switched_off(api: Any, here: World) -> None:
    before, after = QUARANTINE.changes(here, inputs(ARGS))
    assert before in ("- web-1 (id 700101, 203.0.113.9) is on", "- web-1 (id 700101, 203.0.113.9) is running")
    assert after == "+ off" and api.switched == []
    assert "0 servers" in QUARANTINE.changes(here, inputs(ARGS | {"server_id": "1"}))[0]


def test_a_machine_that_nobody_lists_is_for_a_person(api: Any, here: World) -> None:
    seen = QUARANTINE.look(here, inputs({**ARGS, "server_id": "1"}))
    assert isinstance(seen, Unknown) and "0 servers" in seen.why

"""The steps `create-machine` and `quarantine`, at a CherryServers and a Hetzner that bite."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization

from outlive.errors import UsageError
from outlive.lab.provider.documents import Server
from outlive.recovery.steps.base import Done, NotYet, Unknown, World
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

pytestmark = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="wants ssh-keygen")


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


def test_a_machine_that_nobody_lists_is_for_a_person(api: Any, here: World) -> None:
    seen = QUARANTINE.look(here, inputs({**ARGS, "server_id": "1"}))
    assert isinstance(seen, Unknown) and "0 servers" in seen.why

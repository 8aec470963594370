"""The steps `create-volume` and `attach-volume`, at a Hetzner that bites; and at a CherryServers that has none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from outlive.errors import UsageError
from outlive.recovery.steps.attach_volume import AttachVolume
from outlive.recovery.steps.base import Done, NotYet, Unknown, World
from outlive.recovery.steps.create_volume import CreateVolume
from outlive.transport.net import NoAnswer
from tests.recovery.steps.carrying import carry, inputs, looked, taken_back, world
from tests.recovery.steps.test_machines import old
from tests.world.biting import Bite
from tests.world.hetzner_volumes import HetznerVolumesApi
from tests.world.makers import CherryApi

CREATE, ATTACH = CreateVolume(), AttachVolume()
ARGS = {"provider": "cloud", "asset": "uploads", "gigabytes": 20}
PLUG = {"provider": "cloud", "asset": "uploads", "volume": "4901"}


def there(api: HetznerVolumesApi, **more: Any) -> dict[str, Any]:
    """A volume that nobody has plugged in."""
    made = {"id": 4901, "name": "mine", "size": 20, "status": "available", "server": None}
    made |= {"linux_device": "/dev/disk/by-id/scsi-0HC_Volume_4901", "protection": {"delete": True}}
    api.volumes.append(made | {"location": {"id": 1, "name": "fsn1"}} | more)
    return api.volumes[-1]


@pytest.fixture
def api() -> Iterator[HetznerVolumesApi]:
    with HetznerVolumesApi() as made:
        old(made)
        yield made


@pytest.fixture
def here(api: HetznerVolumesApi, tmp_path: Path) -> World:
    (tmp_path / "more.toml").write_text(api.provider)
    made = world(tmp_path, new="")
    return replace(made, new=made.host)  # it is worked on the host itself


def test_a_volume_is_made_blank_beside_its_machine_and_protected(api: HetznerVolumesApi, here: World) -> None:
    done = carry(CREATE, here, ARGS)
    (bought,) = api.bought
    assert bought["server"] == 700101 and "format" not in bought and bought["automount"] is False
    assert done.facts["volume_name"].startswith("web-1-uploads-") and done.facts["volume_gigabytes"] == 20
    assert done.facts["volume_device"] == "/dev/disk/by-id/scsi-0HC_Volume_4901"
    assert api.volumes[0]["protection"] == {"delete": True}
    assert isinstance(looked(CREATE, here, ARGS), Done)


@pytest.mark.parametrize("late", [0, 4])
@pytest.mark.parametrize("kind", ["429", "lost"])
def test_no_second_volume_is_bought(api: HetznerVolumesApi, here: World, kind: str, late: int) -> None:
    api.late, api.slow = late, 2
    api.bites = [Bite(kind, "POST"), Bite("500", "GET", "volumes"), Bite("cut", "GET", "volumes")]
    carry(CREATE, here, ARGS)
    assert len(api.bought) == len(api.volumes) == 1


@pytest.mark.parametrize("kind", ["500", "cut"])
def test_what_was_not_made_is_ordered_again_when_that_is_certain(
    api: HetznerVolumesApi, here: World, kind: str
) -> None:
    api.bites = [Bite(kind, "POST")]
    with pytest.raises(AssertionError, match="not listed yet"):
        carry(CREATE, here, ARGS, rounds=15)
    assert api.bought == []
    carry(CREATE, here, ARGS)
    assert len(api.bought) == 1


def test_undo_keeps_it_and_says_that_it_costs(api: HetznerVolumesApi, here: World) -> None:
    assert "no volume" in CREATE.undo(here, inputs(ARGS))
    carry(CREATE, here, ARGS)
    carry(ATTACH, here, {"provider": "cloud"}, {"volume_id": "4901"}), (here.folder / "facts.json").unlink()
    assert "detached and kept" in CREATE.undo(here, inputs(ARGS)) and len(api.volumes) == 1
    assert api.volumes[0]["server"] is None and api.plugged == [("4901", "detach")]


def test_the_plan_says_what_it_costs(api: HetznerVolumesApi, here: World) -> None:
    assert "20 GB at cloud" in CREATE.plan(here, inputs(ARGS)) and "costs money" in CREATE.plan(here, inputs(ARGS))
    assert CREATE.changes(here, inputs(ARGS))[1] == "+ 20 GB: 0.0440 EUR a GB and month, 0.88 EUR monthly"
    api.bites = [Bite("500", "GET", times=9)]
    assert "not told" in CREATE.changes(here, inputs(ARGS))[1] and api.bought == []


@pytest.mark.parametrize("wrong", ["20", 9, 10241, True, None])
def test_a_size_that_is_none_is_said_with_the_plan(here: World, wrong: Any) -> None:
    with pytest.raises(UsageError, match="10 to 10240"):
        CREATE.plan(here, inputs(ARGS | {"gigabytes": wrong}))


def test_cherryservers_has_none_for_a_vps_and_it_is_said_why(tmp_path: Path) -> None:
    with CherryApi() as api:
        (tmp_path / "more.toml").write_text(api.provider)
        for step in (CREATE, ATTACH):
            with pytest.raises(UsageError, match="dedicated servers in EU-Nord-1 only") as caught:
                step.plan(world(tmp_path), inputs(ARGS))
            assert "vault" in caught.value.hint and "move-postgres" in caught.value.hint
        assert api.heard == []


def test_a_volume_is_attached_once_and_detached_again(api: HetznerVolumesApi, here: World) -> None:
    volume = there(api)
    api.slow = 3
    done = carry(ATTACH, here, PLUG)
    assert done.facts["attached_to"] == "700101" and volume["server"] == 700101
    assert api.plugged == [("4901", "attach 700101")]
    taken_back(ATTACH, here, PLUG)
    assert volume["server"] is None and api.plugged[1:] == [("4901", "detach")] and len(api.volumes) == 1


@pytest.mark.parametrize("kind", ["429", "500", "lost", "cut"])
def test_it_is_attached_whatever_bites(api: HetznerVolumesApi, here: World, kind: str) -> None:
    volume = there(api)
    api.bites = [Bite(kind, "POST"), Bite(kind, "GET", "volumes")]
    carry(ATTACH, here, PLUG)
    assert volume["server"] == 700101 and len(api.plugged) == 1


def test_an_action_that_failed_is_asked_for_again_when_that_is_certain(api: HetznerVolumesApi, here: World) -> None:
    volume, api.refuses = there(api), 1
    carry(ATTACH, here, PLUG)
    assert volume["server"] == 700101 and len(api.plugged) == 2


def test_it_is_never_taken_away_from_another_machine(api: HetznerVolumesApi, here: World) -> None:
    there(api, server=700102)
    seen = ATTACH.look(here, inputs(PLUG))
    assert isinstance(seen, Unknown) and "700102" in seen.why
    ATTACH.do(here, inputs(PLUG), 60)
    assert "attached nothing" in ATTACH.undo(here, inputs(PLUG)) and api.plugged == []


def test_one_that_this_run_did_not_attach_stays_where_it_is(api: HetznerVolumesApi, here: World) -> None:
    there(api, server=700101)
    assert isinstance(ATTACH.look(here, inputs(PLUG)), Done)
    assert "attached nothing" in ATTACH.undo(here, inputs(PLUG)) and api.plugged == []


def test_what_is_told_of_another_device_is_no_answer(api: HetznerVolumesApi, here: World) -> None:
    """Nothing may be written to a device that is not the volume's own by its id."""
    there(api, linux_device="/dev/sda")
    with pytest.raises(NoAnswer, match="not its name"):
        ATTACH.look(here, inputs(PLUG))


def test_which_server_it_is_must_be_certain(api: HetznerVolumesApi, here: World) -> None:
    there(api)
    lost = replace(here, host=replace(here.host, server_id="1"))
    with pytest.raises(NoAnswer, match="0 servers"):
        ATTACH.look(lost, inputs(PLUG))
    assert isinstance(ATTACH.look(replace(here, host=replace(here.host, server_id=None)), inputs(PLUG)), NotYet)

"""Schedules and namespaces of a real Temporal server: exported over SSH, drilled, and brought back into an empty one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from outlive.backup.copies import catalog
from outlive.backup.drill.drill import DrillPlan, drill
from outlive.backup.restore.restore_temporal import read_export
from outlive.cli import main
from outlive.clock import SystemClock
from outlive.commands.ssh import SshPaths
from outlive.commands.temporal import HELD
from outlive.commands.temporal_compare import compare
from outlive.errors import TemporalUnreachable
from outlive.lab.ground.process import free_port, wait_until
from outlive.model.asset import TemporalAsset
from outlive.model.host import Host
from outlive.recovery.steps.base import Inputs, World
from outlive.recovery.steps.registry import STEPS
from outlive.sources.temporal import TemporalSource
from outlive.transport.local import LocalShell
from outlive.transport.ssh import SshShell
from outlive.transport.temporal import AddressWay, HostWay
from outlive.vault.encryption import read_identities
from tests.cli.home import Home
from tests.conftest import lend
from tests.hand_restore.by_hand import Kept, keep
from tests.recovery.steps.carrying import carry, inputs, world
from tests.world.sshd import SshServer
from tests.world.temporal import TemporalServer

pytestmark = pytest.mark.slow
IN_SHOP = ("-n", "shop", "--task-queue", "q", "--workflow-id", "w")


@pytest.fixture(scope="module")
def production() -> Iterator[TemporalServer]:
    """With a namespace, a search attribute, and three schedules of which one is paused."""
    for server in lend("temporal", TemporalServer()):
        words = ("--retention", "72h", "--description", "the shop", "--data", "team=a")
        server.say("operator", "namespace", "create", "-n", "shop", *words)
        server.say("operator", "search-attribute", "create", "-n", "shop", "--name", "Customer", "--type", "Keyword")
        wait_until(partial(_made, server), "the namespace and its attribute to be known", seconds=120, every=1)
        server.say(
            "schedule", "create", *IN_SHOP, "-s", "hourly", "--interval", "1h/15m", "--type", "Sweep", "--paused"
        )
        server.say(
            "schedule",
            "create",
            "-n",
            "default",
            "--task-queue",
            "q",
            "-s",
            "weekly",
            "--type",
            "T",
            "--cron",
            "0 3 * * 1",
        )
        yield server


def _made(server: TemporalServer) -> bool:
    try:
        server.say(
            "schedule", "create", *IN_SHOP, "-s", "nightly", "--cron", "0 3 * * *", "--type", "Bill", "--notes", "mine",
            "--input", '{"card": "4711"}', "--schedule-memo", 'who="ops"', "--schedule-search-attribute", 'Customer="acme"',
            "--overlap-policy", "BufferOne", "--catchup-window", "10m",
        )  # fmt: skip
    except AssertionError:
        return False
    return True


@pytest.fixture(scope="module")
def empty() -> Iterator[TemporalServer]:
    yield from lend("temporal", TemporalServer())


@pytest.fixture(scope="module")
def kept(production: TemporalServer, ssh_server: SshServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    """A copy taken over SSH."""
    host = Host(name="web-1", address=f"ssh://{ssh_server.address}", ssh_config=str(ssh_server.config))
    shell = SshShell(host, SshPaths(ssh_server.known_hosts, Path(f"/tmp/ot-{production.port}")))
    asset = TemporalAsset(name="schedules", host="web-1", port=production.port)
    wait_until(lambda: _listed(production) == 3, "the list of schedules to know them all", seconds=120, every=0.5)
    source = TemporalSource(HostWay(shell, asset.port), SystemClock())
    yield keep(asset, source, tmp_path_factory.mktemp("kept"))
    shell.close()


def _listed(server: TemporalServer) -> int:
    return sum(
        len(json.loads(server.say("schedule", "list", "-n", name, "-o", "json"))) for name in ("default", "shop")
    )


@pytest.fixture
def home(kept: Kept, production: TemporalServer, tmp_path: Path) -> Home:
    """A keeper's folder over the vault of that copy."""
    made = Home(tmp_path / "home")
    asset = f'[[assets]]\nname = "schedules"\nkind = "temporal"\naddress = "{production.address}"\n'
    made.write(asset, vault=f'url = "{kept.vault.root}"')
    (made.folder / "drill.key").write_bytes(kept.keys.drill_identity.read_bytes())
    return made


def test_a_copy_holds_every_schedule_and_its_drill_is_green(kept: Kept, tmp_path: Path) -> None:
    keys = read_identities(kept.keys.drill_identity)
    export = read_export(kept.vault, kept.manifest, keys)
    assert {one.name: [each.id for each in one.schedules] for one in export.namespaces} == {
        "default": ["weekly"],
        "shop": ["hourly", "nightly"],
    }
    assert kept.manifest.source["schedules"] == 3 and not kept.manifest.warnings
    assert kept.manifest.lineage.startswith("temporal-")
    text = json.dumps({"source": kept.manifest.source, "streams": [one.name for one in kept.manifest.streams]})
    assert not any(word in text for word in ("nightly", "shop", "Customer"))  # the manifest is in clear
    drilled = drill(
        catalog.find(kept.vault, kept.manifest.id), DrillPlan(kept.vault, keys, tmp_path, SystemClock())
    ).record
    assert drilled.ok and [one.name for one in drilled.checks] == ["read", "schedules", "understood"]
    assert all(one.ok for one in drilled.checks)


def test_into_an_empty_server_paused_and_then_running(
    kept: Kept, home: Home, empty: TemporalServer, capsys: pytest.CaptureFixture[str]
) -> None:
    def say(*words: str, code: int) -> str:
        done = main.run(home.argv("temporal", *words, "--to", empty.address))
        said = capsys.readouterr()
        assert done == code, said
        return said.out + said.err

    asked = say("restore", "schedules", code=2)
    assert "shop: the namespace is missing" in asked and "--yes" in asked
    said = say("restore", "schedules", "--yes", code=0)
    assert "shop/nightly: made, paused" in said and "2 schedules wait paused" in said  # `hourly` was paused anyhow
    state = empty.schedule("shop", "nightly")["schedule"]["state"]
    assert state["paused"] and state["notes"] == f"{HELD}mine"
    assert "There is nothing to be made." in say("restore", "schedules", "--yes", code=0)
    say("restore", "schedules", "--run", "--yes", code=0)
    same = json.loads(say("diff", "schedules", "--json", code=0).partition("\n}\n")[0] + "}")
    assert (same["differences"], same["same"]) == ([], 3)

    empty.say("schedule", "update", "-s", "nightly", "--interval", "5m", "--type", "Bill", *IN_SHOP)
    empty.say("schedule", "create", "-s", "new", "--interval", "1h", "--type", "Bill", "--paused", *IN_SHOP)
    left = say("restore", "schedules", "--yes", code=1)
    assert "--update" in left and "shop/nightly: spec.interval is" in left and "4711" not in left
    say("restore", "schedules", "--yes", "--update", "--run", code=0)
    with AddressWay(empty.address).open() as door:
        found = door.export()
    seen = compare(read_export(kept.vault, kept.manifest, read_identities(kept.keys.drill_identity)), found)
    assert [str(one) for one in seen.differences] == ["shop/new: is not in the export"]  # nothing is deleted


def test_who_does_not_answer_is_no_data() -> None:
    with pytest.raises(TemporalUnreachable, match=r"127\.0\.0\.1"):
        TemporalSource(HostWay(LocalShell("web-1"), free_port()), SystemClock()).identify()
    with pytest.raises(TemporalUnreachable, match="no running container"):
        TemporalSource(HostWay(LocalShell("web-1"), 7233, "no/such"), SystemClock()).identify()


def recovering(kept: Kept, folder: Path, port: int) -> World:
    """A recovery of the server at that port."""
    folder.mkdir()
    asset = f'[[assets]]\nname = "schedules"\nkind = "temporal"\nhost = "web-1"\nport = {port}\n'
    (folder / "more.toml").write_text(asset)
    keys = read_identities(kept.keys.drill_identity)
    return replace(world(folder), vault=kept.vault, identities=keys, shell=lambda one: LocalShell(one.name))


def test_a_recovery_names_what_differs_and_goes_on_without_an_answer(
    kept: Kept, production: TemporalServer, tmp_path: Path
) -> None:
    args = {"asset": "schedules", "copy": kept.manifest.id}
    assert kept.manifest.id in STEPS["schedules"].plan(recovering(kept, tmp_path / "plan", 1), inputs(args))
    done = carry(STEPS["schedules"], recovering(kept, tmp_path / "answers", production.port), args)
    assert done.facts["differences"] == [] and done.facts["said"].startswith("3 of 3 schedules")
    deaf = STEPS["schedules"].do(recovering(kept, tmp_path / "deaf", free_port()), inputs(args), 0.0)
    assert deaf and deaf["differences"] is None and deaf["said"].startswith("NOT CHECKED")
    locked = replace(recovering(kept, tmp_path / "locked", 2), identities=())
    told = STEPS["schedules"].do(locked, inputs(args), 60.0)
    assert told and told["said"].startswith("NOT CHECKED: None of the given keys")


def test_what_a_run_has_paused_runs_again_once_the_old_machine_is_off_and_waits_again_when_it_is_taken_back(
    kept: Kept, production: TemporalServer, tmp_path: Path
) -> None:
    def paused(namespace: str, id: str) -> bool:
        return bool(production.schedule(namespace, id)["schedule"]["state"].get("paused"))

    step, there = STEPS["release-schedules"], recovering(kept, tmp_path / "run", production.port)
    with AddressWay(production.address).open() as door:
        door.hold("shop", "nightly")
        door.hold("shop", "no-such")
    wait_until(lambda: paused("shop", "nightly"), "the pause", seconds=60, every=0.2)
    held = {"held_schedules_of": "schedules", "held": ["shop/nightly", "shop/hourly"]}
    known = {"schedules wait": held, "off": {"quarantined": "700101"}}
    done = step.do(there, Inputs("run-1", "it", {"asset": "schedules"}, known), 60.0)
    assert done and not paused("shop", "nightly") and paused("shop", "hourly"), "a person has paused that one"
    back = Inputs("run-1", "it", {"asset": "schedules"}, known | {"it": done})
    assert step.undo(there, back) == "2 schedules wait paused again" and paused("shop", "nightly")
    with AddressWay(production.address).open() as door:
        door.release("shop", "nightly")

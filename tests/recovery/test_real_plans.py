"""`plan-guard` and the witnesses of plans with the real OpenTofu and Terraform, scene by scene: what happened to the server
is done to it through a provider that behaves as the real one, and what is said of it is exact."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest

from outlive.cli.main import run
from outlive.clock import SystemClock
from outlive.commands.tofu_state import read_state
from outlive.config.schema_watch import ProviderSettings, TofuSettings
from outlive.lab.provider.faults import Fault
from outlive.model.observation import Observation
from outlive.model.verdict import Name
from outlive.recovery.gate import Circumstances, Target, gate
from outlive.watch import drift, project_sight
from outlive.witnesses.provider import Claim, ProviderWitness
from outlive.witnesses.tofu_plan import TofuPlanWitness
from outlive.witnesses.tofu_state import TofuStateWitness
from tests.world import tofu
from tests.world.infrastructure import FIRST_ADDRESS, FIRST_ID, SERVER, Infrastructure
from tests.world.need import need

pytestmark = pytest.mark.slow
CLOCK = SystemClock()
Guarded = Callable[..., tuple[int, list[tuple[str, str]], str]]
Test = TypeVar("Test", bound=Callable[..., None])
PREVIEW = ("-var=environment=preview", "-var=key=17")


def terraform_too(test: Test) -> Test:
    """Also with Terraform, whose answers here are the same: not everything is worth its seconds twice."""
    test.terraform_too = True  # type: ignore[attr-defined]
    return test


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    programs = [tofu.opentofu, *([tofu.terraform] if hasattr(metafunc.function, "terraform_too") else [])]
    metafunc.parametrize("made", programs, indirect=True, scope="module", ids=lambda program: program.__name__)


@pytest.fixture(scope="module")
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Infrastructure]:
    program = need("tofu", request.param)
    need("tofu", tofu.framework)
    infrastructure = Infrastructure(tmp_path_factory.mktemp("infrastructure"), program)
    with infrastructure:
        yield infrastructure


@pytest.fixture
def infra(made: Infrastructure) -> Infrastructure:
    made.restore()
    return made


@pytest.fixture
def guarded(infra: Infrastructure, capsys: pytest.CaptureFixture[str]) -> Guarded:
    """Plans with these words and asks `outlive plan-guard`: its exit code, what it refuses, and all it said."""

    def ask(*words: str, status: int = 2) -> tuple[int, list[tuple[str, str]], str]:
        code = run(["plan-guard", str(infra.planned(*words, status=status)), "--json"])
        said = capsys.readouterr().out
        return code, [(one["address"], one["action"]) for one in json.loads(said)["reasons"]], said

    return ask


def looked(infra: Infrastructure, workspace: str = "production", seconds: float = 60.0) -> Observation:
    witness = TofuPlanWitness("infra", infra.folder, str(infra.program), workspace, CLOCK, seconds)
    (seen,) = asyncio.run(witness.look())
    return seen


def found(seen: Observation) -> dict[str, bool]:
    """What is told of a plan; True: as an alarm."""
    settings = TofuSettings(name="infra", folder=Path("infra"))
    return {one.value["what"]: one.value["alarm"] for one in drift.found_in(settings, [seen], CLOCK.now())}


@terraform_too
def test_nothing_changed(infra: Infrastructure, guarded: Guarded) -> None:
    assert guarded(status=0)[:2] == (0, [])
    seen = looked(infra)
    assert seen.error is None and seen.value["exit_code"] == 0 and found(seen) == {}
    assert infra.changes.did == [], "a look changes nothing"


@terraform_too
def test_another_address_is_drift_though_nothing_is_to_be_done(infra: Infrastructure, guarded: Guarded) -> None:
    infra.cloud.provider.known.servers[0].address = "198.51.100.38"
    infra.cloud.provider.known.servers[0].power = "off"
    seen = looked(infra)
    assert seen.value["exit_code"] == 2
    assert found(seen) == {
        f"{SERVER}.ip_addresses changed behind OpenTofu's back: ['{FIRST_ADDRESS}'] -> ['198.51.100.38']": True,
        f"{SERVER}.power_state changed behind OpenTofu's back: on -> off": True,
        "the output vm_host is another than in the state": False,
    }
    assert guarded()[:2] == (0, []), "there is an output to be changed, and no data is lost by it"


def test_a_server_that_is_gone_is_an_alarm(infra: Infrastructure) -> None:
    infra.cloud.provider.known.servers.clear()
    assert found(looked(infra))[f"{SERVER} is gone from the provider"] is True


def test_a_wiped_disk_leaves_no_trace_in_any_plan(infra: Infrastructure) -> None:
    infra.changes(
        "POST",
        f"servers/{FIRST_ID}/actions",
        {"type": "reinstall", "password": "x", "ssh_keys": ["13247"]},
        infra.cloud.provider.known,
    )
    assert found(looked(infra)) == {}


@terraform_too
@pytest.mark.parametrize(
    "fault", [Fault(path="/v1/servers", status=500, times=99), Fault(path="/v1/servers", drop=True, times=99)]
)
def test_a_plan_that_fails_is_no_data(infra: Infrastructure, fault: Fault) -> None:
    infra.cloud.faults(fault)
    seen = looked(infra)
    assert seen.error == "plan_failed" and "the plan itself failed (exit 1)" in seen.value["why"]
    assert found(seen) == {}
    infra.run("plan", "-detailed-exitcode", "-input=false", "-out=plan", status=1)


def test_a_provider_that_hangs_is_no_data(infra: Infrastructure) -> None:
    infra.cloud.faults(Fault(path="/v1/servers", delay_seconds=3.0))
    seen = looked(infra, seconds=1.0)
    assert seen.error == "timeout" and seen.value["why"] == "the plan did not end within 1 s"


@terraform_too
def test_another_workspace_is_selected(infra: Infrastructure) -> None:
    (infra.folder / ".terraform/environment").write_text("preview")
    seen = looked(infra)
    assert seen.error == "workspace"
    assert seen.value["why"] == "the workspace is 'preview', and should be 'production'"


@terraform_too
def test_the_variables_of_another_environment_would_wipe_the_server(infra: Infrastructure, guarded: Guarded) -> None:
    """24 minutes after they had done it, the people of the outage wrote themselves a note to prevent it."""
    code, refused, said = guarded(*PREVIEW)
    assert (code, refused) == (4, [("var.environment", "workspace"), (SERVER, "reinstall")])
    assert f"ssh_key_ids reinstalls id {FIRST_ID}, production-app, at {FIRST_ADDRESS}" in said
    assert "not-to-be-printed" not in said
    assert "0 to destroy" in infra.said
    infra.run("apply", "-auto-approve", *PREVIEW)
    assert infra.changes.did == [f"PUT servers/{FIRST_ID}", f"POST servers/{FIRST_ID}/actions reinstall"]
    assert found(looked(infra)) == {}, "and afterwards no plan shows it"


@pytest.mark.parametrize(
    ("words", "refused"),
    [
        (("-var=image=fedora_41_64bit",), [(SERVER, "reinstall")]),
        (("-var=image=fedora_41_64bit", "-var=reinstall=false"), []),
        (("-var=plan=cloud_vps_2",), [(SERVER, "replace")]),
        ((f"-replace={SERVER}",), [(SERVER, "replace")]),
        (("-destroy",), [(SERVER, "delete")]),
    ],
    ids=["another image", "no reinstall allowed", "another plan", "replace", "destroy"],
)
def test_what_would_lose_data_is_refused(
    guarded: Guarded, words: tuple[str, ...], refused: list[tuple[str, str]]
) -> None:
    assert guarded(*words)[:2] == (4 if refused else 0, refused)


@terraform_too
def test_taint_and_apply_as_on_the_day_of_the_outage(infra: Infrastructure, guarded: Guarded) -> None:
    infra.run("taint", SERVER)
    code, refused, said = guarded()
    assert (code, refused) == (4, [(SERVER, "replace")]) and "it was tainted: somebody marked it so" in said
    target, now = Target(str(FIRST_ID), FIRST_ADDRESS, "production-app"), CLOCK.now()
    known = Circumstances(target, now - timedelta(minutes=1), Name.SAME_MACHINE_APP_DOWN, False, (FIRST_ADDRESS,))
    unmet = {one.name: one.why for one in gate(target, known, now) if not one.is_met}
    assert unmet["silent"] == f"{FIRST_ADDRESS} still answers as production-app: its data is there"
    infra.run("untaint", SERVER)
    assert guarded(status=0)[:2] == (0, [])
    infra.run("taint", SERVER)
    infra.run("apply", "-auto-approve")
    assert infra.changes.did == [f"DELETE servers/{FIRST_ID}", "POST projects/100200/servers"]
    (state,) = asyncio.run(TofuStateWitness("web-1", infra.state_file, SERVER, CLOCK).look())
    new = infra.cloud.provider.known.servers[0]
    assert state.value == {"server_id": str(new.id), "addresses": [FIRST_ADDRESS], "workspace": "production"}
    assert new.id != FIRST_ID, "another machine, at the address that the destroyed one gave back"


def test_a_server_that_left_the_state_is_an_orphan_with_a_twin_to_come(infra: Infrastructure, guarded: Guarded) -> None:
    infra.run("state", "rm", SERVER)
    assert guarded()[:2] == (0, []), "a plan that only creates loses nothing, and does not see the other one"
    infra.run("apply", "-auto-approve")
    stated = read_state(infra.state_file.read_bytes(), SERVER)
    claims = {"web-1": Claim(frozenset({stated.server_id}), frozenset(stated.addresses))}
    seen = asyncio.run(ProviderWitness("cherry", infra.cloud.client, lambda: claims, CLOCK).look())
    settings = ProviderSettings(name="cherry", kind="cherryservers")
    told = {one.value["id"]: one.value["alarm"] for one in project_sight.found_in(settings, [], seen, CLOCK.now())}
    assert told == {f"orphan {FIRST_ID}": False, f"duplicate {FIRST_ID}": True}

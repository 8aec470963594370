"""Drift, from what OpenTofu prints to what is told. The program is a script that plays recorded answers."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as given_settings
from hypothesis import strategies as st

from outlive.clock import SystemClock
from outlive.commands.tofu import read_plan
from outlive.commands.tofu_drift import drifts
from outlive.config.schema_watch import TofuSettings
from outlive.lab.ground.process import wait_until
from outlive.model.observation import Observation
from outlive.watch import drift
from outlive.witnesses.tofu_plan import TofuPlanWitness
from tests.watch.made import NOW

RECORDED = Path(__file__).parents[1] / "recorded" / "tofu"
SERVER = "cherryservers_server.server"


def witness(room: Path, code: int, document: str = "no-changes.json", workspace: str | None = None) -> TofuPlanWitness:
    program = room / "tofu"
    shown = RECORDED / document if (RECORDED / document).exists() else room / document
    program.write_text(
        f'#!/bin/sh\necho "$@" >> {room}/asked\ncase "$2" in\n'
        f"workspace) echo production;;\nplan) echo 'a-secret' >&2; exit {code};;\nshow) cat {shown};;\nesac\n"
    )
    program.chmod(0o700)
    return TofuPlanWitness("infra", room, str(program), workspace, SystemClock())


def look(one: TofuPlanWitness) -> Observation:
    (seen,) = asyncio.run(one.look())
    assert "a-secret" not in str(seen)
    return seen


def told(seen: Observation, *ignore: str) -> list[tuple[str, str, bool]]:
    tofu = TofuSettings(name="infra", folder=Path("/x"), ignore=ignore)
    return [
        (one.value["kind"], one.value["attribute"], one.value["alarm"]) for one in drift.found_in(tofu, [seen], NOW)
    ]


def test_nothing_drifted(tmp_path: Path) -> None:
    seen = look(witness(tmp_path, 0))
    assert (seen.value["exit_code"], seen.value["resource_drift"], told(seen)) == (0, [], [])
    asked = (tmp_path / "asked").read_text()
    assert "-refresh-only -detailed-exitcode -input=false -lock=false" in asked and "apply" not in asked


def test_a_moved_address_alarms_and_can_be_ignored(tmp_path: Path) -> None:
    seen = look(witness(tmp_path, 2, "address-moved-refresh-only.json"))
    assert ("drift", "ip", True) in told(seen)
    assert "not-to-be-printed" not in str(seen.value), "values of other attributes may be secrets"
    assert ("drift", "ip", True) not in told(seen, "ip")
    assert ("drift", "ip", True) not in told(seen, f"{SERVER}.ip")


@pytest.mark.parametrize(
    ("code", "document", "word"),
    [(1, "no-changes.json", "plan_failed"), (0, "log.json", "unreadable"), (2, "state.json", "unreadable")],
)
def test_what_failed_is_no_data(tmp_path: Path, code: int, document: str, word: str) -> None:
    seen = look(witness(tmp_path, code, document))
    assert seen.error == word
    assert told(seen) == []


def test_another_workspace_is_not_asked(tmp_path: Path) -> None:
    assert look(witness(tmp_path, 0, workspace="preview")).error == "workspace"
    assert "plan " not in (tmp_path / "asked").read_text()
    assert look(witness(tmp_path, 0, workspace="production")).error is None


def test_a_plan_that_hangs_is_ended_and_is_no_data(tmp_path: Path) -> None:
    program = tmp_path / "tofu"
    program.write_text(f"#!/bin/sh\necho $$ > {tmp_path}/pid\nexec sleep 600\n")
    program.chmod(0o700)
    seen = look(TofuPlanWitness("infra", tmp_path, str(program), None, SystemClock(), 0.3))
    assert (seen.error, seen.value["why"]) == ("timeout", "the plan did not end within 0.3 s")
    if (tmp_path / "pid").exists():  # a busy machine may have ended it before its first word
        stat = Path(f"/proc/{(tmp_path / 'pid').read_text().strip()}/stat")
        wait_until(lambda: not stat.exists() or ") Z " in stat.read_text(), "the end of what was killed")


def test_a_program_that_is_not_there_is_no_data(tmp_path: Path) -> None:
    assert look(TofuPlanWitness("infra", tmp_path, "/nowhere/tofu", None, SystemClock())).error == "plan_failed"


@given_settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_document_cut_off_or_spoilt_anywhere_is_no_data(data: st.DataObject) -> None:
    whole = (RECORDED / "address-moved-refresh-only.json").read_bytes().strip()
    cut = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(ValueError):
        read_plan(whole[:cut])
    other = bytes([data.draw(st.integers(0, 255))])
    try:
        drifts(read_plan(whole[:cut] + other + whole[cut + 1 :]))
    except ValueError:
        return

"""The steps `ci-secret`, `ci-dispatch` and `ci-run`, at a GitHub that bites."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from outlive.errors import Failed
from outlive.recovery.steps.base import Done, NotYet, Unknown
from outlive.recovery.steps.ci_dispatch import CiDispatch
from outlive.recovery.steps.ci_run import CiRun
from outlive.recovery.steps.ci_secret import CiSecret
from outlive.transport.net import NoAnswer
from tests.recovery.steps.carrying import carry, inputs, looked, world
from tests.world.biting import Bite
from tests.world.github import GithubApi

pytestmark = pytest.mark.slow

SECRET, DISPATCH, RUN = CiSecret(), CiDispatch(), CiRun()
BITES = ["429", "500", "503", "lost", "cut"]


@pytest.fixture
def github() -> Iterator[GithubApi]:
    with GithubApi() as api:
        yield api


def to(api: GithubApi, **more: Any) -> dict[str, Any]:
    return {"url": api.url, "token": {"file": "token"}, "repo": "shop/web", **more}


def deploy(api: GithubApi, **more: Any) -> dict[str, Any]:
    return to(api, workflow="deploy.yml", key_input="outlive_run", **more)


# --- secrets -----------------------------------------------------------------------------------------------------------


def test_the_address_becomes_a_secret_that_github_alone_can_open(github: GithubApi, tmp_path: Path) -> None:
    here, args = world(tmp_path), to(github, secret="VM_HOST")
    done = carry(SECRET, here, args)
    assert github.secrets == {"VM_HOST": "198.51.100.7"}
    again = looked(SECRET, here, args)
    assert isinstance(again, Done) and again.facts == done.facts
    assert [one for one in github.heard if one[0] == "PUT"] == [("PUT", "/repos/shop/web/actions/secrets/VM_HOST")]


def test_the_plan_says_what_is_set_and_what_it_becomes(github: GithubApi, tmp_path: Path) -> None:
    here, args = world(tmp_path), to(github, secret="VM_HOST")
    after = "+ VM_HOST = the address of ssh://root@198.51.100.7"
    assert SECRET.changes(here, inputs(args)) == ["- VM_HOST is not set", after]
    carry(SECRET, here, args)
    assert SECRET.changes(here, inputs(args))[0].startswith("- VM_HOST, set 2026-02-07T08:00:")
    unmade = SECRET.changes(replace(here, new=None), inputs(args | {"what": "known_hosts"}))
    assert unmade[1] == "+ VM_HOST = the pinned host key of the machine that is made"


def test_the_pinned_host_key_becomes_a_secret(github: GithubApi, tmp_path: Path) -> None:
    here, args = world(tmp_path), to(github, secret="KNOWN_HOSTS", what="known_hosts")
    with pytest.raises(Failed, match="no host key"):
        (tmp_path / "known_hosts").write_text("203.0.113.9 ssh-ed25519 OLD\n")
        SECRET.look(here, inputs(args, {"value_sha256": ""}))
    (tmp_path / "known_hosts").write_text("203.0.113.9 ssh-ed25519 OLD\n198.51.100.7 ssh-ed25519 NEW\n")
    carry(SECRET, here, args)
    assert github.secrets == {"KNOWN_HOSTS": "198.51.100.7 ssh-ed25519 NEW\n"}


def test_undo_says_the_former_address(github: GithubApi, tmp_path: Path) -> None:
    here, args = world(tmp_path), to(github, secret="VM_HOST")
    SECRET.undo(here, inputs(args))
    assert github.secrets == {}
    done = carry(SECRET, here, args)
    SECRET.undo(here, inputs(args, done.facts))
    assert github.secrets == {"VM_HOST": "203.0.113.9"}


@pytest.mark.parametrize("kind", BITES)
def test_a_secret_is_set_whatever_bites(github: GithubApi, tmp_path: Path, kind: str) -> None:
    github.bites = [Bite(kind, "PUT"), Bite(kind, "GET")]
    carry(SECRET, world(tmp_path), to(github, secret="VM_HOST"))
    assert github.secrets == {"VM_HOST": "198.51.100.7"}


def test_a_secret_that_vanished_is_set_again(github: GithubApi, tmp_path: Path) -> None:
    here, args = world(tmp_path), to(github, secret="VM_HOST")
    carry(SECRET, here, args)
    github.secrets.clear()
    assert isinstance(looked(SECRET, here, args), NotYet)


# --- dispatch ----------------------------------------------------------------------------------------------------------


def test_a_workflow_is_begun_once_and_its_run_is_known(github: GithubApi, tmp_path: Path) -> None:
    here = world(tmp_path)
    done = carry(DISPATCH, here, deploy(github))
    assert len(github.runs) == 1 and done.facts["run_id"] == github.runs[0]["id"]
    assert github.runs[0]["display_title"] == "deploy run-1"
    assert looked(DISPATCH, here, deploy(github)) == Done(f"run {done.facts['run_id']}", done.facts)


@pytest.mark.parametrize("tells_run", [True, False])
@pytest.mark.parametrize("late", [0, 1, 5])
@pytest.mark.parametrize("kind", ["lost", "429"])
def test_no_second_dispatch(github: GithubApi, tmp_path: Path, kind: str, late: int, tells_run: bool) -> None:
    """The answer is lost after the effect, and the run is listed late."""
    github.late, github.tells_run = late, tells_run
    github.bites = [Bite(kind, "POST")]
    done = carry(DISPATCH, world(tmp_path), deploy(github))
    assert len(github.runs) == 1 and done.facts["run_id"] == github.runs[0]["id"]


@pytest.mark.slow
def test_a_slow_github_gets_no_second_dispatch(github: GithubApi, tmp_path: Path) -> None:
    here = world(tmp_path)
    github.bites = [Bite("slow", "POST", seconds=5.5)]
    carry(DISPATCH, here, deploy(github))
    assert len(github.runs) == 1


@pytest.mark.parametrize("kind", ["500", "503", "cut"])
def test_what_was_never_begun_is_begun_when_that_is_certain(github: GithubApi, tmp_path: Path, kind: str) -> None:
    here = world(tmp_path)
    github.bites = [Bite(kind, "POST")]
    with pytest.raises(AssertionError, match="lists no run yet"):
        carry(DISPATCH, here, deploy(github), rounds=15)
    assert github.runs == []
    carry(DISPATCH, here, deploy(github))
    assert len(github.runs) == 1


def test_what_was_refused_is_not_waited_for(github: GithubApi, tmp_path: Path) -> None:
    here, args = world(tmp_path), deploy(github) | {"workflow": "other.yml"}
    with pytest.raises(NoAnswer, match="404"):
        DISPATCH.do(here, inputs(args), 60)
    assert isinstance(DISPATCH.look(here, inputs(args)), NotYet)


def test_somebody_elses_dispatch_is_not_ours(github: GithubApi, tmp_path: Path) -> None:
    """It comes after our note and before our run is listed."""
    github.late, github.tells_run = 3, False
    here = world(tmp_path)
    DISPATCH.do(here, inputs(deploy(github)), 60)
    github.late = 0
    github.answer("POST", "/repos/shop/web/actions/workflows/deploy.yml/dispatches", {}, {"ref": "main"})
    done = carry(DISPATCH, here, deploy(github))
    assert done.facts["run_id"] == github.runs[0]["id"] and len(github.runs) == 2


def test_without_a_key_the_first_run_on_the_branch_is_taken(github: GithubApi, tmp_path: Path) -> None:
    github.run_name, github.tells_run = "deploy", False
    args = deploy(github, ref="release")
    del args["key_input"]
    path = "/repos/shop/web/actions/workflows/deploy.yml/dispatches"
    github.answer("POST", path, {}, {"ref": "release"})
    github.late = 2
    here = world(tmp_path)
    DISPATCH.do(here, inputs(args), 60)
    github.late = 0
    github.answer("POST", path, {}, {"ref": "main"})
    done = carry(DISPATCH, here, args)
    assert len(github.runs) == 3 and done.facts["run_id"] == github.runs[1]["id"]


def test_undo_cancels_a_run_that_is_not_over(github: GithubApi, tmp_path: Path) -> None:
    here = world(tmp_path)
    done = carry(DISPATCH, here, deploy(github))
    DISPATCH.undo(here, inputs(deploy(github), done.facts))
    assert github.runs[0]["conclusion"] == "cancelled"
    DISPATCH.undo(here, inputs(deploy(github), done.facts))
    assert len([one for one in github.heard if one[1].endswith("/cancel")]) == 1


# --- the run -----------------------------------------------------------------------------------------------------------


def test_a_run_is_followed_to_its_end(github: GithubApi, tmp_path: Path) -> None:
    here = world(tmp_path)
    begun = carry(DISPATCH, here, deploy(github)).facts
    asked = inputs(to(github), begun, step="deploy")
    for status in ("queued", "in_progress", "waiting"):
        github.runs[0]["status"] = status
        assert isinstance(RUN.look(here, asked), Unknown)
    github.runs[0] |= {"status": "completed", "conclusion": "success"}
    assert isinstance(RUN.look(here, asked), Done)
    github.runs[0]["conclusion"] = "failure"
    assert isinstance(RUN.look(here, asked), NotYet)
    with pytest.raises(Failed, match="ended as failure"):
        RUN.do(here, asked, 60)
    assert len(github.runs) == 1

"""The provider on bad days, live: a look says exactly what is known, and never more."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from outlive import wiring_providers
from outlive.cli.looking import Look
from outlive.cli.main import run
from outlive.config.load import load
from outlive.lab.breaks.table import break_it, heal
from outlive.lab.record import WEB
from outlive.lab.world import Lab
from outlive.transport.net import NoAnswer
from tests.lab.looking import looked, reasons, until_well, verdicts

pytestmark = [pytest.mark.docker, pytest.mark.slow]


@pytest.fixture(scope="module", autouse=True)
def settled(whole_lab: Lab) -> None:
    """What other tests broke and healed is told for some time yet."""
    until_well(whole_lab)


@contextmanager
def broken(lab: Lab, what: str) -> Iterator[None]:
    break_it(lab, what)
    try:
        yield
    finally:
        heal(lab, what)


def told(found: Look) -> list[tuple[str, str]]:
    return [(one["kind"], one["server"]) for one in found.provider["findings"]]


@pytest.mark.parametrize(
    ("what", "word"),
    [
        ("provider-down", "status"),
        ("provider-slow", "timeout"),
        ("provider-limited", "rate_limited"),
        ("provider-redirects", "redirect"),
        ("provider-wrong-types", "unreadable"),
        ("provider-truncates", "truncated"),
    ],
)
def test_a_provider_on_a_bad_day_is_no_data(lab: Lab, what: str, word: str) -> None:
    settings = load(lab.folder / "outlive.toml")
    with broken(lab, what), pytest.raises(NoAnswer) as caught:
        asyncio.run(wiring_providers.provider(settings, settings.providers[0]).snapshot())
    assert caught.value.word == word


def test_all_is_well_and_the_provider_agrees(lab: Lab) -> None:
    found = looked(lab)
    assert (verdicts(found), told(found), found.provider["no_data"], found.exit_code) == (
        {"web-1": "same_machine_ok", "preview": "same_machine_ok"},
        [],
        [],
        0,
    )


def test_a_provider_that_is_down_accuses_nobody(lab: Lab) -> None:
    with broken(lab, "provider-down"):
        found = looked(lab)
    assert verdicts(found) == {"web-1": "same_machine_ok", "preview": "same_machine_ok"}, reasons(found)
    assert found.exit_code == 3, "what could not be asked is not well"


def test_the_old_document_after_a_real_swap_hides_nothing(lab: Lab) -> None:
    with broken(lab, "provider-stale"), broken(lab, "replace"):
        found = looked(lab)
    assert verdicts(found)[WEB] == "unknown_machine", "of a new lab only the host key is pinned, and that is another"
    assert told(found) == [], "the provider says what it said before"


def test_a_twin_is_a_duplicate_and_an_orphan_is_noted(lab: Lab) -> None:
    with broken(lab, "orphan"):
        found = looked(lab)
        assert (verdicts(found)[WEB], told(found), found.exit_code) == ("same_machine_ok", [("orphan", "700198")], 0)
    with broken(lab, "twin"):
        found = looked(lab)
        assert verdicts(found)[WEB] == "duplicate"
        assert {kind for kind, _ in told(found)} == {"duplicate", "orphan"}


def test_credit_that_runs_out_is_told_before_it_is_spent(lab: Lab) -> None:
    with broken(lab, "credit-low"):
        found = looked(lab)
    assert (verdicts(found)[WEB], told(found), found.exit_code) == ("same_machine_ok", [("credit", "")], 1)


def test_a_plan_for_the_wrong_workspace_is_refused_before_it_is_applied(
    lab: Lab, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = str(lab.folder / "infra/plan.json")
    assert run(["plan-guard", plan]) == 0
    with broken(lab, "wrong-workspace"):
        found = looked(lab)
        capsys.readouterr()
        assert run(["plan-guard", plan, "--json"]) == 4
    reasons = json.loads(capsys.readouterr().out)["reasons"]
    assert [(one["address"], one["action"]) for one in reasons] == [
        ("var.environment", "workspace"),
        ("cherryservers_server.web", "reinstall"),
    ]
    assert f"reinstalls id 700101, web-1, at {lab.record.address(11)}" in reasons[1]["why"]
    assert (verdicts(found)[WEB], told(found), found.exit_code) == ("same_machine_ok", [], 0), "nothing was applied"
    assert run(["plan-guard", plan]) == 0

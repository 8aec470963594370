"""One contract for all steps at somebody else's API: killed (SIGKILL) in the middle of any request, before or after its
effect, and begun again, a step comes to its end and its effect was there once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from outlive.recovery.steps.registry import STEPS
from tests.recovery.steps.carrying import carry, killed_and_again, requests_of, world
from tests.recovery.steps.test_ci import deploy, to
from tests.recovery.steps.test_dns import SHOP, by_cloudflare
from tests.recovery.steps.test_machines import ARGS, old
from tests.world.biting import BitingApi
from tests.world.cloudflare import CloudflareApi
from tests.world.github import GithubApi
from tests.world.makers import CherryApi, HetznerApi

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Case:
    """A step, its API, and what counts as its effect: so many, however often it was killed."""

    kind: str
    api: Callable[[], BitingApi]
    args: Callable[[Any], dict[str, Any]]
    effects: Callable[[Any], int]
    more: Callable[[Any], str] = lambda api: ""


def cloudflare() -> CloudflareApi:
    api = CloudflareApi()
    api.record("A", SHOP, "203.0.113.9")
    return api


def made(kind: type[CherryApi] | type[HetznerApi]) -> BitingApi:
    api = kind(late=1, slow=0)
    old(api)
    return api


CASES = {
    "dns": Case("dns", cloudflare, by_cloudflare, lambda api: len(api.batches)),
    "dispatch": Case("ci-dispatch", lambda: GithubApi(late=2), deploy, lambda api: len(api.runs)),
    "dispatch-untold": Case(
        "ci-dispatch", lambda: GithubApi(late=2, tells_run=False), deploy, lambda api: len(api.runs)
    ),
    # a secret that is set again to the same value is the same secret
    "secret": Case(
        "ci-secret", GithubApi, lambda api: to(api, name="VM_HOST"), lambda api: len(set(api.secrets.values()))
    ),
    "cherry": Case(
        "create-machine",
        lambda: made(CherryApi),
        lambda api: ARGS,
        lambda api: len(api.ordered),
        lambda api: api.provider,
    ),
    "hetzner": Case(
        "create-machine",
        lambda: made(HetznerApi),
        lambda api: ARGS,
        lambda api: len(api.ordered),
        lambda api: api.provider,
    ),
    # switching off what is off already changes nothing
    "quarantine": Case(
        "quarantine",
        lambda: made(CherryApi),
        lambda api: ARGS,
        lambda api: len(set(api.switched)),
        lambda api: api.provider,
    ),
}


def prepare(case: Case, api: BitingApi, folder: Path) -> Path:
    folder.mkdir()
    (folder / "more.toml").write_text(case.more(api))
    world(folder)
    return folder


@pytest.mark.parametrize("name", CASES)
def test_killed_at_every_request_the_effect_is_there_once(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    with case.api() as api:
        here = world(prepare(case, api, tmp_path / "clean"))
        count = requests_of(lambda: carry(STEPS[case.kind], here, case.args(api)), api)
        assert case.effects(api) == 1 and count >= 1
    moments = [(number, when) for number in range(1, count + 1) for when in ("before", "after")]
    for number, when in moments:
        with case.api() as api:
            folder = prepare(case, api, tmp_path / f"{number}-{when}")
            killed_and_again(case.kind, case.args(api), folder, api, number, when)
            assert case.effects(api) == 1, f"killed {when} request {number}: {api.heard}"

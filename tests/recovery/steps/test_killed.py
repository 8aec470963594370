"""One contract for all steps at somebody else's API: killed (SIGKILL) in the middle of any request, before or after its
effect, and begun again, a step comes to its end and its effect was there once; its undo comes to its end as well."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from outlive.commands.orders import hostname
from outlive.recovery.steps.base import World
from outlive.recovery.steps.registry import STEPS
from tests.recovery.steps.carrying import carry, killed_and_again, requests_of, taken_back, world
from tests.recovery.steps.test_ci import deploy, to
from tests.recovery.steps.test_dns import SHOP, by_cloudflare
from tests.recovery.steps.test_machines import ARGS, old
from tests.recovery.steps.test_volumes import ARGS as VOLUME
from tests.recovery.steps.test_volumes import PLUG, there
from tests.world.biting import BitingApi
from tests.world.cloudflare import CloudflareApi
from tests.world.github import GithubApi
from tests.world.hetzner_volumes import HetznerVolumesApi
from tests.world.makers import CherryApi, HetznerApi

pytestmark = pytest.mark.slow
OURS = hostname("web-1", hashlib.sha256(b"run-1:it").hexdigest())


@dataclass(frozen=True)
class Case:
    """A step, its API, and what counts as its effect: so many, however often it was killed."""

    kind: str
    api: Callable[[], BitingApi]
    args: Callable[[Any], dict[str, Any]]
    effects: Callable[[Any], int]
    undone: Callable[[Any], bool]  # whether all is as it was, or off and kept
    more: Callable[[Any], str] = lambda api: ""
    changes_only: bool = (
        False  # killed at those requests alone that change something; the others are as of another case
    )


def cloudflare() -> CloudflareApi:
    api = CloudflareApi()
    api.record("A", SHOP, "203.0.113.9")
    return api


def made(kind: type[CherryApi] | type[HetznerApi]) -> BitingApi:
    api = kind(late=1, slow=0)
    old(api)
    return api


def plugging() -> BitingApi:
    api = HetznerVolumesApi(late=1, slow=0)
    old(api)
    return api


def unplugged() -> BitingApi:
    api = HetznerVolumesApi(slow=1)
    old(api)
    there(api)
    return api


def provider(api: Any) -> str:
    return str(api.provider)


def is_cancelled(api: Any) -> bool:
    return [one["conclusion"] for one in api.runs] == ["cancelled"]


def is_off(api: Any) -> bool:
    """The one that was made; nothing is ever deleted."""
    return len(api.known) == 3 and {word.replace("_", "") for _, word in api.switched} == {"poweroff"}


CASES = {
    "dns": Case(
        "dns",
        cloudflare,
        by_cloudflare,
        lambda api: sum("198.51.100.7" in str(batch) for batch in api.batches),
        lambda api: api.addresses(SHOP) == ["203.0.113.9"],
    ),
    "dispatch": Case("ci-dispatch", lambda: GithubApi(late=2), deploy, lambda api: len(api.runs), is_cancelled),
    "dispatch-untold": Case(
        "ci-dispatch", lambda: GithubApi(late=2, tells_run=False), deploy, lambda api: len(api.runs), is_cancelled
    ),
    # a secret that is set again to the same value is the same secret
    "secret": Case(
        "ci-secret",
        GithubApi,
        lambda api: to(api, secret="VM_HOST"),
        lambda api: len(set(api.secrets.values())),
        lambda api: api.secrets == {"VM_HOST": "203.0.113.9"},
    ),
    "cherry": Case(
        "create-machine", lambda: made(CherryApi), lambda api: ARGS, lambda api: len(api.ordered), is_off, provider
    ),
    # given back, by all its names: what it was called is known before, for it is of the run alone
    "given-back": Case(
        "create-machine",
        lambda: made(CherryApi),
        lambda api: ARGS | {"named": ["700201", "198.51.100.1", OURS]},
        lambda api: len(api.ordered),
        lambda api: api.deleted == ["700201"] and len(api.known) == 2 and not api.switched,
        provider,
    ),
    "hetzner": Case(
        "create-machine", lambda: made(HetznerApi), lambda api: ARGS, lambda api: len(api.ordered), is_off, provider
    ),
    "volume": Case(
        "create-volume",
        plugging,
        lambda api: VOLUME,
        lambda api: len(api.bought),
        lambda api: len(api.volumes) == 1 and any(word == "detach" for _, word in api.plugged),  # kept, plugged out
        provider,
        changes_only=True,
    ),
    "attach": Case(
        "attach-volume",
        unplugged,
        lambda api: PLUG,
        lambda api: sum(word.startswith("attach") for _, word in api.plugged),
        lambda api: len(api.volumes) == 1 and api.volumes[0]["server"] is None,  # kept, plugged out
        provider,
        changes_only=True,
    ),
    # switching off what is off already changes nothing
    "quarantine": Case(
        "quarantine",
        lambda: made(CherryApi),
        lambda api: ARGS,
        lambda api: len({word for word in api.switched if word[1] == "power_off"}),
        lambda api: next(one.power for one in api.known if one.id == 700101) == "on",
        provider,
    ),
}


def prepare(case: Case, api: BitingApi, folder: Path) -> Path:
    folder.mkdir()
    (folder / "more.toml").write_text(case.more(api))
    world(folder)
    return folder


@pytest.mark.parametrize("name", [name for name in CASES if name != "given-back"])  # made as "cherry" is
def test_killed_at_every_request_the_effect_is_there_once(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    with case.api() as api:
        here = world(prepare(case, api, tmp_path / "clean"))
        count = requests_of(lambda: carry(STEPS[case.kind], here, case.args(api)), api)
        assert case.effects(api) == 1 and count >= 1
        asked = [method for method, _ in api.heard]
    numbers = [one for one in range(1, count + 1) if asked[one - 1] != "GET" or not case.changes_only]
    moments = [(number, when) for number in numbers for when in ("before", "after")]
    for number, when in moments:
        with case.api() as api:
            folder = prepare(case, api, tmp_path / f"{number}-{when}")
            killed_and_again(case.kind, case.args(api), folder, api, number, when)
            assert case.effects(api) == 1, f"killed {when} request {number}: {api.heard}"


@pytest.mark.parametrize("name", [name for name in CASES if name != "volume"])  # it is kept
def test_killed_at_every_request_of_its_undo_all_is_as_it_was(name: str, tmp_path: Path) -> None:
    case = CASES[name]

    def done(api: BitingApi, folder: Path) -> World:
        here = world(prepare(case, api, folder))
        carry(STEPS[case.kind], here, case.args(api))
        return here

    with case.api() as api:
        here = done(api, tmp_path / "clean")
        assert not case.undone(api)
        count = requests_of(lambda: taken_back(STEPS[case.kind], here, case.args(api)), api)
        assert case.undone(api) and count >= 1
    for number, when in [(number, when) for number in range(1, count + 1) for when in ("before", "after")]:
        with case.api() as api:
            done(api, folder := tmp_path / f"{number}-{when}")
            killed_and_again(case.kind, case.args(api), folder, api, number, when, back=True)
            assert case.undone(api) and case.effects(api) == 1, f"killed {when} request {number}: {api.heard}"

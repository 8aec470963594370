"""Bad days of an S3 vault: a proxy before a real store answers wrong, late, half, or not at all.

Mostly before rclone, which is up in a second; before Ceph where it matters that the store honours conditions.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import pytest

from outlive.errors import (
    ObjectExists,
    ObjectMissing,
    OutliveError,
    VaultFailed,
    VaultForbidden,
    VaultFull,
    VaultUnreachable,
)
from outlive.lab.ground.process import free_port
from outlive.testing.clock import ManualClock
from outlive.vault.base import Vault
from outlive.vault.layers.retry import RetryVault
from outlive.vault.s3 import S3Vault
from tests.vault.s3_world import IMPATIENT, bare
from tests.world.flaky_http import FlakyProxy, answer, cut_request, cut_response, delay, drop_response, eventually
from tests.world.s3 import CephGateway, Rclone

pytestmark = pytest.mark.s3

PART = bytes(range(256)) * (20 << 10)  # 5 MiB
VERBS: dict[str, Callable[[Vault], object]] = {
    "put": lambda vault: vault.put("new", b"x"),
    "get": lambda vault: vault.get("old"),
    "holds": lambda vault: vault.holds("old", PART),
    "walk": lambda vault: list(vault.walk("")),
    "folders": lambda vault: vault.folders(""),
    "copy": lambda vault: vault.copy("old", "new"),
    "delete": lambda vault: vault.delete("old"),
}


@pytest.fixture
def vault(rclone_s3: Rclone, flaky_rclone: FlakyProxy) -> S3Vault:
    """Behind the proxy, without retries, with `old` in it."""
    vault = bare(rclone_s3, flaky_rclone.endpoint)
    vault.put("old", PART)
    return vault


def patient(inner: Vault) -> RetryVault:
    """Retries, without the waiting."""
    return RetryVault(inner, ManualClock())


def stored(server: CephGateway | Rclone, vault: S3Vault) -> list[str]:
    """The keys, as the store itself tells them."""
    place = vault.location
    return [key.removeprefix(place.prefix) for key in server.keys(place.bucket, place.prefix)]


@pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)
@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (403, "AccessDenied", VaultForbidden),
        (403, "RequestTimeTooSkewed", VaultForbidden),
        (404, "NoSuchBucket", VaultFailed),
        (404, "TheProxysOwn", VaultFailed),
        (500, "InternalError", VaultUnreachable),
        (503, "SlowDown", VaultUnreachable),
        (507, "InsufficientStorage", VaultFull),
    ],
)
def test_each_verb_gives_each_answer_its_meaning(
    verb: Callable[[Vault], object],
    status: int,
    code: str,
    kind: type[OutliveError],
    vault: S3Vault,
    flaky_rclone: FlakyProxy,
    rclone_s3: Rclone,
) -> None:
    flaky_rclone.next(answer(status, code), times=math.inf)
    with pytest.raises(kind) as caught:
        verb(vault)
    assert type(caught.value) is kind
    assert rclone_s3.secret_key not in str(caught.value)
    assert stored(rclone_s3, vault) == ["old"]


def test_only_the_stores_own_word_makes_an_object_missing(vault: S3Vault, flaky_rclone: FlakyProxy) -> None:
    flaky_rclone.next(answer(404, "NoSuchKey"), times=2)
    for verb in ("get", "holds"):
        with pytest.raises(ObjectMissing):
            VERBS[verb](vault)
    assert vault.get("old") == PART


@pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)
def test_a_store_that_is_too_slow_is_given_up_in_time(
    verb: Callable[[Vault], object], rclone_s3: Rclone, flaky_rclone: FlakyProxy
) -> None:
    vault = bare(rclone_s3, flaky_rclone.endpoint, IMPATIENT)
    flaky_rclone.next(delay(30), times=math.inf)
    began = time.monotonic()
    with pytest.raises(VaultUnreachable):
        verb(vault)
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)
def test_a_store_that_is_not_there_is_unreachable(verb: Callable[[Vault], object], rclone_s3: Rclone) -> None:
    vault = bare(rclone_s3, f"http://127.0.0.1:{free_port()}")
    with pytest.raises(VaultUnreachable, match="Connection refused"):
        verb(vault)


def test_a_name_that_does_not_resolve_is_unreachable(rclone_s3: Rclone) -> None:
    with pytest.raises(VaultUnreachable):
        bare(rclone_s3, "http://nowhere.invalid").get("old")


@pytest.mark.parametrize("after", [0, 1, 1 << 20])
def test_a_put_cut_midway_leaves_nothing(after: int, rgw: CephGateway, flaky_rgw: FlakyProxy) -> None:
    vault = bare(rgw, flaky_rgw.endpoint)
    flaky_rgw.next(cut_request(after), method="PUT")
    with pytest.raises(VaultUnreachable):
        vault.put("new", PART)
    assert stored(rgw, vault) == []
    vault.put("new", PART)
    assert vault.holds("new", PART)


@pytest.mark.parametrize("after", [0, 1, 1 << 20, len(PART) - 1])
def test_half_an_answer_is_never_taken_for_the_object(after: int, vault: S3Vault, flaky_rclone: FlakyProxy) -> None:
    flaky_rclone.next(cut_response(after), times=2, method="GET")
    with pytest.raises(VaultUnreachable):
        vault.get("old")
    with pytest.raises(VaultUnreachable):
        vault.holds("old", PART)
    assert vault.get("old") == PART


def test_half_a_listing_is_never_taken_for_all(vault: S3Vault, flaky_rclone: FlakyProxy) -> None:
    flaky_rclone.next(cut_response(200), times=2, method="GET")
    for verb in ("walk", "folders"):
        with pytest.raises(OutliveError):
            VERBS[verb](vault)


def test_a_put_is_tried_again_until_it_is_there(vault: S3Vault, flaky_rclone: FlakyProxy) -> None:
    for fault in (answer(503), answer(500), cut_request(1 << 20)):
        flaky_rclone.next(fault, method="PUT")
    patient(vault).put("part", PART)
    assert vault.holds("part", PART)
    assert eventually(lambda: flaky_rclone.count(method="PUT", path="/part") == 4)


@pytest.mark.parametrize("verb", ["get", "holds", "walk", "folders", "copy", "delete"])
def test_every_other_verb_is_tried_again_too(verb: str, vault: S3Vault, flaky_rclone: FlakyProxy) -> None:
    flaky_rclone.next(answer(503), times=2)
    VERBS[verb](patient(vault))
    assert eventually(lambda: flaky_rclone.count(outcome="answer 503") == 2)


def test_what_cannot_be_mended_is_not_tried_again(vault: S3Vault, flaky_rclone: FlakyProxy) -> None:
    flaky_rclone.next(answer(403), times=math.inf)
    with pytest.raises(VaultForbidden):
        VERBS["get"](patient(vault))
    assert eventually(lambda: flaky_rclone.count(outcome="answer 403") == 1)


def test_a_put_whose_answer_was_lost_is_found_to_be_ours(rgw: CephGateway, flaky_rgw: FlakyProxy) -> None:
    vault = bare(rgw, flaky_rgw.endpoint)
    flaky_rgw.next(drop_response(), method="PUT")
    patient(vault).put("part", PART)
    assert eventually(lambda: flaky_rgw.count(method="PUT", outcome="412") == 1)
    assert vault.holds("part", PART)


def test_an_object_of_somebody_else_is_not_taken_for_ours(rgw: CephGateway, flaky_rgw: FlakyProxy) -> None:
    vault = bare(rgw, flaky_rgw.endpoint)
    bare(rgw, prefix=vault.location.prefix).put("part", b"theirs")
    flaky_rgw.next(answer(503), method="PUT")
    with pytest.raises(ObjectExists):
        patient(vault).put("part", PART)
    assert vault.get("part") == b"theirs"


def test_a_copy_whose_answer_was_lost_is_found_to_be_ours(rgw: CephGateway, flaky_rgw: FlakyProxy) -> None:
    vault = bare(rgw, flaky_rgw.endpoint)
    vault.put("old", PART)
    flaky_rgw.next(drop_response(), method="PUT", path="/new")
    patient(vault).copy("old", "new")
    assert vault.holds("new", PART)


def test_a_late_put_that_arrives_after_its_repetition_changes_nothing(rgw: CephGateway, flaky_rgw: FlakyProxy) -> None:
    vault = bare(rgw, flaky_rgw.endpoint, IMPATIENT)
    flaky_rgw.next(delay(6), method="PUT")
    patient(vault).put("x", b"ours")
    assert eventually(lambda: flaky_rgw.count(method="PUT") == 2, seconds=20)
    assert vault.get("x") == b"ours"

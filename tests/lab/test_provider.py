"""The lab's provider is asked as its API is, and misbehaves as it is told."""

from __future__ import annotations

import http.client
import time

import pytest

from outlive.lab.ground.process import wait_until
from outlive.lab.record import WEB
from outlive.lab.world import SERVER_IDS, Lab
from tests.lab import facts

pytestmark = [pytest.mark.docker, pytest.mark.slow]


@pytest.fixture
def path(lab: Lab) -> str:
    """One server's. Once the provider has had its rest: it counts how often it is asked."""
    path = f"servers/{SERVER_IDS[WEB]}"
    wait_until(lambda: facts.provider(lab, path)[0] == 200, "the provider to answer again", every=1.1)
    return path


def test_it_wants_its_token(lab: Lab, path: str) -> None:
    assert facts.provider(lab, path, token="another") == (401, {"code": 401, "message": "Unauthorized."})


def test_it_answers_so_many_questions_a_second(lab: Lab, path: str) -> None:
    codes = [facts.provider(lab, path)[0] for _ in range(40)]
    assert codes[0] == 200 and 429 in codes


def test_it_goes_on_saying_what_was(lab: Lab, path: str) -> None:
    before = facts.provider(lab, path)
    lab.provider.stale(True)
    lab.provider.change(SERVER_IDS[WEB], state="terminating")
    assert facts.provider(lab, path) == before
    lab.provider.stale(False)
    assert facts.provider(lab, path)[1]["state"] == "terminating"
    lab.provider.change(SERVER_IDS[WEB], state="active")


def test_it_fails_as_often_as_it_is_told(lab: Lab, path: str) -> None:
    lab.provider.faults({"path": "/v1/servers", "status": 503, "times": 1}, {"path": "/v1/servers", "drop": True})
    assert facts.provider(lab, path)[0] == 503
    with pytest.raises((http.client.HTTPException, OSError)):
        facts.provider(lab, path)
    lab.provider.faults({"delay_seconds": 1.0})
    began = time.monotonic()
    assert facts.provider(lab, path)[0] == 200 and time.monotonic() - began >= 1
    assert f"GET /v1/{path}" in lab.provider.requests()

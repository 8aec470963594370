"""The lab's provider is asked as its API is, and misbehaves as it is told."""

from __future__ import annotations

import http.client
import time

import pytest

from outlive.lab.record import WEB
from outlive.lab.world import SERVER_IDS, Lab
from tests.lab import facts

pytestmark = [pytest.mark.docker, pytest.mark.slow]


PATH = f"servers/{SERVER_IDS[WEB]}"


def test_it_wants_its_token(lab: Lab) -> None:
    assert facts.provider(lab, PATH, token="another") == (401, {"code": 401, "message": "Unauthorized."})


def test_it_goes_on_saying_what_was(lab: Lab) -> None:
    before = facts.provider(lab, PATH)
    lab.provider.stale(True)
    lab.provider.change(SERVER_IDS[WEB], state="terminating")
    assert facts.provider(lab, PATH) == before
    lab.provider.stale(False)
    assert facts.provider(lab, PATH)[1]["state"] == "terminating"
    lab.provider.change(SERVER_IDS[WEB], state="active")


def test_it_fails_as_often_as_it_is_told(lab: Lab) -> None:
    lab.provider.faults({"path": "/v1/servers", "status": 503, "times": 1}, {"path": "/v1/servers", "drop": True})
    assert facts.provider(lab, PATH)[0] == 503
    with pytest.raises((http.client.HTTPException, OSError)):
        facts.provider(lab, PATH)
    lab.provider.faults({"delay_seconds": 1.0})
    began = time.monotonic()
    assert facts.provider(lab, PATH)[0] == 200 and time.monotonic() - began >= 1
    assert f"GET /v1/{PATH}" in lab.provider.requests()

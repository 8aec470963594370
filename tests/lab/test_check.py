"""What `outlive check` and `outlive advise` say of a lab in which something inside is broken."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from outlive.lab.breaks.table import break_it, heal
from outlive.lab.ground.missing import TookTooLong
from outlive.lab.ground.process import wait_until
from outlive.lab.record import WEB
from outlive.lab.world import Lab

pytestmark = [pytest.mark.docker, pytest.mark.slow]


def said(lab: Lab, command: str = "check", *words: str) -> dict[str, Any]:
    argv = [sys.executable, "-m", "outlive", command, "--json", *words]
    done = subprocess.run(argv, cwd=lab.folder, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode in (0, 1), done.stderr
    return json.loads(done.stdout)


def verdict(lab: Lab) -> tuple[str, str]:
    """Of web-1: its name, and all advice."""
    (one,) = [host for host in said(lab, "check", "--no-remember")["hosts"] if host["host"] == WEB]
    return one["verdict"], " ".join(one["advice"])


def until(lab: Lab, name: str, words: str) -> str:
    found: list[tuple[str, str]] = []

    def good() -> bool:
        found.append(verdict(lab))
        return found[-1][0] == name and words in found[-1][1]

    try:
        wait_until(good, f"{name} with {words!r}", seconds=60, every=2)
    except TookTooLong as error:
        raise AssertionError(f"not {name} with {words!r}: {found[-1:]}") from error
    return found[-1][1]


def test_well_then_hung_then_flooding_then_looping(lab: Lab) -> None:
    """In this order: a loop is remembered for ten minutes."""
    assert verdict(lab)[0] == "same_machine_ok"
    break_it(lab, "hang-app")
    advice = until(lab, "same_machine_app_hung", "no crash loop")
    assert "shop/app is in a crash loop" not in advice
    heal(lab, "hang-app")
    break_it(lab, "stderr-flood")
    advice = until(lab, "same_machine_ok", "shop/app floods its standard error")
    assert "50820 again and again: one error printed often, not a crash loop" in advice
    heal(lab, "stderr-flood")
    break_it(lab, "crash-loop")
    advice = until(lab, "same_machine_app_down", "shop/app is in a crash loop")
    assert "with exit code" in advice


def test_a_child_killed_for_memory_a_secret_and_an_environment_in_the_log(lab: Lab) -> None:
    password = (
        lab.machine(WEB).inside("docker", "exec", "shop-app-1", "printenv", "DATABASE_URL").split("@")[0].split(":")[-1]
    )
    break_it(lab, "oom-child")
    until(lab, "same_machine_ok", "of its processes were killed for want of memory")
    heal(lab, "oom-child")
    break_it(lab, "print-secret")
    advice = until(lab, "same_machine_ok", "secrets were printed in the log of shop/app")
    assert password and password not in advice
    heal(lab, "print-secret")
    break_it(lab, "print-environment")
    advice = until(lab, "possible_compromise", "signs of compromise stand in the log of shop/app")
    assert "rotate " in advice and "DATABASE_URL" in advice and "SHOP_PASSWORD" in advice, (
        "of the container, and of .env"
    )
    assert password not in advice
    heal(lab, "print-environment")


def test_out_of_memory_is_a_loop_and_named(lab: Lab) -> None:
    break_it(lab, "oom")
    until(lab, "same_machine_app_down", "killed for want of memory (shop/app)")


def test_advice(lab: Lab) -> None:
    document = said(lab, "advise", WEB)
    found = {(one["subject"], one["rule"]): one for one in document["advice"]}
    assert document["failed"] == [] and ("shop/db", "no-memory-limit") in found
    assert found["shop/db", "no-memory-limit"]["file"] == "/srv/shop/compose.yml"
    assert ("shop/app", "no-memory-limit") not in found and ("shop/app", "no-log-rotation") not in found
    assert ("shop/app", "no-health-check") not in found
    assert not any(rule == "open-database" for _, rule in found)

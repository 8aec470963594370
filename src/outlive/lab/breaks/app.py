"""The machine is well, what runs on it is not."""

from __future__ import annotations

from collections.abc import Callable

from outlive.lab.breaks.base import Options
from outlive.lab.ground.process import wait_until
from outlive.lab.record import Broken
from outlive.lab.shop import PROJECT
from outlive.lab.world import PAGES, Lab

APP = f"{PROJECT}-app-1"


def hang(lab: Lab, broken: Broken, options: Options) -> None:
    lab.shop(broken.host).fall_ill("hang")


def crash(lab: Lab, broken: Broken, options: Options) -> None:
    lab.shop(broken.host).fall_ill("crash")
    _until(lab, broken.host, lambda state: int(state["restarts"]) >= 2, "the app to be started again and again")


def leak(lab: Lab, broken: Broken, options: Options) -> None:
    """Docker forgets an OOM kill with the next start, so its own log of events is asked."""
    lab.shop(broken.host).fall_ill("leak")
    _until(lab, broken.host, lambda state: int(state["restarts"]) >= 1, "the app to be killed for its memory")


def flood(lab: Lab, broken: Broken, options: Options) -> None:
    lab.shop(broken.host).fall_ill("flood")


def lose_child(lab: Lab, broken: Broken, options: Options) -> None:
    lab.shop(broken.host).fall_ill("child")


def blab(lab: Lab, broken: Broken, options: Options) -> None:
    lab.shop(broken.host).fall_ill("blab")


def print_environment(lab: Lab, broken: Broken, options: Options) -> None:
    lab.shop(broken.host).fall_ill("environ")


def get_well(lab: Lab, broken: Broken) -> None:
    shop = lab.shop(broken.host)
    shop.get_well()
    shop.wait(PAGES[broken.host], lab.authority)


def kill_edge(lab: Lab, broken: Broken, options: Options) -> None:
    """Stopped by hand, so that Docker does not start it again."""
    lab.shop(broken.host).compose("stop", "edge")


def start_edge(lab: Lab, broken: Broken) -> None:
    shop = lab.shop(broken.host)
    shop.compose("start", "edge")
    shop.wait(PAGES[broken.host], lab.authority)


def state_of_app(lab: Lab, host: str) -> dict[str, str]:
    """`restarts`, `oom`, `exit`, `running`, `started` of the app's container, as Docker on the host says."""
    form = "{{.RestartCount}} {{.State.OOMKilled}} {{.State.ExitCode}} {{.State.Running}} {{.State.StartedAt}}"
    said = lab.machine(host).inside("docker", "inspect", "-f", form, APP).split()
    return dict(zip(("restarts", "oom", "exit", "running", "started"), said, strict=True))


def _until(lab: Lab, host: str, ready: Callable[[dict[str, str]], bool], what: str) -> None:
    wait_until(lambda: ready(state_of_app(lab, host)), what, seconds=120, every=0.2)

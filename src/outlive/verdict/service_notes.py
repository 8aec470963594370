"""What is said of single services beside the verdict: why a health check fails, what loops, what was stopped. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from outlive.model.observation import Observation
from outlive.verdict import containers
from outlive.verdict.evidence import field, part
from outlive.verdict.judging import Judging
from outlive.verdict.words import span

_ALWAYS = ("always", "unless-stopped")


def of_health_checks(sick: Sequence[Observation], page_answers: bool) -> Iterator[str]:
    for one in sick:
        if program := containers.lacks(one):
            yield (
                f"the health check of {part(one)} calls {program}, which its image does not have: it says nothing about the "
                "service; mend the check, do not restart the service for it"
            )
        elif page_answers:
            yield (
                f"the health check of {part(one)} fails although its page answers: mend the check, "
                "do not restart the service for it"
            )
        else:
            yield f"{part(one)} runs and calls itself unhealthy: Docker does not restart it for that; read its log first"


def of_loops(looping: Sequence[Observation], boxes: Sequence[Observation], settings: Judging) -> Iterator[str]:
    for one in looping:
        yield (
            f"{part(one)} is in a crash loop: it is restarted again and again{_endings(one)}; read its log before "
            "restarting it too"
        )
        if field(one, "restart_policy") in _ALWAYS:
            yield f"its restart policy ({field(one, 'restart_policy')}) starts {part(one)} for ever, and hides the loop"
    for one in (one for one in boxes if one not in looping):
        if (times := containers.commanded_restarts(one, settings)) > settings.restarts:
            yield (
                f"{part(one)} was ended {times} times by a command, not by itself: a person, a deploy, or a watchdog that "
                "hides a fault; find out which"
            )
        if (times := containers.own_restarts(one, settings)) > settings.restarts:
            yield f"{part(one)} was in a crash loop ({times} ends lately{_endings(one)}) and has lived since: read its log"


def of_stopped(stopped: Sequence[Observation]) -> Iterator[str]:
    for one in stopped:
        yield f"{part(one)} does not run because it was told to stop: start it if that was not meant"


def of_memory(boxes: Sequence[Observation]) -> Iterator[str]:
    killed = list(containers.killed_for_memory(boxes))
    if killed:
        names = ", ".join(sorted(part(one) for one in killed))
        yield f"a container was killed for want of memory ({names}): see its limit and what else runs there"
    for one in boxes:
        if (times := containers.lost_children(one)) and one not in killed:
            yield (
                f"{part(one)} lives on, but {times} of its processes were killed for want of memory: what it waits for may "
                "never come; see its limit"
            )


def of_running(rests: Sequence[Observation]) -> Iterator[str]:
    """While pages hang: that no container died or was restarted is what tells a hang from a loop."""
    if rests:
        names = ", ".join(sorted(part(one) for one in rests))
        yield f"no crash loop: {names} run{'s' if len(rests) == 1 else ''} without a restart; a restart count sees no hang"


def _endings(one: Observation) -> str:
    """`, the last lives 2 s, 3 s with exit code 1`; empty where no death was seen."""
    told = containers.newest_deaths(one)[-3:]
    lives = [span(life) for death in told if (life := containers.life(death)) is not None]
    codes = sorted({str(death["exit_code"]) for death in told if death.get("exit_code") is not None})
    if not lives:
        return ""
    return f", the last lives {', '.join(lives)}" + (f" with exit code {' and '.join(codes)}" if codes else "")

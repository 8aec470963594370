"""A plan without changes is taken for proof, of either kind.

A normal plan hides what only drifted; it never shows a wiped disk, a reinstall or another host key; and it asks the same API
as the dashboard, so it is no second channel (research/watch.md 0, row 6; research/incident-and-provider.md 4.2, 4.3). It
does not show that all is well, and not that the API lies. A plan that failed is no data at all.
"""

from __future__ import annotations

from collections.abc import Iterator

from outlive.model.observation import Observation
from outlive.model.verdict import Name
from outlive.verdict.contradictions.model import Contradiction
from outlive.verdict.evidence import field, number
from outlive.verdict.hearing import LOSSES, Hearing

_LOST = LOSSES | {Name.UNKNOWN_MACHINE, Name.WRONG_MACHINE, Name.ADDRESS_MOVED, Name.REKEYED, Name.ROLLED_BACK}


def plan_is_blind(hearing: Hearing) -> Iterator[Contradiction]:
    if not hearing.losses and hearing.verdict.name not in _LOST:
        return
    scene = hearing.case.scene
    for one in scene.evidence.of("tofu.plan"):
        if one.subject not in (hearing.host, "project") and len(scene.pins) > 1:
            continue
        code = number(field(one, "exit_code"))
        if code == 0 and not field(one, "resource_drift"):
            yield Contradiction("OpenTofu's plan says 'No changes'", (one, *_evidence(hearing)), _why(one))
        elif code == 1 or one.error is not None:
            why = "the plan failed: it is no data, and no plan without drift"
            yield Contradiction("OpenTofu's plan shows no drift", (one,), why)


def _why(one: Observation) -> str:
    hidden = "" if field(one, "refresh_only") else "; it also hides what drifted, which only -refresh-only shows"
    return (
        "that proves nothing: a plan compares documents of the provider's API, and a reboot, a reinstall, a wiped disk "
        f"or another host key changes none of them{hidden}. It shows neither that the machine is well nor that the API lies"
    )


def _evidence(hearing: Hearing) -> tuple[Observation, ...]:
    """Where the machine itself is seen to be another: what the plan did not see."""
    return hearing.verdict.in_favour[:2] if hearing.verdict.name in _LOST else ()

"""The host does not answer, and that is all that is known.

Silence has a hundred causes: a firewall, a route, a full disk, a hung kernel, an unpaid bill, our own provider. It is never
loss (research/incident-and-provider.md 6.2; docs/why/silence-is-not-loss.md), whatever a provider's document or a person
adds to it, and however long it lasts. So it is never confirmed.
"""

from __future__ import annotations

from outlive.model.observation import Observation
from outlive.model.verdict import Name, Verdict
from outlive.verdict.case import Case
from outlive.verdict.finding import found, hands_off, missing, whereabouts
from outlive.verdict.sight import Answer


def unreachable_unproven(case: Case) -> Verdict | None:
    tried = tuple(_unanswered(case))
    if not tried:
        return None
    return found(
        case,
        Name.UNREACHABLE_UNPROVEN,
        tried,
        missing=(*missing(case), *whereabouts(case)),
        advice=(
            "look from another network, and at the provider's console: does the machine run, and what is on its screen?",
            "a rescue boot shows the disk without changing it",
        ),
        forbidden=hands_off(case),
        sure=False,
    )


def _unanswered(case: Case) -> tuple[Observation, ...]:
    """Looks at the host's addresses that brought no answer that tells who it is. That a log is not there is no silence."""
    looks = [one for place in (*case.own, case.main.place) for one in case.scene.sight(place).now.values()]
    failed = tuple(one for one in looks if one.error is not None and not one.fact.startswith("log."))
    asked = case.main.answer is Answer.SILENT or any(
        case.scene.sight(place).answer is Answer.SILENT for place in case.own
    )
    return failed if asked or case.main.answer is Answer.ANSWERS else ()

"""We could not see, so nothing is said about the host.

A watcher whose own network is down sees every host die at once; one whose clock is off sees stale things as fresh. Kuma
and Gatus both page people for their own faults (research/watch.md 1.2, 10.4). The keeper says how it is (`self`), and as
long as that is not well the verdict is `no_data`, in words that blame the keeper.
"""

from __future__ import annotations

from outlive.model.verdict import Name, Verdict
from outlive.verdict.blindness import words
from outlive.verdict.case import Case
from outlive.verdict.finding import found, hands_off


def keeper_blind(case: Case) -> Verdict | None:
    blind = case.scene.blind
    if blind is None:
        return None
    return found(
        case,
        Name.NO_DATA,
        (blind,),
        missing=(f"a look at {case.host} by a keeper that is well",),
        advice=(words(blind), "mend the keeper, or look from another network"),
        forbidden=hands_off(case),
        sure=False,
    )

"""The provider has switched the server off: for want of credit, or by somebody's hand. The data is still there.

It happened to the team of the outage four months later: preview was suspended for a low balance
(research/incident-and-provider.md 1.6). The server is silent, the provider's document says that it does not run or the
credit is used up, and a person who takes that for a loss rebuilds a machine that a payment would have brought back. Only the
provider can say so, so it is one channel, and never confirmed; a machine that answers is not suspended whatever the
document says.
"""

from __future__ import annotations

from outlive.model.observation import Observation
from outlive.model.verdict import Name, Verdict
from outlive.verdict.case import Case
from outlive.verdict.evidence import number
from outlive.verdict.finding import found, hands_off, missing
from outlive.verdict.servers import is_running
from outlive.verdict.sight import Answer


def suspended(case: Case) -> Verdict | None:
    if case.found or case.main.answer is Answer.ANSWERS:
        return None
    off = tuple(one for one in case.documents if not is_running(one))
    spent = _no_credit(case)
    if not off and not spent:
        return None
    return found(
        case,
        Name.SUSPENDED,
        (*off, *spent, *((case.main.silence,) if case.main.silence else ())),
        against=tuple(one for one in case.documents if is_running(one)),
        missing=missing(case),
        advice=(
            "look at the account's balance and open invoices, then at the server's power in the provider's console",
            f"when {case.host} runs again, ask all its addresses before anything else is done",
        ),
        forbidden=(
            *hands_off(case),
            f"do not let the provider delete {case.host}: suspended servers are deleted after a while; pay or ask first",
        ),
        sure=False,
    )


def _no_credit(case: Case) -> tuple[Observation, ...]:
    credit = case.scene.servers.credit
    hours = number(credit.value) if credit else None
    return (credit,) if credit and hours is not None and hours <= 0 else ()

"""Nothing is known of the host now: nobody looked, or what was seen does not say which machine it was.

A witness that failed reports no data, and no data is never "ok" (research/incident-and-provider.md 6.2 (6)). Something that
answers without any sign of its identity is nothing that we know either.
"""

from __future__ import annotations

from outlive.model.verdict import Name, Verdict
from outlive.verdict.case import Case
from outlive.verdict.finding import found, hands_off, missing
from outlive.verdict.sight import Answer


def no_data(case: Case) -> Verdict:
    answers = case.main.answer is Answer.ANSWERS
    advice = (
        f"something answers at {case.main.place}, and nothing that was seen says which machine it is"
        if answers
        else f"nobody has looked at {case.host} lately: `outlive check`, or ask {' and '.join(case.own) or 'its addresses'}"
    )
    return found(
        case,
        Name.NO_DATA,
        (),
        missing=missing(case),
        advice=(advice,),
        forbidden=hands_off(case),
        sure=False,
    )

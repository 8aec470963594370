"""May the old server still do what the new one does? PURE.

Two Temporal servers with the same schedules charge every card twice. Silence is no proof that the old one is off
(research/watch.md), and that a loss was given up in writing says nothing of it either.
"""

from __future__ import annotations

from outlive.model.verdict import Name
from outlive.recovery.gate import LOST
from outlive.recovery.steps.base import Inputs


def why_two(inputs: Inputs, former: str, *, rehearsal: bool) -> str:
    """Why schedules must wait, for people; "" when it is known that the old machine (`former`, its address) starts nothing
    any more. From what the steps before have found."""
    if rehearsal:
        return "this is a rehearsal, and the server that serves goes on"
    if inputs.fact("quarantined"):
        return ""
    if inputs.fact("stopped_on") == former:
        return ""
    if answering := inputs.fact("still_answers"):
        return f"{' and '.join(answering)} still answers as the old machine"
    if inputs.fact("confirmed") and inputs.fact("verdict") in {str(one) for one in LOST}:
        return ""
    verdict = inputs.fact("verdict") or Name.NO_DATA
    return f"nobody knows that the old machine is off (the verdict is {verdict}, not confirmed)"

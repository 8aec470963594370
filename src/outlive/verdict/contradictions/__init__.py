"""What is asserted and what speaks against it. One kind of contradiction a file.

A claim of a person is judged like everything else and never believed; and channels that disagree are shown, not averaged
(research/incident-and-provider.md 6.2 (4)). Everything ever observed counts here, not only what is in force now.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from outlive.verdict.contradictions.boot_older import boot_older
from outlive.verdict.contradictions.channels_disagree import channels_disagree
from outlive.verdict.contradictions.login_elsewhere import login_elsewhere
from outlive.verdict.contradictions.model import Contradiction
from outlive.verdict.contradictions.no_action import no_action
from outlive.verdict.contradictions.one_pid import one_pid
from outlive.verdict.contradictions.plan_is_blind import plan_is_blind
from outlive.verdict.contradictions.served_after_loss import served_after_loss
from outlive.verdict.contradictions.verdict_differs import verdict_differs
from outlive.verdict.hearing import Hearing

KINDS: tuple[Callable[[Hearing], Iterator[Contradiction]], ...] = (
    served_after_loss,
    boot_older,
    login_elsewhere,
    plan_is_blind,
    one_pid,
    no_action,
    verdict_differs,
    channels_disagree,
)


def contradictions(hearings: Iterable[Hearing]) -> tuple[Contradiction, ...]:
    found = (one for hearing in hearings for kind in KINDS for one in kind(hearing))
    kept: list[Contradiction] = []
    for one in found:
        if one not in kept:
            kept.append(one)
    return tuple(kept)

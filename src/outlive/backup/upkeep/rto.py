"""How long it takes to be back, as drills have measured it, and whether that is getting longer. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from outlive.model.copy import Copy, Proof

EARLIER = 7
SLOWER, WORTH_SECONDS = 1.5, 10.0  # so many times longer than usual, and by so much, is worth a word


@dataclass(frozen=True, slots=True)
class Rto:
    """Of the newest green drill, and what was usual in the ones before it (the median of up to seven; None: it was the
    first)."""

    seconds: float
    usual_seconds: float | None

    @property
    def is_slower(self) -> bool:
        usual = self.usual_seconds
        return usual is not None and self.seconds > max(usual * SLOWER, usual + WORTH_SECONDS)


def rto(copies: Sequence[Copy]) -> Rto | None:
    """From the drills of all copies of an asset; None when none was green and measured."""
    drills = [proof for copy in copies for proof in copy.proofs if proof.level is Proof.RESTORED and proof.ok]
    measured = [one.rto_seconds for one in sorted(drills, key=lambda one: one.at) if one.rto_seconds is not None]
    if not measured:
        return None
    *earlier, newest = measured
    return Rto(newest, median(earlier[-EARLIER:]) if earlier else None)

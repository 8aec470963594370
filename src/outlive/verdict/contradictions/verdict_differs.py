"""A person names one verdict, and the evidence comes to another.

Where nothing is known, the claim is not refuted, but nothing supports it either: silence is no proof of loss.
"""

from __future__ import annotations

from collections.abc import Iterator

from outlive.model.verdict import Name
from outlive.verdict.contradictions.model import Contradiction
from outlive.verdict.evidence import field
from outlive.verdict.hearing import Hearing, text_of

_NOTHING_KNOWN = frozenset({Name.UNREACHABLE_UNPROVEN, Name.NO_DATA})


def verdict_differs(hearing: Hearing) -> Iterator[Contradiction]:
    verdict = hearing.verdict
    for claim in hearing.claims:
        asserted = field(claim, "verdict")
        if not isinstance(asserted, str) or asserted == verdict.name:
            continue
        sure = "confirmed" if verdict.confirmed else "not confirmed"
        why = f"what is seen comes to {verdict.name} ({sure}), not to {asserted}"
        if verdict.name in _NOTHING_KNOWN:
            why = f"nothing that was seen shows {asserted}; it comes to {verdict.name}, and silence is no proof of loss"
        yield Contradiction(text_of(claim), verdict.in_favour, why)

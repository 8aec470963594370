"""A login that failed is taken for a machine that is gone.

A key is rejected by every machine that never had it, and a password prompt is what a provider's images show to any key they
do not know (research/incident-and-provider.md 5.2, rows 10 and 11). Asked at another address than the host's own, it does
not even concern the host.
"""

from __future__ import annotations

from collections.abc import Iterator

from outlive.verdict.contradictions.model import Contradiction
from outlive.verdict.hearing import Hearing, text_of
from outlive.verdict.words import clock

_REFUSED = ("rejected", "password_prompt")


def login_elsewhere(hearing: Hearing) -> Iterator[Contradiction]:
    case = hearing.case
    refused = [one for one in hearing.seen_at(*hearing.looked_at) if one.fact == "ssh.login" and one.value in _REFUSED]
    for place in dict.fromkeys(one.subject for one in refused):
        if case.scene.ledger.entry(place) in case.found:
            continue
        for claim in hearing.losses:
            yield Contradiction(
                text_of(claim), tuple(one for one in refused if one.subject == place), _why(hearing, place)
            )


def _why(hearing: Hearing, place: str) -> str:
    own = hearing.case.own
    if hearing.case.scene.ledger.entry(place) in own:
        return (
            f"a key that is rejected at {place} says that it is not in authorized_keys there, not which machine it is: "
            "that is what the host key says"
        )
    asked = [one for one in hearing.seen_at(*own) if one.fact.startswith("ssh.")]
    when_asked = f"last asked by SSH at {clock(asked[-1].at)}" if asked else "never asked by SSH"
    home = " and ".join(own) or "no address of its own"
    return (
        f"a key rejected at another address proves nothing: nobody showed that {place} is {hearing.host}, "
        f"and {home}, where it belongs, was {when_asked}"
    )

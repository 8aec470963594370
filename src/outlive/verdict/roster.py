"""Which hosts the evidence is about. Pure.

Enrolled ones, and those that somebody else speaks of by name (the provider, a machine's inside). Where nobody does, as
on the day of an outage for which nothing was prepared: what state, logs or a person's claim name.
"""

from __future__ import annotations

from outlive.verdict.evidence import Evidence
from outlive.verdict.subjects import address

PROJECT = "project"

_NAMING = ("pg.", "guest.", "volume.", "container", "ssh.")
_FALLBACKS = (("tofu.state", "ci.secret"), ("log.", "maintenance"), ("claim", "action"))


def hosts(evidence: Evidence) -> tuple[str, ...]:
    """Their names, sorted. Names that DNS answers for are no hosts unless enrolled or the provider's."""
    known = {one.subject for one in evidence.of("enrolled")} | _named(evidence, ("provider.server",))
    found = known | {one for one in _named(evidence, _NAMING) if "." not in one or not known}
    for prefixes in _FALLBACKS:
        found = found or _named(evidence, prefixes)
    return tuple(sorted(found))


def _named(evidence: Evidence, prefixes: tuple[str, ...]) -> set[str]:
    subjects = evidence.subjects_of(prefixes) - evidence.subjects_of(("dns.addresses",))
    return {one for one in subjects if one != PROJECT and address(one) is None and "://" not in one}

"""From what was found to what should be guarded. PURE.

The rule is to guard what could be data. What is left out is named with its reason, and what is data for sure but cannot
be copied yet is said to be at risk: nothing is passed over in silence.
"""

from __future__ import annotations

from outlive.model.asset import SecretRef
from outlive.survey.found import Survey
from outlive.survey.proposal import LeftOut, Names, Proposal, Proposed, slug
from outlive.survey.propose_checks import names as names_of
from outlive.survey.propose_checks import urls
from outlive.survey.propose_files import configs, paths, roots
from outlive.survey.propose_postgres import clusters
from outlive.survey.propose_temporal import temporals
from outlive.survey.propose_volumes import images, volumes


def propose(survey: Survey, *, host: str | None, dsn: SecretRef | None = None) -> Proposal:
    """The proposal for the host that will be called `host` (None: a managed Postgres, reached by `dsn`)."""
    names = Names()
    guarded, optional, unguarded = clusters(survey, host, dsn, names)
    if host is not None:
        for part in (volumes, paths, configs, roots):
            more, left = part(survey, host, names, tuple(guarded))
            guarded += more
            unguarded += left
        optional += images(survey, host, names)
        optional += temporals(survey, host, names)
    looked_at = {"urls": urls(survey), "names": names_of(survey)} if host is not None else {}
    return Proposal(host, tuple(guarded), tuple(optional), tuple(_sorted(unguarded)), **looked_at)


def host_name(survey: Survey, fallback: str) -> str:
    """What the host calls itself, without its domain; `fallback` (its address) when it does not tell."""
    own = survey.host.hostname.partition(".")[0] if survey.host else ""
    return slug(own if own and own != "localhost" else fallback)


def _sorted(unguarded: list[LeftOut]) -> list[LeftOut]:
    return sorted(unguarded, key=lambda one: (not one.at_risk, one.kind, one.name))


__all__ = ["LeftOut", "Proposal", "Proposed", "host_name", "propose"]

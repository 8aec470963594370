"""Temporal servers in containers: their schedules can be exported besides their database. PURE."""

from __future__ import annotations

import re

from outlive.model.asset import TemporalAsset
from outlive.survey.found import FoundDocker, Survey
from outlive.survey.proposal import Names, Proposed

_SERVER = re.compile(r"(^|/)temporalio/(auto-setup|server)([:@]|$)")
_ABOUT = "namespaces and schedules, by Temporal's API: pip install 'outlive[temporal]' here (docs/how-to/temporal.md)"


def temporals(survey: Survey, host: str, names: Names) -> list[Proposed]:
    """Each once, by its official image. What runs in it is in a database that is proposed as such."""
    found = survey.docker or FoundDocker()
    servers = {one.address: one for one in found.containers if one.running and _SERVER.search(one.image)}
    return [
        Proposed(
            TemporalAsset(name=names.fresh(one.project or one.name, "schedules"), host=host, container=address),
            (f"{_ABOUT}; {one.image}",),
        )
        for address, one in servers.items()
    ]

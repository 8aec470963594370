"""The JSON document of `outlive init`: what was found, what is proposed. No secret is in either."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from outlive.cli.init_files import Written
from outlive.survey.found import FoundPostgres, Survey
from outlive.survey.proposal import Proposal, Proposed


def document(survey: Survey, proposal: Proposal, written: Written, now: datetime) -> dict[str, Any]:
    """`{"at", "written", "toml", "survey": {...}, "proposal": {...}}`; `written` is null in a dry run."""
    return {
        "at": now,
        "written": str(written.path) if written.path else None,
        "toml": written.text,
        "survey": {
            "address": survey.address,
            "login": survey.login or (survey.host.user if survey.host else None),
            "host": asdict(survey.host) if survey.host else None,
            "docker": _docker(survey),
            "postgres": [_postgres(one) for one in survey.postgres],
            "sizes": {path: weight.bytes for path, weight in (survey.weights or {}).items()},
        },
        "proposal": {
            "host": proposal.host,
            "assets": [_proposed(one) for one in proposal.assets],
            "optional": [_proposed(one) for one in proposal.optional],
            "unguarded": [asdict(one) for one in proposal.unguarded],
            "urls": proposal.urls,
            "names": proposal.names,
        },
    }


def _docker(survey: Survey) -> dict[str, Any] | None:
    found = survey.docker
    if found is None:
        return None
    return asdict(found) | {"projects": found.projects}


def _postgres(found: FoundPostgres) -> dict[str, Any]:
    return asdict(found) | {"bytes": found.bytes}


def _proposed(one: Proposed) -> dict[str, Any]:
    facts = {"name": one.asset.name, "kind": one.asset.kind, "bytes": one.bytes}
    return facts | {"about": one.about, "notes": one.notes, "stop": one.stop}

"""What was told of the providers' projects and of OpenTofu's drift: when each was last heard, and what stands. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from outlive.config.schema import Settings
from outlive.model.observation import Observation
from outlive.model.stretch import Stretch
from outlive.watch.project_sight import FOUND
from outlive.witnesses import provider, tofu_plan

PAST = ("added", "gone", "changed")  # what is told of a moment, and not of now
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Told:
    """Of one provider or one folder of OpenTofu (`kind`: provider or tofu). `heard_at` is None when no whole answer ever
    came. `no_data` says why the last question got none, asked at `failed_at`; `silent_since` is when that began.
    `findings` are those of the last answer, and changes of a day."""

    kind: str
    name: str
    heard_at: datetime | None
    failed_at: datetime | None
    no_data: str
    findings: tuple[dict[str, Any], ...]
    silent_since: datetime | None = None

    @property
    def who(self) -> str:
        return f"{self.kind} {self.name}"

    def to_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "name": self.name,
            "heard_at": self.heard_at,
            "no_data": self.no_data or None,
            "findings": list(self.findings),
        }


def told(settings: Settings, stretches: Sequence[Stretch], now: datetime) -> list[Told]:
    """Of everything that is configured, in its order: what nobody has asked yet is there too."""
    return [
        *(_told("provider", one.name, stretches, now) for one in settings.providers),
        *(_told("tofu", one.name, stretches, now) for one in settings.tofu),
    ]


def _told(kind: str, name: str, stretches: Sequence[Stretch], now: datetime) -> Told:
    answers = [one for one in stretches if _is_of(kind, name, one.last)]
    heard_at = max((one.last.at for one in answers if one.last.error is None), default=None)
    failures = [one for one in answers if one.last.error is not None and (heard_at is None or one.last.at > heard_at)]
    failed = max((one.last for one in failures), key=lambda one: one.at, default=None)
    since = min((one.first.at for one in failures), default=None)
    why = str(failed.value.get("why") or failed.error) if failed else ""
    found = [one for one in stretches if one.last.fact == FOUND and one.last.witness == f"{kind} {name}"]
    standing = [one for one in found if _stands(one.last, heard_at, now)]
    standing.sort(key=lambda one: (not one.last.value["alarm"], one.first.at))
    failed_at = failed.at if failed else None
    return Told(
        kind, name, heard_at, failed_at, why, tuple(map(_finding, standing)), heard_at or since if failed else None
    )


def _is_of(kind: str, name: str, one: Observation) -> bool:
    """An answer, or a failure to give one. What a server is, is told before the list that it stands in."""
    if kind == "tofu":
        return one.fact == tofu_plan.FACT and one.value.get("name") == name
    failed = one.fact == provider.FACT and one.error is not None
    return one.witness == f"provider {name}" and (one.fact == provider.LISTING or failed)


def _stands(one: Observation, heard_at: datetime | None, now: datetime) -> bool:
    if one.value["kind"] in PAST:
        return one.at >= now - DAY
    return heard_at is None or one.at >= heard_at


def _finding(one: Stretch) -> dict[str, Any]:
    bare = {name: value for name, value in one.last.value.items() if name != "id"}
    return {"since": one.first.at, "at": one.last.at} | bare

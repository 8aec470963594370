"""What `status` says of the providers and of OpenTofu's drift: when each was last heard, and what stands. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from outlive.cli.words import moment
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
    came. `no_data` says why the last question got none, asked at `failed_at`. `findings` are those of the last answer,
    and changes of a day."""

    kind: str
    name: str
    heard_at: datetime | None
    failed_at: datetime | None
    no_data: str
    findings: tuple[dict[str, Any], ...]

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


def risks(found: Iterable[Told]) -> Iterator[str]:
    for one in found:
        yield from (f"{_who(one)}: {finding['what']}" for finding in one.findings if finding["alarm"])


def not_seen(found: Iterable[Told], now: datetime) -> Iterator[dict[str, Any]]:
    """Who was asked last and gave nothing."""
    for one in found:
        if one.failed_at is not None:
            since = one.heard_at or one.failed_at
            yield {"what": _who(one), "from": since, "to": now, "why": one.no_data}


def lines(found: Iterable[Told]) -> Iterator[str]:
    for one in found:
        heard = "never heard" if one.heard_at is None else f"last heard {moment(one.heard_at)}"
        yield f"{_who(one)}: {heard}" + (f"; no data since: {one.no_data}" if one.failed_at else "")
        yield from (f"{_who(one)}: note: {finding['what']}" for finding in one.findings if not finding["alarm"])


def _told(kind: str, name: str, stretches: Sequence[Stretch], now: datetime) -> Told:
    answers = [one.last for one in stretches if _is_of(kind, name, one.last)]
    heard_at = max((one.at for one in answers if one.error is None), default=None)
    failed = max((one for one in answers if one.error is not None), key=lambda one: one.at, default=None)
    if failed and heard_at and failed.at <= heard_at:
        failed = None
    why = str(failed.value.get("why") or failed.error) if failed else ""
    found = [one for one in stretches if one.last.fact == FOUND and one.last.witness == f"{kind} {name}"]
    standing = [one for one in found if _stands(one.last, heard_at, now)]
    standing.sort(key=lambda one: (not one.last.value["alarm"], one.first.at))
    return Told(kind, name, heard_at, failed.at if failed else None, why, tuple(map(_finding, standing)))


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


def _who(one: Told) -> str:
    return f"{one.kind} {one.name}"

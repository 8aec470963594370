"""The judge: all observations in, one verdict a host out. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from outlive.model.observation import Observation
from outlive.model.verdict import Address, Name, Verdict
from outlive.verdict.case import Case, case
from outlive.verdict.judgement import Judgement
from outlive.verdict.judging import Judging
from outlive.verdict.maintenance import accepted
from outlive.verdict.rules import RULES
from outlive.verdict.scene import Scene

_NO_NEWS = frozenset({Name.SAME_MACHINE_OK, Name.UNREACHABLE_UNPROVEN, Name.NO_DATA})


def judge(observations: Iterable[Observation], *, now: datetime, settings: Judging = Judging()) -> Judgement:
    """Observations of any age, in any order, also repeated ones. Enrolments come among them (fact `enrolled`)."""
    scene = Scene(observations, now, settings)
    verdicts = tuple(_verdict(case(host, scene)) for host in scene.pins)
    return Judgement(verdicts, _addresses(scene), scene)


def _verdict(one: Case) -> Verdict:
    found = [verdict for rule in RULES if (verdict := rule(one)) is not None]
    verdict, others = found[0], [other for other in found[1:] if other.name not in _NO_NEWS]
    if verdict.name is Name.NO_DATA:
        return verdict
    also = tuple(f"also seen: {other.name}" for other in others if other.name is not verdict.name)
    return accepted(one, replace(verdict, advice=(*verdict.advice, *dict.fromkeys(also))))


def _addresses(scene: Scene) -> tuple[Address, ...]:
    asked = (place for place in scene.sights if place not in scene.pins)
    every = sorted({*scene.ledger.addresses, *asked})
    return tuple(Address(at, scene.ledger.told_by(at) or ("asked",), scene.answers.get(at)) for at in every)

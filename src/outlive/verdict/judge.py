"""The judge: all observations in, one verdict a host out. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from outlive.model.observation import Observation
from outlive.model.verdict import Address, Name, Verdict
from outlive.verdict.case import Case, case
from outlive.verdict.finding import hands_off
from outlive.verdict.hearing import Hearing, hearing
from outlive.verdict.judgement import Judgement
from outlive.verdict.judging import Judging
from outlive.verdict.maintenance import accepted
from outlive.verdict.rules import RULES
from outlive.verdict.scene import Scene

_SAID_WITH = {Name.SAME_MACHINE_APP_HUNG: Name.SAME_MACHINE_APP_DOWN}
_NO_NEWS = frozenset({Name.SAME_MACHINE_OK, Name.UNREACHABLE_UNPROVEN, Name.NO_DATA})


def judge(observations: Iterable[Observation], *, now: datetime, settings: Judging = Judging()) -> Judgement:
    """Observations of any age, in any order, also repeated ones. Enrolments come among them (fact `enrolled`)."""
    scene = Scene(observations, now, settings)
    cases = [case(host, scene) for host in scene.pins]
    hearings = tuple(_heard(one) for one in cases)
    return Judgement(tuple(one.verdict for one in hearings), _addresses(scene), scene, hearings)


def _heard(one: Case) -> Hearing:
    """The verdict, and what people assert. A claim changes no verdict; but where somebody speaks of loss, a machine that is
    there must not be destroyed for it."""
    heard = hearing(one, _verdict(one))
    if heard.losses and not heard.verdict.forbidden:
        return replace(heard, verdict=replace(heard.verdict, forbidden=hands_off(one)))
    return heard


def _verdict(one: Case) -> Verdict:
    found = [verdict for rule in RULES if (verdict := rule(one)) is not None]
    verdict = found[0]
    if verdict.name is Name.NO_DATA:
        return verdict
    implied = _NO_NEWS | {verdict.name, _SAID_WITH.get(verdict.name, verdict.name)}
    also = tuple(f"also seen: {other.name}" for other in found[1:] if other.name not in implied)
    return accepted(one, replace(verdict, advice=(*verdict.advice, *dict.fromkeys(also))))


def _addresses(scene: Scene) -> tuple[Address, ...]:
    asked = (place for place in scene.sights if place not in scene.pins)
    every = sorted({*scene.ledger.addresses, *asked})
    return tuple(Address(at, scene.ledger.told_by(at) or ("asked",), scene.answers.get(at)) for at in every)

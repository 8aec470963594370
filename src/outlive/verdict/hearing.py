"""One host's verdict together with what people assert about it, and what their assertions are measured by. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from outlive.model.observation import Channel, Observation
from outlive.model.verdict import Name, Verdict
from outlive.verdict.case import Case, serves_valid_certificate
from outlive.verdict.evidence import channel, when
from outlive.verdict.evidence import field as value_of
from outlive.verdict.likeness import Kind
from outlive.verdict.sight import HOST_KEY
from outlive.verdict.signs import SYSTEM_ID, UNIQUE, fingerprint
from outlive.verdict.subjects import address

LOSSES = frozenset({Name.MACHINE_REPLACED, Name.OS_REINSTALLED, Name.DATA_REPLACED})
_OF_LOSS = re.compile(r"replac|rebuil|reinstall|wiped|lost|gone|unrecoverable|destroyed", re.IGNORECASE)
_NOBODY = re.compile(
    r"\bno\b[^.;]{0,40}\b(action|deploy|change|apply|call)|nobody (did|touched|changed)", re.IGNORECASE
)
_DAY = timedelta(days=1)
_TROUBLE = ("http.response", "tcp.connect", HOST_KEY)


@dataclass(frozen=True, slots=True)
class Hearing:
    case: Case
    verdict: Verdict
    claims: tuple[Observation, ...] = field(default=())

    @property
    def host(self) -> str:
        return self.case.host

    @property
    def losses(self) -> tuple[Observation, ...]:
        """The claims that machine or data are lost or replaced."""
        return tuple(one for one in self.claims if is_of_loss(one))

    @property
    def own_places(self) -> tuple[str, ...]:
        return (*self.case.own, self.host)

    @property
    def looked_at(self) -> tuple[str, ...]:
        """Every place that anybody took for the host: what was given for it, and, where there is no other host, whatever
        else was asked."""
        scene = self.case.scene
        asked = scene.placed if len(scene.pins) == 1 else ()
        return tuple(sorted({*self.own_places, *self.case.told, *asked}))

    def seen_at(self, *places: str) -> list[Observation]:
        """Everything ever seen at these places, oldest first."""
        seen = [one for place in places for one in self.case.scene.placed.get(place, ())]
        return sorted(seen, key=lambda one: one.at)

    def signs_of_life(self) -> list[Observation]:
        """When the host's own machine was seen alive, oldest first: by what was pinned, wherever; by a valid certificate at
        its own address, as long as no other machine stood there."""
        places = {*self.own_places, *self.case.told, *self.case.found}
        return [one for one in self.seen_at(*sorted(places)) if self._is_pinned(one) or self._is_served(one)]

    def alleged(self, claim: Observation) -> datetime:
        """When the loss is said to have happened (`since` of the claim); else when the trouble began, in the day before
        somebody claimed it."""
        said = when(value_of(claim, "since"))
        if said is not None:
            return said
        seen = self.seen_at(*self.looked_at)
        troubles = (one.at for one in seen if claim.at - _DAY <= one.at <= claim.at and is_trouble(one))
        return min(troubles, default=claim.at)

    def _is_pinned(self, one: Observation) -> bool:
        if one.fact not in (*UNIQUE, SYSTEM_ID) or one.error is not None:
            return False
        value = fingerprint(one.fact, one.value)
        pinned = {fingerprint(one.fact, known) for known in self.case.pins.known(one.fact, one.cluster or "")}
        return value in pinned and (one.fact, value) not in self.case.scene.shared

    def _is_served(self, one: Observation) -> bool:
        scene = self.case.scene
        homes = (home for home in self.case.own if one in scene.placed.get(home, ()))
        return serves_valid_certificate(one) and any(self._was_ours(home, one.at) for home in homes)

    def _was_ours(self, home: str, at: datetime) -> bool:
        """Whether no other machine is known to have stood there then."""
        scene = self.case.scene
        since = scene.sight(home).since
        if scene.likeness_at(self.host, home).kind in (Kind.KEY_ONLY, Kind.NEW_DISK):
            return since is not None and at < since
        return True


def is_of_loss(claim: Observation) -> bool:
    verdict = value_of(claim, "verdict")
    if isinstance(verdict, str):
        return verdict in LOSSES
    return bool(_OF_LOSS.search(text_of(claim))) and not says_nobody_acted(claim)


def text_of(claim: Observation) -> str:
    said = value_of(claim, "text") or value_of(claim, "verdict")
    return str(said if said is not None else claim.value)


def says_nobody_acted(claim: Observation) -> bool:
    return bool(_NOBODY.search(text_of(claim)))


def is_trouble(one: Observation) -> bool:
    if one.fact not in _TROUBLE or channel(one) is not Channel.OUTSIDE:
        return False
    status = value_of(one, "status")
    return one.error is not None or (isinstance(status, int) and status >= 500)


def hearing(case: Case, verdict: Verdict) -> Hearing:
    only = len(case.scene.pins) == 1
    mine = {case.host, *case.told}
    claims = (
        one
        for one in case.scene.evidence.of("claim")
        if one.subject in mine or (address(one.subject) or one.subject) in mine or only
    )
    return Hearing(case, verdict, tuple(claims))

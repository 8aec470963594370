"""What is known of a host, row by row of the truth table (predictions.py). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from outlive.model.observation import Channel, Observation
from outlive.model.verdict import Name
from outlive.verdict.case import Case, serves_valid_certificate
from outlive.verdict.evidence import channel, when
from outlive.verdict.finding import seen
from outlive.verdict.hearing import Hearing
from outlive.verdict.rules.cloned import cloned
from outlive.verdict.rules.dns_elsewhere import dns_elsewhere
from outlive.verdict.rules.duplicate import duplicate
from outlive.verdict.rules.possible_compromise import possible_compromise
from outlive.verdict.rules.rolled_back import LSN, rolled_back
from outlive.verdict.servers import has_address, is_running
from outlive.verdict.sight import DMI, HOST_KEY, MACHINE_ID, Answer
from outlive.verdict.signs import BOOT_ID, BOOT_TIME, DATA, ENGINE, MARKER

Clue = tuple[str, bool, Observation]  # row, whether it holds, by which observation

_ROWS = {
    HOST_KEY: "key",
    MACHINE_ID: "machine_id",
    DMI: "hardware",
    ENGINE: "engine",
    MARKER: "engine",
    BOOT_ID: "boot",
    **dict.fromkeys(DATA, "data"),
}

_CLOCK = timedelta(minutes=10)
_TWOS = {
    Name.CLONED: cloned,
    Name.DUPLICATE: duplicate,
    Name.DNS_ELSEWHERE: dns_elsewhere,
    Name.POSSIBLE_COMPROMISE: possible_compromise,
}  # seen by their own rules


def clues(hearing: Hearing) -> tuple[Clue, ...]:
    case = hearing.case
    return (
        *((_ROWS[one.fact], one.same, one.now) for one in case.like.signs if one.fact in _ROWS and not one.is_shared),
        *_service(case),
        *_documents(case),
        *_silence(case),
        *_elsewhere(case),
        *_after_loss(hearing),
        *((name.value, True, one) for name, rule in _TWOS.items() if (found := rule(case)) for one in found.in_favour),
    )


def _service(case: Case) -> Iterator[Clue]:
    health = case.health
    for one in case.main.now.values():
        if serves_valid_certificate(one) and case.main.place in (*case.own, case.host):
            yield "certificate", True, one
    yield from (("service", False, one) for one in health.bad)
    yield from (("service", True, one) for one in health.good if not health.bad)
    yield from (("hangs", True, one) for one in (*health.hung, *health.hints) if health.bad)
    yield from (("hangs", False, one) for one in health.looping)
    positions = case.main.values(LSN)
    back = rolled_back(case)
    yield from (("position", back is None or one not in back.in_favour, one) for one in positions)


def _documents(case: Case) -> Iterator[Clue]:
    same = case.scene.servers.is_same(case.host)
    for one in case.documents:
        at_home = any(has_address(one, place) for place in case.own)
        if same is not None:
            yield "listed", same and at_home, one
        yield "off", not is_running(one), one


def _silence(case: Case) -> Iterator[Clue]:
    for place in case.own:
        sight = case.scene.sight(place)
        if sight.silence is not None:
            yield "silent", True, sight.silence
        elif sight.answer is Answer.ANSWERS:
            yield from (("silent", False, one) for one in list(sight.values("http.response"))[:1])


def _elsewhere(case: Case) -> Iterator[Clue]:
    """What was seen at other addresses that were given for the host."""
    for place in case.told:
        if place in case.own:
            continue
        sight = case.scene.sight(place)
        for one in sight.values("ssh.login"):
            if one.value in ("rejected", "password_prompt"):
                yield "login", False, one
        if place in case.others_at((place,)):
            yield from (("other", True, one) for one in sight.values(HOST_KEY))
        if place in case.found and not case.at_home:
            yield from (("moved", True, one) for one in seen(case.scene.likeness_at(case.host, place).same))


def _after_loss(hearing: Hearing) -> Iterator[Clue]:
    alleged = [hearing.alleged(claim) for claim in hearing.losses]
    if not alleged:
        return
    since = min(alleged)
    logs = (one for one in hearing.seen_at(*hearing.own_places) if channel(one) is Channel.TELEMETRY)
    yield from (("alive", True, one) for one in _last_after(since, (*hearing.signs_of_life(), *logs)))
    boots = [
        one for one in hearing.seen_at(*hearing.looked_at) if one.fact == BOOT_TIME and when(one.value) is not None
    ]
    for one in [boot for boot in boots if boot.at >= since - _CLOCK][-1:]:
        yield "older", (when(one.value) or since) < since - _CLOCK, one


def _last_after(since: datetime, observations: Iterable[Observation]) -> list[Observation]:
    return sorted((one for one in observations if one.at >= since), key=lambda one: one.at)[-3:]

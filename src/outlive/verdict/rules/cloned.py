"""Two machines have the identity of one.

A snapshot started as another server has our disk: host key, machine-id, engine id, data. cloud-init gives it a new host
key but keeps the machine-id (canonical/cloud-init#4066, wont_fix), so a machine-id alone never says "this is ours"
(research/watch.md 3.2 column Cl, 3.3 rule 9). What a copy cannot have is the original's kernel and hardware: another boot-id
or DMI uuid at the same time, or a boot that is older than our last contact with the original.

One machine with two addresses is the everyday explanation for one host key at two places, so the key alone is not
enough; the same boot-id at both settles it. A machine-id that is the only thing in common may come from a sloppy image:
then it is named, and never confirmed. A standby has its primary's system identifier by design, which therefore says
nothing here.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from outlive.model.observation import Observation
from outlive.model.verdict import Name, Verdict
from outlive.verdict.case import Case
from outlive.verdict.evidence import text, when
from outlive.verdict.finding import found, hands_off, missing, seen
from outlive.verdict.sight import DMI, HOST_KEY, MACHINE_ID, Answer, Sight
from outlive.verdict.signs import BOOT_ID, BOOT_TIME, ENGINE

_COPIED = (HOST_KEY, MACHINE_ID, ENGINE)  # not the certificate: it can be deployed to many machines
_ITS_OWN = (BOOT_ID, DMI, HOST_KEY)
_CLOCK = timedelta(minutes=10)  # by how much a guest's clock may be wrong about when it booted


def cloned(case: Case) -> Verdict | None:
    for place in _lookalikes(case):
        if (proof := _told_apart(case, place)) is not None:
            return _verdict(case, place, proof)
    if case.found and case.board is False:
        return _verdict(case, case.main.place, (*seen(case.like.same), *seen(case.like.changed)), alone=True)
    if older := tuple(_older_boot(case)):
        return _verdict(case, case.main.place, (*seen(case.like.same), *older), alone=True)
    return None


def _verdict(case: Case, place: str, proof: tuple[Observation, ...], *, alone: bool = False) -> Verdict:
    where = place if alone else f"{case.main.place} and {place}"
    told = "the original was not seen" if alone else "both are up"
    only_machine_id = not alone and {one.fact for one in case.scene.likeness_at(case.host, place).same} <= {MACHINE_ID}
    return found(
        case,
        Name.CLONED,
        proof,
        missing=(*missing(case, *_ITS_OWN), *(f"{fact} at {place}" for fact in _unseen(case, place))),
        advice=(
            f"a copy of {case.host}'s disk answers at {where} ({told}): find out which is the original, and fence the other "
            "off (stop its services, take it out of DNS) before both write",
            "give the copy its own identity (machine-id, host keys) and enrol it, if it is wanted",
        ),
        forbidden=(
            *hands_off(case),
            f"do not let two copies of {case.host} write at once: their data part ways and cannot be joined again",
        ),
        sure=not alone and not only_machine_id and _at_once(case, place),
    )


def _lookalikes(case: Case) -> Iterator[str]:
    """Other places where something that only this disk holds was seen, as no other host of ours."""
    answers = case.scene.answers
    for place in case.scene.looks_like.get(case.host, ()):
        if place in (case.main.place, case.host) or case.scene.sight(place).answer is not Answer.ANSWERS:
            continue
        if answers.get(place) in (case.host, "unknown") and _copied(case, place):
            yield place


def _copied(case: Case, place: str) -> tuple[Observation, ...]:
    together = _together(case, case.scene.sight(place))
    same = case.scene.likeness_at(case.host, place).same
    return seen(one for one in same if one.fact in _COPIED and one.now in together.values())


def _told_apart(case: Case, place: str) -> tuple[Observation, ...] | None:
    """The observations that show two machines; None when it may be one with two addresses, or the host moved."""
    mine, its = _together(case, case.main), _together(case, case.scene.sight(place))
    both = [fact for fact in _ITS_OWN if fact in mine and fact in its]
    apart = [fact for fact in both if text(mine[fact].value) != text(its[fact].value)]
    is_mine = case.like.is_self and any(one.now in mine.values() for one in case.like.same_disk)
    if not apart or not is_mine or (BOOT_ID in both and BOOT_ID not in apart):
        return None
    return (*_copied(case, place), *(one for fact in apart for one in (mine[fact], its[fact])))


def _at_once(case: Case, place: str) -> bool:
    """Whether both were seen at the same moment, as far as two clocks can say. First here, then there, may be one machine
    that was moved, and started again on the way."""
    mine, its = (max(one.at for one in _together(case, at).values()) for at in (case.main, case.scene.sight(place)))
    apart = abs((mine - its).total_seconds())
    return apart <= case.scene.settings.slack_seconds


def _together(case: Case, sight: Sight) -> dict[str, Observation]:
    """What one look saw at a place: older facts may be those of the machine that was there before."""
    facts = dict.fromkeys((*_COPIED, *_ITS_OWN))
    known = {fact: one for fact in facts if (one := sight.value(fact)) is not None}
    newest = max((one.at for one in known.values()), default=case.now)
    together = timedelta(seconds=case.scene.settings.together_seconds)
    return {fact: one for fact, one in known.items() if one.at >= newest - together}


def _unseen(case: Case, place: str) -> tuple[str, ...]:
    return tuple(fact for fact in (BOOT_ID, DMI) if case.scene.sight(place).value(fact) is None)


def _older_boot(case: Case) -> Iterator[Observation]:
    """A boot that began before our last sight of another boot of the same machine: both ran at once."""
    boot, began = case.main.value(BOOT_ID), case.main.value(BOOT_TIME)
    at = when(began.value) if began else None
    if boot is None or began is None or at is None or not case.like.is_self:
        return
    for former in reversed(case.past.before(boot)):
        if former.value != boot.value:
            if at < former.at - _CLOCK:
                yield from (former, boot, began)
            return

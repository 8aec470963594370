"""What is seen at one place now, and what is only remembered of it. Pure.

"Now" is the newest word on each thing, as long as it is not too old and nothing newer speaks against it:
 - what a witness says replaces what it said before, also when it now has no answer;
 - when the place has fallen silent, nothing that was seen there before is "now" any more;
 - when another machine began to answer there (another host key, machine-id or hardware), what was seen nearer to the
   former machine belongs to the former machine;
 - a login takes a connection, then a key exchange: when one of them fails, what the same witness saw of the later ones
   before is over;
 - when logging in fails, what was seen inside is remembered, not seen.
Between two witnesses, whose clocks may disagree, only differences beyond the slack say which is newer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property

from outlive.model.observation import Channel, Observation
from outlive.verdict.evidence import Key, channel, text
from outlive.verdict.judging import Judging

HOST_KEY, MACHINE_ID, DMI = "ssh.host_key", "guest.machine_id", "guest.dmi_uuid"

_KEY, _LOGIN = (HOST_KEY, ""), ("ssh.login", "")
_STEPS = (("tcp.connect", "22"), _KEY, _LOGIN)  # of a login, each of which takes the one before
_ASKED_FROM_OUTSIDE = frozenset({HOST_KEY, "ssh.login", "tcp.connect", "tls.leaf", "http.response"})
_SILENT = ("timeout", "timed out", "unreachable", "no route")


class Answer(StrEnum):
    ANSWERS = "answers"
    SILENT = "silent"
    UNASKED = "unasked"


@dataclass(frozen=True)
class Sight:
    """`now`: the word in force on each thing, errors included. `since`: when the machine that is there now was first told
    from the one before. `silence`: the newest look, where it got no answer."""

    place: str
    answer: Answer = Answer.UNASKED
    now: Mapping[Key, Observation] = field(default_factory=dict)
    since: datetime | None = None
    silence: Observation | None = None
    conflicts: tuple[tuple[Observation, Observation], ...] = ()

    def all(self, fact: str) -> tuple[Observation, ...]:
        """What is in force on a fact, errors included."""
        return self._by_fact.get(fact, ())

    @cached_property
    def _by_fact(self) -> dict[str, tuple[Observation, ...]]:
        found: dict[str, tuple[Observation, ...]] = {}
        for (fact, _), one in self.now.items():
            found[fact] = (*found.get(fact, ()), one)
        return found

    def values(self, fact: str) -> tuple[Observation, ...]:
        return tuple(one for one in self.all(fact) if one.error is None)

    def value(self, fact: str) -> Observation | None:
        return max(self.values(fact), key=lambda one: one.at, default=None)


def answered(one: Observation) -> bool | None:
    """Whether something at the other end answered; None when it was no look from outside, or never got that far."""
    if one.fact not in _ASKED_FROM_OUTSIDE or channel(one) is not Channel.OUTSIDE:
        return None
    if one.error is None:
        return True
    if one.error == "banner_timeout" or one.error in ("headers_timeout", "body_timeout"):
        return True  # the kernel at the other end took the connection
    if any(word in one.error for word in _SILENT):
        return False
    return None if one.error.startswith("dns") else True


def sight(place: str, seen: Mapping[Key, Sequence[Observation]], now: datetime, settings: Judging) -> Sight:
    """From everything that was ever seen at one place: of each thing, oldest first."""
    slack = timedelta(seconds=settings.slack_seconds)
    newest = _standing({key: _newest(said) for key, said in seen.items()})
    settled = {key: _settle(said, slack) for key, said in newest.items()}
    looks = [one for said in newest.values() for one in said if _is_recent(one, now, settings)]
    answer, silence = _answer(looks, slack)
    doors = [one for key in (_KEY, _LOGIN) if (one := settled.get(key)) is not None and _is_closed(one)]
    since = _since(seen, slack)
    in_force = {
        key: one
        for key, one in settled.items()
        if _is_recent(one, now, settings)
        and (since is None or one.at >= since)
        and not (answer is Answer.SILENT and silence and _is_before_silence(one, silence, slack))
        and not any(_is_behind(door, one, slack) for door in doors)
    }
    conflicts = tuple(pair for key, said in newest.items() if key in in_force for pair in _conflicts(said, slack))
    return Sight(place, answer, in_force, since, silence if answer is Answer.SILENT else None, conflicts)


def merged(main: Sight, by_name: Sight | None, slack_seconds: float) -> Sight:
    """With what was said of the host by name, as far as it can be about the machine that is seen at `main` now."""
    if by_name is None:
        return main
    slack = timedelta(seconds=slack_seconds)
    kept = {
        key: one
        for key, one in by_name.now.items()
        if (main.since is None or one.at >= main.since)
        and not (main.silence and one.at < main.silence.at - slack)
        and not (key in main.now and main.now[key].at > one.at)
    }
    answer = by_name.answer if main.answer is Answer.UNASKED else main.answer
    conflicts = (*main.conflicts, *by_name.conflicts)
    return Sight(main.place, answer, {**main.now, **kept}, main.since, main.silence, conflicts)


def _newest(said: Sequence[Observation]) -> list[Observation]:
    """The newest word of each witness, oldest first."""
    by_witness: dict[str, Observation] = {}
    for one in said:
        by_witness.pop(one.witness, None)
        by_witness[one.witness] = one
    return list(by_witness.values())


def _standing(newest: Mapping[Key, list[Observation]]) -> dict[Key, list[Observation]]:
    """Without what has ended because the same witness failed since then at an earlier step of a login."""
    standing, failed = dict(newest), dict[str, datetime]()
    for step in _STEPS:
        said = newest.get(step, [])
        if kept := [one for one in said if one.witness not in failed or one.at >= failed[one.witness]]:
            standing[step] = kept
        else:
            standing.pop(step, None)
        for one in said:
            if one.error is not None:
                failed[one.witness] = max(one.at, failed.get(one.witness, one.at))
    return standing


def _settle(said: Sequence[Observation], slack: timedelta) -> Observation:
    """The newest; but an answer to one witness outweighs that another, at about the same time, got none."""
    newest = said[-1]
    if newest.error is None:
        return newest
    answers = (one for one in reversed(said) if one.error is None and one.at >= newest.at - slack)
    return next(answers, newest)


def _conflicts(said: Sequence[Observation], slack: timedelta) -> Iterable[tuple[Observation, Observation]]:
    newest = said[-1]
    if newest.fact in (HOST_KEY, MACHINE_ID, DMI) and newest.error is None:
        for one in said[:-1]:
            if one.error is None and one.at >= newest.at - slack and text(one.value) != text(newest.value):
                yield one, newest


def _is_recent(one: Observation, now: datetime, settings: Judging) -> bool:
    return (now - one.at).total_seconds() <= settings.max_age(one.fact)


def _answer(looks: Iterable[Observation], slack: timedelta) -> tuple[Answer, Observation | None]:
    """Silent when the newest looks of all witnesses got no answer, or one that was older than the silence."""
    looks = list(looks)
    answers = [one for one in looks if answered(one)]
    silences = [one for one in looks if answered(one) is False]
    silence = max(silences, key=lambda one: one.at, default=None)
    if any(silence is None or one.at >= silence.at - slack for one in answers):
        return Answer.ANSWERS, silence
    if silence is not None:
        return Answer.SILENT, silence
    inside = any(one.fact.startswith("guest.") and one.error is None for one in looks)
    return (Answer.ANSWERS if inside else Answer.UNASKED), None


def _is_before_silence(one: Observation, silence: Observation, slack: timedelta) -> bool:
    """What comes by another road (Postgres, logs) is not ended by the same second's silence of the network."""
    if one.error is not None:
        return False
    by_another_road = channel(one) in (Channel.DATA, Channel.TELEMETRY)
    return one.at < silence.at - slack if by_another_road else one.at <= silence.at


def _is_closed(door: Observation) -> bool:
    return door.error is not None or door.value in ("rejected", "password_prompt")


def _is_behind(door: Observation, one: Observation, slack: timedelta) -> bool:
    """Whether something was seen inside before the door closed."""
    if not one.fact.startswith("guest."):
        return False
    return one.at < (door.at if one.witness == door.witness else door.at - slack)


def _since(seen: Mapping[Key, Sequence[Observation]], slack: timedelta) -> datetime | None:
    """The latest moment at which one machine gave way to another: half-way between the last sight of the former and the
    first of the present one, so that each fact goes to the machine that was seen nearest to it in time."""
    borders = (_border(seen.get((fact, ""), ()), slack) for fact in (HOST_KEY, MACHINE_ID, DMI))
    return max((border for border in borders if border is not None), default=None)


def _border(seen: Sequence[Observation], slack: timedelta) -> datetime | None:
    seen = [one for one in seen if one.error is None]
    if not seen:
        return None
    newest = first = seen[-1]
    for one in reversed(seen):
        if text(one.value) == text(newest.value):
            first = one
        elif one.witness == newest.witness or one.at < newest.at - slack:
            return one.at + (first.at - one.at) / 2
    return None

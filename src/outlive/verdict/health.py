"""Does the service answer, and if not: is it dead or does it hang? Pure. Says nothing about which machine it is.

Dead and hung want different cures, and a readiness URL tells them apart badly: in the outage `/readyz` answered while
every page hung (research/watch.md 0). One bad page outweighs any number of good ones. A 502 says only that a proxy got no
proper answer; that the process behind it lives and hangs is known from whoever waited for it in vain, from a log that
goes on, or from one process id that goes on being named.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby

from outlive.model.observation import Channel, Observation
from outlive.verdict import containers
from outlive.verdict.evidence import channel, field, number, part, text
from outlive.verdict.past import Past
from outlive.verdict.sight import Answer, Sight

_WEB = (80, 443)
_LOG_SILENCE = timedelta(minutes=5)
_WAITED = ("headers_timeout", "body_timeout")


@dataclass(frozen=True, slots=True)
class Health:
    """What was seen of the service. `hints` make a dead-looking one a hung one; alone they say nothing."""

    hung: tuple[Observation, ...] = ()
    down: tuple[Observation, ...] = ()
    good: tuple[Observation, ...] = ()
    hints: tuple[Observation, ...] = ()
    looping: tuple[Observation, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def is_hung(self) -> bool:
        return bool(self.hung or (self.down and self.hints)) and not self.looping and not self._is_dead

    @property
    def is_down(self) -> bool:
        return bool(self.hung or self.down or self.looping)

    @property
    def bad(self) -> tuple[Observation, ...]:
        return (*self.hung, *self.down, *self.looping)

    @property
    def _is_dead(self) -> bool:
        return any(one.fact == "container" and containers.is_dead(one) for one in self.down)


def health(seen: Sequence[Sight], past: Past) -> Health:
    """Of a host, from the places that answer as it."""
    looks = [(one, place.answer) for place in seen for one in place.now.values()]
    pages = [(_page(one, answer), one) for one, answer in looks if one.fact == "http.response"]
    ports = [one for one, answer in looks if one.fact == "tcp.connect" and _is_shut(one, answer, past)]
    good = tuple(one for state, one in pages if state == "good")
    boxes = [one for one, _ in looks if one.fact == "container"]
    looping = tuple(one for one in boxes if containers.is_looping([*past.before(one), one]))
    dead = tuple(one for one in boxes if containers.is_dead(one) and one not in looping)
    sick = tuple(one for one in boxes if containers.is_unhealthy(one) and one not in (*looping, *dead))
    newest_good = max((one.at for one in good), default=None)
    hints = (one for one in _hints([one for one, _ in looks]) if newest_good is None or one.at > newest_good)
    return Health(
        hung=tuple(one for state, one in pages if state == "hung"),
        down=(*(one for state, one in pages if state == "down"), *ports, *dead, *(() if good else sick)),
        good=good,
        hints=tuple(hints),
        looping=looping,
        notes=tuple(_notes(sick if good else (), boxes, looping)),
    )


def _page(one: Observation, answer: Answer) -> str:
    status, error = number(field(one, "status")), one.error
    if error is None:
        if status is None:
            return ""
        return "hung" if status == 504 else "down" if status >= 500 else "good"
    if error in _WAITED:
        return "hung" if channel(one) is Channel.OUTSIDE else ""  # what a log says is a hint
    if error in ("connect_refused", "tls"):
        return "down"
    return "down" if error == "connect_timeout" and answer is Answer.ANSWERS else ""


def _is_shut(one: Observation, answer: Answer, past: Past) -> bool:
    """A port that people use, or that answered before, and is closed now."""
    port = field(one, "port")
    if one.error is None or answer is not Answer.ANSWERS or port == 22:
        return False
    return port in _WEB or any(before.error is None for before in past.before(one))


def _hints(looks: Iterable[Observation]) -> Iterator[Observation]:
    """Signs that the process lives and hangs: somebody waited for it in vain; one process id that is named again and
    again; standard output fell silent while standard error goes on."""
    looks = list(looks)
    for one in looks:
        waited = one.error in _WAITED or "HEADERS_TIMEOUT" in text(one.value).upper()
        if (waited and channel(one) is not Channel.OUTSIDE) or names_one_pid(one):
            yield one
    logs = sorted(
        (one for one in looks if one.fact == "log.seen"), key=lambda one: (text(field(one, "service")), one.at)
    )
    for _, group in groupby(logs, key=lambda one: text(field(one, "service"))):
        newest = {text(field(one, "stream")): one for one in group}
        out, err = newest.get("stdout"), newest.get("stderr")
        if out and err and err.at - out.at > _LOG_SILENCE:
            yield err


def names_one_pid(one: Observation) -> bool:
    """The same line many times over, always about one process: printed repeatedly, not started repeatedly."""
    detail = field(one, "detail")
    pid = detail.get("pid") if isinstance(detail, dict) else None
    return one.fact == "log.signature" and number(pid) is not None and (number(field(one, "count")) or 0) > 1


def _notes(sick: Sequence[Observation], boxes: Sequence[Observation], looping: Sequence[Observation]) -> Iterator[str]:
    for one in sick:
        yield (
            f"the health check of {part(one)} fails although its page answers: mend the check, "
            "do not restart the service for it"
        )
    for one in looping:
        yield f"{part(one)} is in a crash loop: it is restarted again and again; read its log before restarting it too"
    if containers.was_killed_for_memory(boxes):
        yield "a container was killed for want of memory: see its limit and what else runs there"

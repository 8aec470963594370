"""Does the service answer, and if not: is it dead or does it hang? Pure. Says nothing about which machine it is.

Dead and hung want different cures, and a readiness URL tells them apart badly: in the outage `/readyz` answered while
every page hung (research/watch.md 0). One bad page outweighs any number of good ones. A 502 says only that a proxy got no
proper answer; that the process behind it lives and hangs is known from whoever waited for it in vain, from a log that
goes on, or from one process id that goes on being named.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from outlive.model.observation import Channel, Observation
from outlive.model.watching import Settlement
from outlive.verdict import capacity_notes, containers, log_notes, service_notes
from outlive.verdict.evidence import channel, field, number, part, service, text
from outlive.verdict.judging import Judging
from outlive.verdict.past import Past
from outlive.verdict.sight import Answer, Sight
from outlive.verdict.words import clock

_WEB = (80, 443)
_LOG_SILENCE = timedelta(minutes=5)
_AT_ONCE = timedelta(seconds=30)
_TROUBLE = timedelta(hours=1)
_COLLECTOR_SILENCE = timedelta(minutes=30)
_WAITED = ("headers_timeout", "body_timeout")


@dataclass(frozen=True, slots=True)
class Health:
    """What was seen of the service. `hints` make a dead-looking one a hung one; alone they say nothing."""

    hung: tuple[Observation, ...] = ()
    down: tuple[Observation, ...] = ()
    good: tuple[Observation, ...] = ()
    hints: tuple[Observation, ...] = ()
    looping: tuple[Observation, ...] = ()
    leaks: tuple[Observation, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def is_hung(self) -> bool:
        return (
            bool(self.hung or (self.down and self.hints))
            and not self.looping
            and not self._is_dead
            and not self._refuses
        )

    @property
    def is_down(self) -> bool:
        return bool(self.hung or self.down or self.looping)

    @property
    def is_sure(self) -> bool:
        """A failing health check alone may be a check that lacks its tool."""
        return any(one.fact != "container" or containers.is_dead(one) for one in self.bad) or bool(self.looping)

    @property
    def bad(self) -> tuple[Observation, ...]:
        return (*self.hung, *self.down, *self.looping)

    @property
    def compromise(self) -> tuple[Observation, ...]:
        """What looks like somebody else's work."""
        return tuple(one for one in self.leaks if field(one, "compromise") is True)

    @property
    def is_leaking(self) -> bool:
        """Something that has to be changed whoever read it stands in a log."""
        return any(field(one, "severity") == "critical" for one in self.leaks)

    @property
    def _is_dead(self) -> bool:
        return any(
            one.fact == "container" and (containers.is_dead(one) or containers.was_stopped(one)) for one in self.down
        )

    @property
    def _refuses(self) -> bool:
        """Nobody listens any more: for a process that hangs the kernel still takes connections."""
        return any(one.fact == "http.response" and one.error == "connect_refused" for one in self.down)


def health(
    seen: Sequence[Sight],
    past: Past,
    now: datetime,
    settings: Judging,
    foreign: Collection[str] = (),
    settled: Sequence[Settlement] = (),
) -> Health:
    """Of a host, from the places that answer as it. `foreign`: pages that are other hosts'. `settled`: what people have
    said of what was found in logs; that stands in the notes, and for nothing any more."""
    everything = [(one, place.answer) for place in seen for one in place.now.values()]
    dealt_with = {id(one): by for one, _ in everything if (by := log_notes.settlement_of(one, settled)) is not None}
    all_looks = [(one, answer) for one, answer in everything if id(one) not in dealt_with]
    looks = [(one, answer) for one, answer in all_looks if one.fact != "http.response" or part(one) not in foreign]
    pages = [(_page(one, answer), one) for one, answer in looks if one.fact == "http.response"]
    ports = [one for one, answer in looks if one.fact == "tcp.connect" and _is_shut(one, answer, past)]
    good = tuple(one for state, one in pages if state == "good")
    boxes = [one for one, _ in looks if one.fact == "container"]
    looping = tuple(one for one in boxes if containers.is_looping([*past.before(one), one], settings))
    stopped = tuple(one for one in boxes if containers.was_stopped(one) and one not in looping)
    dead = tuple(one for one in boxes if containers.is_dead(one) and one not in (*looping, *(stopped if good else ())))
    sick = tuple(one for one in boxes if containers.is_unhealthy(one) and one not in (*looping, *dead))
    hung = tuple(one for state, one in pages if state == "hung")
    rests = [one for one in boxes if one.error is None and one not in (*looping, *dead, *sick, *stopped)]
    ports = [one for one in ports if not _is_served(one, good)]
    shut = (*(one for state, one in pages if state == "down"), *ports)
    down = (*shut, *dead, *(() if good else sick), *(stopped if shut and not good else ()))
    hints = (*_hints([one for one, _ in looks]), *_one_sided(past.newest("log.seen")))
    return Health(
        hung=hung,
        down=down,
        good=good,
        hints=tuple(one for one in hints if _belongs(one, good, (*hung, *down))),
        looping=looping,
        leaks=tuple(one for one, _ in looks if one.fact == "log.leak" and one.error is None),
        notes=(
            *service_notes.of_health_checks(sick, bool(good)),
            *service_notes.of_loops(looping, boxes, settings),
            *service_notes.of_stopped(stopped),
            *service_notes.of_memory(boxes),
            *log_notes.of_logs([one for one, _ in looks], in_trouble=bool(hung or down or looping)),
            *capacity_notes.of_capacity([one for one, _ in looks], past, now),
            *(service_notes.of_running(rests) if hung else ()),
            *log_notes.of_settled(dealt_with.values()),
            *_fell_silent(past.newest("log.seen"), now),
        ),
    )


def _belongs(hint: Observation, good: Sequence[Observation], bad: Sequence[Observation]) -> bool:
    """A hint of the present trouble: not long before it, and no page has answered since."""
    return all(hint.at > one.at for one in good) and any(hint.at >= one.at - _TROUBLE for one in bad)


def is_good_page(one: Observation) -> bool:
    """A page that was answered as it should be."""
    return _page(one, Answer.ANSWERS) == "good"


def _page(one: Observation, answer: Answer) -> str:
    status, error = number(field(one, "status")), one.error
    if error is None:
        if status is None:
            return ""
        if status == 504:
            return "hung"
        return "down" if status >= 500 or field(one, "as_expected") is False else "good"
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


def _is_served(shut: Observation, good: Sequence[Observation]) -> bool:
    """Whether a page was had all the same: the port is closed to one witness only."""
    return field(shut, "port") in _WEB and any(one.at >= shut.at - _AT_ONCE for one in good)


def _hints(looks: Iterable[Observation]) -> Iterator[Observation]:
    """Signs that the process lives and hangs: somebody waited for it in vain; one process id that is named again and
    again."""
    for one in looks:
        told = text(one.value).upper().replace("-", "_") if one.fact == "log.signature" else ""
        waited = one.error in _WAITED or "HEADERS_TIMEOUT" in told
        if (waited and channel(one) is not Channel.OUTSIDE) or names_one_pid(one):
            yield one


def _one_sided(logs: Iterable[Observation]) -> Iterator[Observation]:
    """Standard output fell silent while standard error goes on: alive, and not serving."""
    newest = {(service(one), text(field(one, "stream"))): one for one in logs}
    for (whose, stream), one in newest.items():
        out = newest.get((whose, "stdout"))
        if stream == "stderr" and out is not None and one.at - out.at > _LOG_SILENCE:
            yield one


def _fell_silent(logs: Iterable[Observation], now: datetime) -> Iterator[str]:
    """A collector that dies takes its own alarm with it, so absence is told by who stands outside."""
    for one in logs:
        if channel(one) is Channel.TELEMETRY and now - one.at > _COLLECTOR_SILENCE:
            yield (
                f"no line of {field(one, 'service')} on {field(one, 'stream')} since {clock(one.at)}: "
                "it writes nothing, or nothing collects it"
            )


def names_one_pid(one: Observation) -> bool:
    """The same line many times over, always about one process: printed repeatedly, not started repeatedly."""
    return one.fact == "log.signature" and pid_of(one) is not None and (number(field(one, "count")) or 0) > 1


def pid_of(one: Observation) -> float | None:
    detail = field(one, "detail")
    return number(detail.get("pid")) if isinstance(detail, dict) else None

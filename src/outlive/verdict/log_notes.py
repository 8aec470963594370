"""What is said of the logs beside the verdict: floods, leaks, and what well-known lines mean. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from outlive.leaks import rotation, rules
from outlive.model.observation import Observation
from outlive.model.watching import Settlement
from outlive.verdict.evidence import field, number, service, text, texts
from outlive.verdict.words import clock

_MOST = 5  # of each kind: who reads it has a problem to solve
_GRAVE = ("high", "critical")
_UNREAD = ("not_readable", "not_there")  # until somebody sees to it; what was lost once is history


def of_logs(looks: Sequence[Observation], *, in_trouble: bool) -> Iterator[str]:
    """`in_trouble`: only then is it told what harmless signatures mean."""
    errors = [one for one in looks if one.fact == "log.signature" and one.error is None]
    yield from _floods([one for one in looks if one.fact == "log.flood" and one.error is None], errors)
    leaks = [one for one in looks if one.fact == "log.leak" and one.error is None]
    yield from _leaks(leaks)
    if any(field(one, "compromise") is True for one in leaks):
        yield from _rotations([one for one in looks if one.fact == "stack.secrets"])
    if in_trouble:
        yield from _meanings(errors)
    yield from _unread([one for one in looks if one.witness == "journal" and one.error in _UNREAD])


def settlement_of(one: Observation, settled: Iterable[Settlement]) -> Settlement | None:
    """The newest word of a person on something that was found in a log; None when there is none, or it is new since."""
    said = [each for each in settled if each.covers(one)] if one.fact == "log.leak" else []
    return max(said, key=lambda each: each.at, default=None)


def of_settled(settled: Iterable[Settlement]) -> Iterator[str]:
    """Who said so, and when."""
    words: dict[tuple[str, str, datetime, str], list[str]] = {}
    for one in settled:
        words.setdefault((one.service, one.by, one.at, one.how), []).append(f"{one.rule} {one.fingerprint}")
    for (name, by, at, how), found in list(words.items())[:_MOST]:
        more = f" and {len(found) - _MOST} more" if len(found) > _MOST else ""
        yield (
            f"acknowledged by {by} at {clock(at)}, {how}: what was found in the log of {name} "
            f"({', '.join(found[:_MOST])}{more}); what is new after that is told again"
        )


def _floods(floods: Iterable[Observation], errors: Sequence[Observation]) -> Iterator[str]:
    for one in floods:
        usual = number(field(one, "usual_bytes_per_minute"))
        before = f" (usual: {_size(usual)})" if usual is not None else ""
        rate, lines = number(field(one, "bytes_per_minute")) or 0, number(field(one, "lines_per_minute")) or 0
        pid = next((found for other in errors if service(other) == service(one) and (found := _one_pid(other))), "")
        same = f"; it names process {pid} again and again: one error printed often, not a crash loop" if pid else ""
        yield (
            f"{service(one)} floods its standard error: {_size(rate)} and {lines:.0f} lines a minute{before}{same}; see "
            "that its log is rotated before the disk is full"
        )


def _one_pid(one: Observation) -> str:
    detail = field(one, "detail")
    return text(detail["pid"]) if isinstance(detail, dict) and "pid" in detail else ""


def _leaks(leaks: Sequence[Observation]) -> Iterator[str]:
    """One line a service and kind, however many there are."""
    told: dict[tuple[str, bool], list[Observation]] = {}
    for one in leaks:
        if field(one, "severity") in _GRAVE:
            told.setdefault((service(one), field(one, "compromise") is True), []).append(one)
    for (name, compromise), seen in list(told.items())[:_MOST]:
        named = ", ".join(f"{text(field(one, 'rule'))} {text(field(one, 'fingerprint'))}" for one in seen[:_MOST])
        more = f" and {len(seen) - _MOST} more" if len(seen) > _MOST else ""
        sign = "signs of compromise stand" if compromise else "secrets were printed"
        yield (
            f"{sign} in the log of {name} (rule and fingerprint: {named}{more}): run `outlive scan` on that log, which says "
            "what to change"
        )


def _rotations(told: Sequence[Observation]) -> Iterator[str]:
    """Most urgent first: what a stack's `.env` and its containers name, by kind."""
    if not told:
        yield "rotate every secret of that stack: `outlive scan --env-file .env` on that log lists them by name, in order"
    names = dict.fromkeys(name for one in told for name in texts(field(one, "names")))
    kinds: dict[tuple[str, str], list[str]] = {}
    for each in rotation.checklist(names):
        kinds.setdefault((each.what, each.how), []).append(each.name)
    for (what, how), of_kind in kinds.items():
        yield f"rotate {', '.join(of_kind)} ({what}): {how}"
    for unread in (one for one in told if one.error is not None):
        why = text(field(unread, "why") or unread.error)
        yield f"the names of what to rotate could not be read ({why}): see the stack's own .env"


def _unread(looks: Iterable[Observation]) -> Iterator[str]:
    """Silence there would be taken for quiet."""
    for one in looks:
        yield f"nothing is known of the log of {service(one)}: {text(field(one, 'why') or one.error)}"


def _meanings(errors: Sequence[Observation]) -> Iterator[str]:
    """Of those that have one: once a signature, however many services logged it."""
    known = {one.meaning.rule: one.meaning for kind in rules.load() for one in kind}
    told: dict[str, list[Observation]] = {}
    for one in errors:
        told.setdefault(text(field(one, "signature")), []).append(one)
    for signature, seen in list(told.items())[:_MOST]:
        if signature in known:
            names = ", ".join(sorted({service(one) for one in seen}))
            yield f"{names} logged {signature}: {' '.join(known[signature].explanation.split())}"


def _size(count_bytes: float) -> str:
    for unit, size in (("MB", 1e6), ("kB", 1e3)):
        if count_bytes >= size:
            return f"{count_bytes / size:.3g} {unit}"
    return f"{count_bytes:.0f} bytes"

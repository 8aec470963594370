"""What was found in logs, as troubles: secrets that were printed, and signs that somebody else is at work. Pure.

A log does not become clean by itself: such a trouble stands for `TOLD` after the last that is new, or until a person has
said that it is dealt with (`outlive ack --rotated`). Signs of compromise come with the secrets that are printed beside
them, and a look later with a verdict on the machine: all of that is one piece of news. No secret is here, only its keyed
fingerprint.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from outlive.model.incident import Trouble, Urgency
from outlive.model.observation import Observation
from outlive.model.watching import Settlement, service_of

COMPROMISE, LEAK = "compromise", "leak"
TOLD = timedelta(days=1)
MOST_NAMED = 5
MOST_PARTS = 20
_SAFE_COMPROMISED = (
    "save that log; `outlive scan --env-file .env LOG` lists the secrets to change, in order",
    "change every secret in that service's environment, the most powerful first; then `outlive ack --rotated`",
)
_SAFE_LEAKED = (
    "`outlive scan LOG` says what each of them is, and how it is changed",
    "change it where it was issued, and keep it out of the log; then `outlive ack --rotated`",
)
_Log = tuple[str, str, str]  # of which kind, where, and of which service


def unsettled(signs: Iterable[Observation], settled: Sequence[Settlement]) -> list[Observation]:
    """Those that nobody has dealt with."""
    return [one for one in signs if not any(each.covers(one) for each in settled)]


def cause(sign: Observation) -> str:
    """The cause of the trouble that it belongs to: one a kind and log."""
    kind, subject, service = _log(sign)
    return f"{kind}:{subject} {service}"


def named(evidence: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """The causes of the signs of compromise that a verdict speaks of; `evidence`: its observations, as JSON."""
    told = (Observation.from_json(one) for one in evidence if one.get("fact") == "log.leak")
    return tuple(dict.fromkeys(cause(one) for one in told if _log(one)[0] == COMPROMISE))


def is_of(sign: Observation, incident: str) -> bool:
    """Whether it is dealt with together with the incident of that cause: with signs of compromise, everything in that log
    is."""
    _, subject, service = _log(sign)
    return incident in (cause(sign), f"{COMPROMISE}:{subject} {service}")


def troubles(signs: Iterable[Observation]) -> Iterator[Trouble]:
    """`signs`: as `Watching.signs` gives them, oldest first, without those that are settled."""
    logs: dict[_Log, list[Observation]] = {}
    for one in signs:
        logs.setdefault(_log(one), []).append(one)
    for (kind, subject, service), found in logs.items():
        where = f"in the log of {service or 'a service'} at {subject} ({', '.join(_named(found))})"
        compromised = kind == COMPROMISE
        yield Trouble(
            cause=cause(found[0]),
            name=kind,
            host=None,
            urgency=Urgency.HIGH,
            since=min(one.at for one in found),
            what=f"possible compromise: signs {where}" if compromised else f"secrets stand {where}",
            sure=not compromised,
            safe=_SAFE_COMPROMISED if compromised else _SAFE_LEAKED,
            forbidden=("do not remove the container before its log is saved",) if compromised else (),
            parts=tuple(_counts(found))[:MOST_PARTS],
            same_as=() if compromised else (f"{COMPROMISE}:{subject} {service}",),
        )


def _log(sign: Observation) -> _Log:
    return COMPROMISE if sign.value.get("compromise") is True else LEAK, sign.subject, service_of(sign)


def _named(found: Sequence[Observation]) -> Iterator[str]:
    counts = _counts(found)
    for name, count in sorted(counts.items())[:MOST_NAMED]:
        yield f"{name}, {count} times" if count > 1 else name
    if len(counts) > MOST_NAMED:
        yield f"and {len(counts) - MOST_NAMED} more"


def _counts(found: Sequence[Observation]) -> dict[str, int]:
    """By rule and fingerprint, how often it was seen: the newest word on each."""
    counts: dict[str, int] = {}
    for one in found:
        count = one.value.get("count")
        counts[f"{one.value.get('rule')} {one.value.get('fingerprint')}"] = count if isinstance(count, int) else 1
    return counts

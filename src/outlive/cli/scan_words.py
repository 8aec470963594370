"""What `outlive scan` says. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from outlive.cli.words import duration, size
from outlive.leaks.finding import Finding, Severity
from outlive.leaks.rotation import Rotation

PLACES = 5  # of one rule, shown to people
COMPROMISE = "possible compromise"

Found = list[tuple[str, Finding]]  # in which file, what


def is_compromise(found: Found) -> bool:
    return any(finding.compromise for _, finding in found)


def document(found: Found, rotate: Sequence[Rotation], *, plain_bytes: int, seconds: float) -> dict[str, Any]:
    """The keys of the contract, and more."""
    return {
        "findings": [{"file": file, **finding.to_json()} for file, finding in found],
        "bytes": plain_bytes,
        "seconds": round(seconds, 3),
        "verdict": COMPROMISE if is_compromise(found) else None,
        "rotate": [{"name": one.name, "what": one.what, "how": one.how} for one in rotate],
    }


def lines(found: Found, rotate: Sequence[Rotation], *, env_given: bool) -> Iterator[str]:
    """Each rule once, gravest first, with its places; then what follows from signs of compromise."""
    ordered = sorted(found, key=lambda one: (-one[1].severity, one[1].rule, one[1].explanation))
    for _, same in groupby(ordered, key=lambda one: (one[1].rule, one[1].explanation)):
        group = list(same)
        yield from _rule(group)
    if is_compromise(found):
        yield from _rotation(rotate, env_given)


def summary(found: Found, plain_bytes: int, seconds: float, *, unread: int = 0) -> str:
    """`1 critical, 2 info in 3.1 MB, 120 ms`. `unread`: files that could not be read to their end."""
    counts = {severity: sum(one.severity is severity for _, one in found) for severity in reversed(Severity)}
    told = ", ".join(f"{count} {severity.word}" for severity, count in counts.items() if count)
    rest = f"; {unread} not read to the end: nobody knows what is in the rest" if unread else ""
    return f"{told or 'Nothing found'} in {size(plain_bytes)}, {duration(seconds)}{rest}"


def _rule(group: Found) -> Iterator[str]:
    first = group[0][1]
    yield f"{first.severity.word.upper()} {first.rule}"
    yield f"  {first.explanation}"
    yield f"  do: {first.action}"
    for file, one in group[:PLACES]:
        times = f", {one.count} times" if one.count > 1 else ""
        yield f"  {file}:{one.line}:{one.column} (fingerprint {one.fingerprint}{times})"
    if len(group) > PLACES:
        yield f"  and in {len(group) - PLACES} more places"


def _rotation(rotate: Sequence[Rotation], env_given: bool) -> Iterator[str]:
    yield "POSSIBLE COMPROMISE: signs that somebody else runs commands or reads secrets here. Not proven; act as if it were."
    if not env_given:
        yield "  Every secret in that process's environment has to change; --env-file .env lists them by name, in order."
    elif not rotate:
        yield "  No name in the given file sounds like a secret: go through it by hand."
    else:
        yield "  Change these, in this order:"
    for one in rotate:
        yield f"  [ ] {one.name}: {one.what}. {one.how}"

"""What is said of a machine that runs out of something: disk, inodes, memory, open files, certificate, domain, credit. Pure.

In the months after the outage the same stack filled its disk with old images, and two gigabytes of memory were never enough
(research/watch.md 0). A machine that is full looks like one that is broken; it is told before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from outlive.model.observation import Observation
from outlive.verdict.evidence import field, number, text, when
from outlive.verdict.past import Past
from outlive.verdict.trend import empty_at
from outlive.verdict.words import clock, span

_FULL, _NEARLY = 0.05, 0.10
_SOON = timedelta(days=7)
_TREND = timedelta(days=3)
_LOW_MEMORY, _PRESSURE_PERCENT, _SWAP_USED = 0.08, 20.0, 0.8
_INODES_PERCENT, _FILES = 10.0, 0.8
_CERTIFICATE = timedelta(days=10)
_DOMAIN, _CREDIT = timedelta(days=30), timedelta(days=7)


def of_capacity(looks: Sequence[Observation], past: Past, now: datetime) -> Iterator[str]:
    for one in looks:
        if one.error is None:
            match one.fact:
                case "host.disk":
                    yield from _disk(one, past, now)
                case "host.memory":
                    yield from _memory(one)
                case "host.oom_kills":
                    yield from _kills(one, past)
                case "host.open_files":
                    yield from _files(one)
                case "tls.leaf":
                    yield from _certificate(one, now)


def of_payments(domains: Sequence[Observation], credit: Observation | None, now: datetime) -> Iterator[str]:
    """What runs out although the machine is well: the domains of its names, and the credit at its provider."""
    for one in domains:
        ends, domain = when(field(one, "expires_at")), text(field(one, "domain"))
        if ends is not None and ends <= now:
            yield f"the domain {domain} ended at {clock(ends)}: renew it today, before somebody else has it"
        elif ends is not None and ends - now < _DOMAIN:
            yield f"the domain {domain} ends in {span(ends - now)} ({clock(ends)}): an expired one takes every name along"
    hours = number(credit.value) if credit is not None else None
    if hours is not None and hours < _CREDIT.total_seconds() / 3600:
        left = f"lasts {hours / 24:.1f} days" if hours > 0 else "is used up"
        yield f"the credit at the provider {left}: pay, before it switches the server off"


def _disk(one: Observation, past: Past, now: datetime) -> Iterator[str]:
    mount, total, free = text(field(one, "mount")), number(field(one, "total_bytes")), number(field(one, "free_bytes"))
    if not total or free is None:
        return
    history = [*(other for other in past.before(one) if other.at >= now - _TREND), one]
    points = [(other.at, left) for other in history if (left := number(field(other, "free_bytes"))) is not None]
    ends = empty_at(points, now)
    told = f"{_size(free)} of {_size(total)} are left on {mount}"
    if ends is not None and ends - now < _SOON:
        yield f"{told}; if it goes on so, it is full in {span(ends - now)} ({clock(ends)}): {_CURE}"
    elif free / total < _NEARLY:
        yield f"{told}{': it is as good as full' if free / total < _FULL else ''}; {_CURE}"
    inodes = number(field(one, "free_inodes_percent"))
    if inodes is not None and inodes < _INODES_PERCENT:
        yield f"only {inodes:.0f} % of the inodes of {mount} are left: small files fill it, whatever `df` says of bytes"


_CURE = "look at logs without rotation, old images (`docker image ls`, `docker builder du`) and backups on it"


def _memory(one: Observation) -> Iterator[str]:
    total, free = number(field(one, "total_bytes")), number(field(one, "available_bytes"))
    swap, free_swap = number(field(one, "swap_bytes")), number(field(one, "free_swap_bytes"))
    pressure = number(field(one, "pressure_percent")) or 0.0
    if not total or free is None:
        return
    full_swap = not swap or free_swap is None or free_swap / swap < 1 - _SWAP_USED
    if pressure >= _PRESSURE_PERCENT:
        yield f"programs waited for memory {pressure:.0f} % of the last five minutes: the machine is too small for them"
    elif free / total < _LOW_MEMORY and full_swap:
        swapped = "and swap is used up" if swap else "and there is no swap"
        yield f"{_size(free)} of {_size(total)} of memory are left, {swapped}: the kernel will kill something next"


def _kills(one: Observation, past: Past) -> Iterator[str]:
    """What grew since an earlier look; what was there at the first look may be months old."""
    count = number(one.value)
    before = [number(other.value) for other in past.before(one) if other.at >= one.at - timedelta(hours=1)]
    least = min((known for known in before if known is not None), default=count)
    if count is not None and least is not None and count > least:
        yield f"the kernel killed {count - least:.0f} processes for want of memory within the last hour: `dmesg` says which"


def _files(one: Observation) -> Iterator[str]:
    used, most = number(field(one, "open")), number(field(one, "most"))
    if used and most and used / most > _FILES:
        yield f"{used:.0f} of {most:.0f} open files are used: something does not close what it opens"


def _certificate(one: Observation, now: datetime) -> Iterator[str]:
    """Of one that lives for hours, such as an own authority's, a quarter of its life is early enough."""
    begins, ends = when(field(one, "not_before")), when(field(one, "not_after"))
    if ends is None:
        return
    early = min(_CERTIFICATE, (ends - begins) / 4) if begins is not None else _CERTIFICATE
    names = field(one, "names")
    name = field(one, "name") or (names[0] if isinstance(names, list) and names else one.subject)
    if ends <= now:
        yield f"the certificate of {text(name)} ended at {clock(ends)}: see why it was not renewed"
    elif ends - now < early:
        yield f"the certificate of {text(name)} ends in {span(ends - now)} ({clock(ends)}): see why it was not renewed"


def _size(count_bytes: float) -> str:
    for unit, size in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count_bytes >= size:
            return f"{count_bytes / size:.3g} {unit}"
    return f"{count_bytes:.0f} bytes"

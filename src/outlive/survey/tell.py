"""What was found and what is proposed, for people: plain text of at most 80 columns. PURE."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

from outlive.survey.found import FoundDocker, Survey
from outlive.survey.proposal import LeftOut, Proposal, Proposed, amount
from outlive.survey.write_toml import one_line

COLUMNS = 80


def tell(survey: Survey, proposal: Proposal) -> str:
    """The whole report, ending in a line break."""
    return "".join(f"{line}\n" for line in _lines(survey, proposal))


def _lines(survey: Survey, proposal: Proposal) -> Iterator[str]:
    yield from _host(survey)
    if survey.docker:
        yield from _docker(survey, survey.docker)
    yield ""
    count = len(proposal.assets)
    nothing = "Nothing was found that could be guarded. Name what matters with --path."
    yield f"To be guarded ({count})" if count else nothing
    yield from _table(_asset(one) for one in proposal.assets)
    if proposal.urls:
        yield ""
        yield f"To be looked at ({len(proposal.urls)})"
        yield from (line for url in proposal.urls for line in _wrapped(one_line(url), "  "))
    if proposal.at_risk:
        yield ""
        yield f"AT RISK: data that cannot be copied yet ({len(proposal.at_risk)})"
        yield from _left(proposal.at_risk)
    rest = [one for one in proposal.unguarded if not one.at_risk]
    if rest:
        yield ""
        yield f"Left unguarded, and why ({len(rest)})"
        yield from _left(rest)


def _host(survey: Survey) -> Iterator[str]:
    facts = survey.host
    if facts is None:
        yield "A Postgres reached by its DSN"
        return
    seen = one_line(survey.login or facts.user)
    yield from _wrapped(f"{one_line(facts.hostname)} ({one_line(survey.address)}), seen as {seen}", "")
    since = f", up since {facts.booted_at:%Y-%m-%d %H:%M} UTC" if facts.booted_at else ""
    yield from _wrapped(f"{one_line(facts.os or 'unknown system')}, kernel {one_line(facts.kernel)}{since}", "  ")
    disks = ", ".join(f"{disk.mount} {amount(disk.used_bytes)} of {amount(disk.bytes)}" for disk in facts.disks)
    size = f"{facts.cpus or '?'} CPUs, {amount(facts.memory_bytes)} of memory"
    yield from _wrapped(f"{size}; disks: {one_line(disks) or 'unknown'}", "  ")
    if facts.machine_id:
        yield from _wrapped(f"machine-id {one_line(facts.machine_id)}", "  ")


def _docker(survey: Survey, found: FoundDocker) -> Iterator[str]:
    if found.problem:
        yield from _wrapped(f"Docker could not be asked: {one_line(found.problem)}", "  ")
        return
    running = sum(one.running for one in found.containers)
    yield from _wrapped(f"Docker {one_line(found.version)}: {running} of {len(found.containers)} containers run", "  ")
    known = {one.id: one for one in found.images}
    for one in found.containers:
        image = known.get(one.image_id)
        digest = image.digests[0].partition("@")[2][:19] if image and image.digests else one.image_id[:19]
        yield from _wrapped(one_line(f"{one.address}: {one.state}, {one.image} {digest}"), "    ")


def _asset(one: Proposed) -> tuple[str, str, str, tuple[str, ...]]:
    details = one.about[:1] if one.asset.kind in ("docker_volume", "path") else one.about
    size = amount(one.bytes) if one.bytes is not None else "?"
    return one.asset.name, one.asset.kind, size, (*details, *(f"! {note}" for note in one.notes))


def _table(rows: Iterable[tuple[str, str, str, tuple[str, ...]]]) -> Iterator[str]:
    for name, kind, size, details in rows:
        yield f"  {name[:44]:<45}{kind:<15}{size:>12}".rstrip()
        for detail in details:
            yield from _wrapped(one_line(detail), "      ")


def _left(left: Iterable[LeftOut]) -> Iterator[str]:
    """Those with the same reason together."""
    reasons: dict[str, list[str]] = {}
    for one in left:
        size = f" ({amount(one.bytes)})" if one.bytes is not None else ""
        reasons.setdefault(one.why, []).append(f"{_short(one.name)}{size}")
    for why, names in reasons.items():
        yield from _wrapped(one_line(f"{', '.join(names)}: {why}"), "  ")


def _short(name: str) -> str:
    """An anonymous volume's 64 digits say no more than the first 12."""
    return f"{name[:12]}..." if len(name) == 64 and name.isalnum() else name


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(text, COLUMNS, initial_indent=indent, subsequent_indent=f"{indent}  ", break_on_hyphens=False)

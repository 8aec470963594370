"""What was measured, as Markdown for bench/README.md and as a document for machines. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from statistics import median

from bench.continuous.death import Outcome
from bench.continuous.latency import Measured
from bench.continuous.recovery import Comeback
from bench.report import markdown, over

REFERENCE = "pgBackRest"


def delays(found: Sequence[Measured]) -> str:
    """A row for each load and guard."""
    lines = [("load", "guard", "p50 s", "p99 s", "CPU, % of a core", "RSS MB")]
    for one in found:
        load = f"{one.rate} /s ({one.reached:.0f} reached, {one.log_bytes_a_second / 1e6:.2f} MB/s of log)"
        for delay in one.delays:
            cpu = "" if delay.cpu_share is None else f"{100 * delay.cpu_share:.1f}"
            rss = "" if delay.rss_bytes is None else f"{delay.rss_bytes / 1e6:.0f}"
            lines.append((load, delay.guard, f"{delay.p50_seconds:.2f}", f"{delay.p99_seconds:.2f}", cpu, rss))
            load = ""
    return markdown(lines)


def deaths(found: Sequence[Sequence[Outcome]]) -> str:
    """A row for each guard: medians and the worst of all deaths."""
    lines = [("", "lost s, median", "worst", "lost rows, median", "worst", "`status` had shown s, median", "worst")]
    for guard, outcomes in by_guard(found).items():
        seconds, rows = [one.seconds for one in outcomes], [one.rows for one in outcomes]
        shown = [one.shown_seconds for one in outcomes if one.shown_seconds is not None]
        told = (f"{median(shown):.2f}", f"{max(shown):.2f}") if shown else ("", "")
        numbers = (f"{median(seconds):.2f}", f"{max(seconds):.2f}", f"{median(rows):.0f}", f"{max(rows)}")
        lines.append((guard, *numbers, *told))
    return markdown(lines)


def comebacks(found: Sequence[Comeback]) -> str:
    lines = [("", "restore s", "then until it answers s", "together s", f"of {REFERENCE}")]
    ratios = over(REFERENCE, {one.guard: one.total for one in found})
    for one in found:
        seconds = (median(one.restore), median(one.ready), median(one.total))
        lines.append((one.guard, *(f"{value:.2f}" for value in seconds), f"{ratios[one.guard]:.2f}"))
    return markdown(lines)


def by_guard(found: Sequence[Sequence[Outcome]]) -> Mapping[str, Sequence[Outcome]]:
    of: dict[str, list[Outcome]] = defaultdict(list)
    for outcomes in found:
        for one in outcomes:
            of[one.guard].append(one)
    return of


def document(
    measured: Sequence[Measured], died: Sequence[Sequence[Outcome]], back: Sequence[Comeback]
) -> dict[str, object]:
    return {
        "delays": [asdict(one) for one in measured],
        "deaths": [[asdict(one) for one in outcomes] for outcomes in died],
        "comebacks": [{**asdict(one), "total": one.total} for one in back],
    }

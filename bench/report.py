"""Medians and ratios, as Markdown to be pasted into bench/README.md. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import truediv
from statistics import median

from bench.measure import Cost

REFERENCE = "pgBackRest"
MEASURES = ("seconds", "sync_seconds", "cpu_seconds", "server_cpu_seconds", "rss_bytes")
_HEAD = ("", "seconds", f"of {REFERENCE}", "then sync", "CPU s", "server CPU s", "RSS MB", "stored MB", "fsyncs")


@dataclass(frozen=True, slots=True)
class Row:
    """One contender: `costs` of the measured rounds; `stored_bytes` only of a backup."""

    name: str
    durable: str
    costs: Sequence[Cost]
    stored_bytes: int | None

    def median(self, measure: str) -> float:
        return float(median(getattr(cost, measure) for cost in self.costs))


def over(reference: str, seconds: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """The seconds of each over those of the reference: the median over the rounds of the ratio within a round, so that a
    machine that is slower for a while is slower for both."""
    theirs = next(values for name, values in seconds.items() if name.startswith(reference))
    return {name: median(map(truediv, values, theirs)) for name, values in seconds.items()}


def ratios(rows: Sequence[Row]) -> dict[str, float]:
    """To pgBackRest."""
    return over(REFERENCE, {row.name: [cost.seconds for cost in row.costs] for row in rows})


def table(title: str, rows: Sequence[Row]) -> str:
    lines = [(title, *_HEAD[1:])]
    ratio = ratios(rows)
    for row in rows:
        stored = "" if row.stored_bytes is None else f"{row.stored_bytes / 1e6:.0f}"
        numbers = (
            f"{row.median('seconds'):.2f}",
            f"{ratio[row.name]:.2f}",
            f"{row.median('sync_seconds'):.2f}",
            f"{row.median('cpu_seconds'):.2f}",
            f"{row.median('server_cpu_seconds'):.2f}",
            f"{max(cost.rss_bytes for cost in row.costs) / 1e6:.0f}",
            stored,
        )
        lines.append((row.name, *numbers, row.durable))
    return markdown(lines)


def document(rows: Sequence[Row]) -> dict[str, Mapping[str, object]]:
    """The same for machines: medians, and every round's seconds."""
    ratio = ratios(rows)
    return {
        row.name: {
            **{measure: row.median(measure) for measure in MEASURES},
            "ratio": ratio[row.name],
            "rounds": [cost.seconds for cost in row.costs],
            "highest_rss_bytes": max(cost.rss_bytes for cost in row.costs),
            "stored_bytes": row.stored_bytes,
            "durable": row.durable,
        }
        for row in rows
    }


def markdown(lines: Sequence[Sequence[str]]) -> str:
    """A table; the first line is its head, numbers are set to the right."""
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    right = [all(_is_number(line[column]) for line in lines[1:]) for column in range(len(widths))]
    rule = [f"{'-' * (width - 1)}{':' if flush else '-'}" for width, flush in zip(widths, right, strict=True)]
    return "\n".join(
        "| "
        + " | ".join(
            word.rjust(width) if flush else word.ljust(width)
            for word, width, flush in zip(line, widths, right, strict=True)
        )
        + " |"
        for line in (lines[0], rule, *lines[1:])
    )


def _is_number(word: str) -> bool:
    return not word or word.replace(".", "", 1).isdigit()

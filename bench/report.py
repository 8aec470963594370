"""Medians and ratios, as a table for people. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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


def ratios(rows: Sequence[Row]) -> dict[str, float]:
    """The seconds of each over those of pgBackRest: the median over the rounds of the ratio within a round, so that a
    machine that is slower for a while is slower for both."""
    reference = next(row for row in rows if row.name == REFERENCE)
    return {
        row.name: median(mine.seconds / theirs.seconds for mine, theirs in zip(row.costs, reference.costs, strict=True))
        for row in rows
    }


def table(title: str, rows: Sequence[Row]) -> str:
    lines = [(title, *_HEAD[1:])]
    over = ratios(rows)
    for row in rows:
        stored = "" if row.stored_bytes is None else f"{row.stored_bytes / 1e6:.0f}"
        numbers = (
            f"{row.median('seconds'):.2f}",
            f"{over[row.name]:.2f}",
            f"{row.median('sync_seconds'):.2f}",
            f"{row.median('cpu_seconds'):.2f}",
            f"{row.median('server_cpu_seconds'):.2f}",
            f"{max(cost.rss_bytes for cost in row.costs) / 1e6:.0f}",
            stored,
        )
        lines.append((row.name, *numbers, row.durable))
    return aligned(lines)


def document(rows: Sequence[Row]) -> dict[str, Mapping[str, object]]:
    """The same for machines: medians, and every round's seconds."""
    over = ratios(rows)
    return {
        row.name: {
            **{measure: row.median(measure) for measure in MEASURES},
            "ratio": over[row.name],
            "rounds": [cost.seconds for cost in row.costs],
            "highest_rss_bytes": max(cost.rss_bytes for cost in row.costs),
            "stored_bytes": row.stored_bytes,
            "durable": row.durable,
        }
        for row in rows
    }


def aligned(lines: Sequence[Sequence[str]]) -> str:
    """A table: the first and the last column to the left, the others to the right."""
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "\n".join(
        "  ".join(
            word.ljust(width) if column in (0, len(line) - 1) else word.rjust(width)
            for column, (word, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )

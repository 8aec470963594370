"""What is drawn as a line over time, and the same as a table. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from outlive.model.words import duration, moment
from outlive.web.views.words import Document

MOST_ROWS = 48  # of a table beside a chart: the newest


@dataclass(frozen=True, slots=True)
class Chart:
    """`names` are those of the lines, `points` a moment and a value (seconds; None: unknown) for each line."""

    title: str
    names: tuple[str, ...]
    points: tuple[tuple[datetime, tuple[float | None, ...]], ...]

    @property
    def data(self) -> dict[str, Any]:
        """For uPlot: moments as Unix seconds, then one list a line."""
        lines = [[values[place] for _, values in self.points] for place in range(len(self.names))]
        return {"names": list(self.names), "at": [int(at.timestamp()) for at, _ in self.points], "lines": lines}

    @property
    def rows(self) -> tuple[tuple[str, ...], ...]:
        """Newest first."""
        newest = self.points[-MOST_ROWS:][::-1]
        return tuple((moment(at), *(_shown(one) for one in values)) for at, values in newest)


def rto_chart(drills: Sequence[Document]) -> Chart | None:
    """How long being back took in each green drill; None when there are not two."""
    green = [one for one in drills if one["ok"] and one["rto_seconds"] is not None]
    points = tuple((one["at"], (float(one["rto_seconds"]),)) for one in green)
    return Chart("How long being back took", ("seconds",), points) if len(points) > 1 else None


def tally_chart(title: str, tallies: Sequence[Document]) -> Chart | None:
    """Mean and worst of each hour, from documents with `at`, `mean_seconds`, `most_seconds`; None when there are not two."""
    points = tuple((one["at"], (one["mean_seconds"], one["most_seconds"])) for one in tallies)
    return Chart(title, ("mean of the hour", "worst of the hour"), points) if len(points) > 1 else None


def _shown(seconds: float | None) -> str:
    return "no answer" if seconds is None else duration(seconds)

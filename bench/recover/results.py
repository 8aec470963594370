"""What the rounds gave: into a file after each of them, and as tables."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from bench.here import machine
from bench.recover.phases import PHASES, spread
from bench.recover.rounds import Result
from bench.report import markdown

SERVED, DONE = "until the page answers", "until all is done"


@dataclass(frozen=True, slots=True)
class Results:
    """`rounds` in their order; the first is left alone, in all others somebody was to be killed. `kills`: how many of these
    there were to be."""

    megabytes: int
    seed: int
    kills: int
    machine: str
    rounds: tuple[Result, ...] = ()

    def write(self, file: Path) -> None:
        """Whole or not at all: what was measured for an hour is not lost to a kill."""
        fresh = file.with_name(f"{file.name}.new")
        fresh.write_text(json.dumps(asdict(self), indent=1))
        fresh.replace(file)

    @classmethod
    def read(cls, file: Path) -> Results:
        told = json.loads(file.read_text())
        return cls(**(told | {"rounds": tuple(Result(**one) for one in told["rounds"])}))

    def with_round(self, result: Result) -> Results:
        return replace(self, machine=machine(), rounds=(*self.rounds, result))

    @property
    def killed(self) -> list[Result]:
        return [one for one in self.rounds if one.killed_at_seconds is not None]

    @property
    def is_good(self) -> bool:
        """Nothing twice, nothing missing, nothing lost that `status` had not shown, and as many kills as were wanted."""
        rounds = self.rounds
        is_whole = all(one.ballast_is_whole and not one.doubled for one in rounds)
        is_shown = all(one.lost_seconds <= one.shown_seconds for one in rounds)
        return bool(rounds) and is_whole and is_shown and len(self.killed) >= self.kills

    def tables(self) -> str:
        """Markdown."""
        killed = self.killed
        head = ("phase", "left alone, s", f"killed once, median s of {len(killed)}", "worst s")
        measures = [(name, _phase(name)) for name in PHASES]
        measures += [(SERVED, lambda one: one.served_seconds), (DONE, lambda one: one.done_seconds)]
        rows = [(name, *_seconds(self.rounds[:1], of)[:1], *_seconds(killed, of)) for name, of in measures]
        of_all: tuple[tuple[str, Callable[[Result], float]], ...] = (
            ("seconds of writes lost", lambda one: one.lost_seconds),
            ("rows lost", lambda one: one.lost_rows),
            ("seconds that `status` had shown", lambda one: one.shown_seconds),
            ("effects done twice", lambda one: one.doubled),
            ("a round costs besides, s", lambda one: one.besides_seconds),
        )
        losses = [(name, *_seconds(self.rounds, of)) for name, of in of_all]
        title = (f"of {len(self.rounds)} rounds", "median", "worst")
        kills = ", ".join(f"{one.killed_at_seconds:.0f}" for one in killed) or "none"
        return f"{markdown([head, *rows])}\n\n{markdown([title, *losses])}\n\nKilled after so many seconds: {kills}."


def _phase(name: str) -> Callable[[Result], float]:
    return lambda one: one.phases.get(name, 0.0)


def _seconds(rounds: Sequence[Result], of: Callable[[Result], float]) -> tuple[str, str]:
    if not rounds:
        return "", ""
    median, worst = spread([of(one) for one in rounds])
    return f"{median:.1f}", f"{worst:.1f}"

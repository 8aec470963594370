"""What is wrong in an `outlive.toml`, told with file, line, place in the document and cure. PURE."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from outlive.errors import ConfigError

MANY_CURE = "Each line above names its own. Every key is told in docs/reference/configuration.md."

Where = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake. `where` is the place in the document, such as ("assets", 2, "kind"); `line` is None if unknown."""

    where: Where
    what: str
    cure: str
    line: int | None = None


def show_place(where: Where) -> str:
    """`assets[2].kind`, as a person would point at it; tables are counted from 0."""
    text = ""
    for step in where:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" * bool(text) + str(step) * (not text)
    return text


def as_error(path: Path, problems: Sequence[Problem]) -> ConfigError:
    """One error for all that is wrong, in the order of the lines."""
    ordered = sorted(problems, key=lambda problem: problem.line or 0)
    if len(ordered) == 1:
        return ConfigError(_told(path, ordered[0]), hint=ordered[0].cure)
    lines = [f"\n  {_told(path, problem)}\n    cure: {problem.cure}" for problem in ordered]
    return ConfigError(f"{len(ordered)} mistakes:{''.join(lines)}", hint=MANY_CURE)


def _told(path: Path, problem: Problem) -> str:
    file = f"{path}, line {problem.line}" if problem.line else str(path)
    place = show_place(problem.where)
    return f"{file}: {place}: {problem.what}" if place else f"{file}: {problem.what}"

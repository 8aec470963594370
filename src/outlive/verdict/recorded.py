"""Evidence that somebody wrote down: one observation a line (`evidence.jsonl`). Pure: takes text, gives observations."""

from __future__ import annotations

import json
from collections.abc import Iterator

from outlive.model.observation import Observation


class BadLine(ValueError):
    """`number` counts from 1; `why` says what is wrong with that line."""

    def __init__(self, number: int, why: str) -> None:
        super().__init__(f"line {number}: {why}")
        self.number, self.why = number, why


def observations(document: str) -> tuple[Observation, ...]:
    """All lines, in the order written; empty lines are passed over. Raises BadLine at the first that cannot be read: half of
    the evidence is no evidence."""
    return tuple(_read(document))


def _read(document: str) -> Iterator[Observation]:
    for number, line in enumerate(document.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            yield Observation.from_json(json.loads(line))
        except json.JSONDecodeError as error:
            raise BadLine(number, f"no JSON ({error.msg}, column {error.colno})") from None
        except RecursionError:
            raise BadLine(number, "nested too deeply") from None
        except ValueError as error:
            raise BadLine(number, str(error)) from None

"""Doing one thing to several assets: one that fails is set aside and told, the others go on."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from outlive.cli.bugs import Bug, as_error
from outlive.cli.voice import complain
from outlive.errors import OutliveError

T = TypeVar("T")
_SEVERITY = (0, 1, 4, 3, 2, 5)  # which exit code wins when several things came out differently


@dataclass(slots=True)
class Tally:
    """The exit code so far, and what failed."""

    exit_code: int = 0
    failed: list[dict[str, Any]] = field(default_factory=list)

    def worsen(self, exit_code: int) -> None:
        """Takes the code when it is graver than what there was."""
        self.exit_code = max(self.exit_code, exit_code, key=_SEVERITY.index)

    def each(self, items: Iterable[T], name: Callable[[T], str], act: Callable[[T], None]) -> None:
        """Acts on each; an error is told on stderr at once and kept for the JSON document."""
        for item in items:
            try:
                act(item)
            except OutliveError as error:
                self._set_aside(name(item), error)
            except Exception as error:  # noqa: BLE001 - a bug in one kind of source must not cost the others their copy
                self._set_aside(name(item), as_error(error))

    def _set_aside(self, name: str, error: OutliveError) -> None:
        complain(f"{name}: {error}\n  cure: {error.hint}\n")
        if isinstance(error, Bug):
            complain(error.traceback)
        self.worsen(error.exit_code)
        self.failed.append(
            {"asset": name, "error": str(error), "cure": error.hint, "exit_code": error.exit_code},
        )

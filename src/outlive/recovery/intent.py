"""A note that an effect is about to be asked for, durable before it is: what was there before, and when. After a kill it
says that something may be under way, so that nothing is asked for twice, and what `undo` puts back."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from outlive.errors import Failed
from outlive.recovery.steps.base import Inputs, World


class Intent:
    """Of one step of one run."""

    def __init__(self, world: World, inputs: Inputs) -> None:
        name = inputs.digest[:16]
        self.path: Path = world.folder / f"intent-{name}.json"
        self._now = world.clock.now
        self._step = inputs.step

    def read(self) -> dict[str, Any] | None:
        """What was noted; None when nothing was ever asked for. Raises `Failed` when it cannot be read."""
        try:
            found: dict[str, Any] = json.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            hint = "Look at the other side whether it was done, then remove that file."
            raise Failed(f"{self.path}, in which {self._step!r} noted what it asked for: {error}", hint=hint) from error
        return found

    def note(self, facts: Mapping[str, Any], *, anew: bool = False) -> dict[str, Any]:
        """Durable when it returns. What an earlier attempt noted stays, save for the time `at`; with `anew` nothing does."""
        before = None if anew else self.read()
        noted = {**facts, **(before or {}), "at": self._now().isoformat()}
        fresh = self.path.with_suffix(".new")
        try:
            with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
                json.dump(noted, file)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self.path)
            _sync(self.path.parent)
        except OSError as error:
            raise Failed(f"{self.path}: {error.strerror}.", hint="Make room below `keeper.state`.") from error
        return noted

    def drop(self) -> None:
        """It was surely not done."""
        self.path.unlink(missing_ok=True)

    def settles_in_seconds(self, settle_seconds: float) -> float:
        """How long it may still be under way without being seen; 0 when nothing was asked for, or long ago."""
        noted = self.read()
        if noted is None:
            return 0.0
        until = datetime.fromisoformat(noted["at"]) + timedelta(seconds=settle_seconds)
        return max(0.0, (until - self._now()).total_seconds())


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

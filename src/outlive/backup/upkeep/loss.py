"""What would be gone if the host vanished now. Pure.

Until write-ahead log is streamed, that is everything written since the newest whole copy was true.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from outlive.model.copy import Copy


@dataclass(frozen=True, slots=True)
class Loss:
    """Seconds of writes that are nowhere but on the host; `everything` when no whole copy exists (`seconds` is then
    None). `since` names the copy that would be restored."""

    seconds: float | None
    everything: bool
    since: Copy | None


def loss(copies: Sequence[Copy], now: datetime) -> Loss:
    """From all copies of an asset. A copy marked damaged does not count. Clocks that run backwards give 0, never less."""
    whole = [copy for copy in copies if not copy.is_damaged]
    if not whole:
        return Loss(None, True, None)
    newest = max(whole, key=lambda copy: (copy.manifest.data_until, copy.manifest.sequence))
    return Loss(max(0.0, (now - newest.manifest.data_until).total_seconds()), False, newest)


def at_or_before(copies: Sequence[Copy], moment: datetime) -> Copy | None:
    """The whole copy that is nearest to `moment` without holding anything later than its own `data_until`."""
    fitting = [copy for copy in copies if not copy.is_damaged and copy.manifest.data_until <= moment]
    return max(fitting, key=lambda copy: copy.manifest.data_until, default=None)

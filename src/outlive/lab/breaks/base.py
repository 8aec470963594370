"""What a break is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from outlive.lab.record import Broken
from outlive.lab.world import Lab


@dataclass(frozen=True, slots=True)
class Options:
    """How a machine is exchanged: does the new one get another address, and does it know our key?"""

    other_address: bool = False
    no_login: bool = False


@dataclass(frozen=True, slots=True)
class Break:
    """`act` breaks the host and notes in `Broken.kept` what undoing takes; it returns when the effect is there. Without
    `undo` there is nothing to be undone. `hosts` are those it can be done to, the first one unless another is named."""

    does: str
    act: Callable[[Lab, Broken, Options], None]
    undo: Callable[[Lab, Broken], None] | None
    hosts: tuple[str, ...]
    takes: tuple[str, ...] = ()

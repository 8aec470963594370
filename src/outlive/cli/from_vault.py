"""Which of the two vaults a command works on."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from outlive import wiring
from outlive.clock import Clock
from outlive.config.schema import Settings
from outlive.vault.base import Vault


class Which(StrEnum):
    """The first vault, or its mirror."""

    VAULT = "vault"
    MIRROR = "mirror"


FromOption = Annotated[Which, typer.Option("--from", help="Work on this one: the vault or its mirror.")]


def opened(settings: Settings, clock: Clock, which: Which) -> Vault:
    """Nothing is asked of it yet. Raises `ConfigError` when there is no mirror."""
    return wiring.mirror(settings, clock) if which is Which.MIRROR else wiring.vault(settings, clock)

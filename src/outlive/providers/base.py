"""What every provider is."""

from __future__ import annotations

from typing import Protocol

from outlive.model.project import Snapshot


class Provider(Protocol):
    async def snapshot(self) -> Snapshot:
        """The whole project, or nothing: raises `NoAnswer` where a part is missing, because half a list looks like lost
        servers."""

"""What the local state of OpenTofu or Terraform says of a host. It says what somebody once applied; as evidence it counts
with the provider's API, from which it was copied."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from outlive.clock import Clock
from outlive.commands.tofu_state import read_state
from outlive.model.observation import Channel, Observation
from outlive.witnesses.base import Pad

FACT = "tofu.state"


@dataclass(frozen=True, slots=True)
class TofuStateWitness:
    """Of one resource in one file."""

    host: str
    path: Path
    resource: str | None
    clock: Clock

    @property
    def what(self) -> str:
        return f"the state in {self.path}"

    async def look(self) -> list[Observation]:
        try:
            found = read_state(await asyncio.to_thread(self.path.read_bytes), self.resource)
        except OSError as error:
            return [self._pad.no_data(FACT, "unreadable", error.strerror or str(error))]
        except ValueError as error:
            return [self._pad.no_data(FACT, "unreadable", str(error))]
        workspace = self.path.parent.name if self.path.parent.parent.name == "terraform.tfstate.d" else "default"
        value = {"server_id": found.server_id, "addresses": list(found.addresses), "workspace": workspace}
        return [self._pad.note(FACT, value, source=f"{self.path.name}: {found.resource}")]

    def blind(self, why: str) -> list[Observation]:
        return [self._pad.no_data(FACT, "timeout", why)]

    @property
    def _pad(self) -> Pad:
        return Pad("tofu_state", Channel.PROVIDER, self.host, self.clock)

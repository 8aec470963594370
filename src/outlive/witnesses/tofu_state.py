"""What the state of OpenTofu or Terraform says of a host. It says what somebody once applied; as evidence it counts
with the provider's API, from which it was copied.

A file is read as it is, and only while it is the one that is written: when the folder keeps its state elsewhere now, the
file was left behind, and says nothing of today. Of a folder the program is asked, whatever backend that has.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from outlive.clock import Clock
from outlive.commands.tofu_apply import state_argv
from outlive.commands.tofu_complaints import why
from outlive.commands.tofu_drift import workspace_argv
from outlive.commands.tofu_state import read_state
from outlive.errors import CommandFailed
from outlive.model.observation import Channel, Observation
from outlive.transport import aprocess
from outlive.transport.tofu import backend_of
from outlive.witnesses.base import Pad

FACT = "tofu.state"
STATE_BYTES = 64 << 20
_OF_WORKSPACES = "terraform.tfstate.d"


@dataclass(frozen=True, slots=True)
class TofuStateWitness:
    """Of one resource. `path` is a local state, or an initialised folder of which `program` is asked: with a `workspace`, no
    other may be the selected one."""

    host: str
    path: Path
    resource: str | None
    clock: Clock
    program: str = "tofu"
    workspace: str | None = None
    timeout_seconds: float = 30.0

    @property
    def what(self) -> str:
        return f"the state in {self.path}"

    async def look(self) -> list[Observation]:
        try:
            text, workspace = await (self._asked() if self.path.is_dir() else asyncio.to_thread(self._read))
            found = read_state(text, self.resource)
        except OSError as error:
            return self._unreadable(error.strerror or str(error))
        except CommandFailed as error:
            return self._unreadable(error.detail)
        except ValueError as error:
            return self._unreadable(str(error))
        value = {"server_id": found.server_id, "addresses": list(found.addresses), "workspace": workspace}
        return [self._pad.note(FACT, value, source=f"{self.path.name}: {found.resource}")]

    def blind(self, why: str) -> list[Observation]:
        return [self._pad.no_data(FACT, "timeout", why)]

    def _read(self) -> tuple[bytes, str]:
        is_other = self.path.parent.parent.name == _OF_WORKSPACES
        folder = self.path.parent.parent.parent if is_other else self.path.parent
        with suppress(OSError):
            backend = backend_of(folder)
            if backend.is_remote:
                raise ValueError(
                    f"the state of {folder} is kept in {backend.kind} now: name the folder instead of the file"
                )
        return self.path.read_bytes(), self.path.parent.name if is_other else "default"

    async def _asked(self) -> tuple[bytes, str]:
        selected = (await self._run(workspace_argv(self.program, str(self.path)))).strip().decode("utf-8", "replace")
        if self.workspace and selected != self.workspace:
            raise ValueError(f"the workspace is {selected!r}, and should be {self.workspace!r}")
        return await self._run(state_argv(self.program, str(self.path))), selected

    async def _run(self, argv: tuple[str, ...]) -> bytes:
        done = await aprocess.run(
            argv, shown=argv[:3:2], timeout_seconds=self.timeout_seconds / 2, most_bytes=STATE_BYTES
        )
        if done.status != 0:
            need = "its backend may want credentials in the environment of this process"
            raise ValueError(f"{self.program} {argv[2]} failed: {why(done.stderr)}; {need}")
        return done.stdout

    def _unreadable(self, why: str) -> list[Observation]:
        return [self._pad.no_data(FACT, "unreadable", why)]

    @property
    def _pad(self) -> Pad:
        return Pad("tofu_state", Channel.PROVIDER, self.host, self.clock)

"""OpenTofu or Terraform, run in somebody's folder: what it plans is saved where nobody else reads it, and what it applies is
never cut short by us.

An apply that is killed loses what it has just made: the server is there, the state knows nothing of it, and the next apply
makes another. So it runs in a session of its own and writes into a file: neither our end nor a broken pipe ends it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from outlive.commands import tofu_apply as words
from outlive.commands.tofu_backend import DATA, NOTE, Backend, read_backend
from outlive.commands.tofu_drift import show_argv, workspace_argv
from outlive.errors import CommandFailed, Failed
from outlive.transport import process
from outlive.transport.base import Completed
from outlive.transport.tofu_errors import failed, hung

ASK_SECONDS = 60
PLAN_SECONDS = 300
LOG_BYTES = 256 << 10  # more than an apply prints before the machine is made


@dataclass(frozen=True, slots=True)
class Tofu:
    """`folder` is the module's, which somebody has initialised; `room` a folder of ours (0700) for what may hold secrets;
    `secrets` what it finds in its environment besides ours. All raise `CommandFailed` when the program is not there,
    `NoData` when it did not tell or did not end, and `Refused` when a person must do something first."""

    program: str
    folder: Path
    room: Path
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)

    def workspace(self) -> str:
        """The one that is selected."""
        done = self._run(workspace_argv(self.program, str(self.folder)), ASK_SECONDS)
        return done.text.strip()

    def state(self) -> bytes:
        """The document of the state, of whatever backend."""
        return self._run(words.state_argv(self.program, str(self.folder)), ASK_SECONDS).stdout

    def backend(self) -> Backend:
        """Where the state is kept, as far as the folder tells."""
        with suppress(OSError, ValueError):
            return backend_of(self.folder)
        return Backend()

    @property
    def is_made_ready(self) -> bool:
        """Whether `init` has left anything there."""
        return _data(self.folder).is_dir()

    def unsaved_state(self, since: float) -> Path | None:
        """Where an apply, begun after that moment (Unix time), has left a state that the backend did not take."""
        left = self.folder / "errored.tfstate"
        with suppress(FileNotFoundError):
            return left if left.stat().st_mtime >= since else None
        return None

    def plan(self, variables: bytes, files: tuple[str, ...] = (), more: tuple[str, ...] = (), *, locks: bool) -> bytes:
        """The document of a plan, which is saved. `variables` is a JSON object that outdoes the `files`. Raises also
        when somebody has locked the state."""
        self._make_room()
        self._write(self._variables, variables)
        named = (*files, str(self._variables))
        argv = words.plan_argv(self.program, str(self.folder), str(self._plan), named, more, locks=locks)
        try:
            self._run(argv, PLAN_SECONDS)
            self._plan.chmod(0o600)
            return self._run(show_argv(self.program, str(self.folder), str(self._plan)), ASK_SECONDS).stdout
        finally:
            self._variables.unlink(missing_ok=True)

    def keep(self, variables: bytes) -> Path:
        """For a person who must go on by hand; until `clear`."""
        self._make_room()
        self._write(kept := self.room / "step.tfvars.json", variables)
        return kept

    def apply(self, timeout_seconds: float) -> int | None:
        """The exit status of applying the saved plan; None when it goes on after that time, as it does after our end. Raises
        `Failed` when there is no room for what it prints: by that alone it is known what the provider was asked for."""
        self._make_room()
        argv = words.apply_argv(self.program, str(self.folder), str(self._plan))
        log = self._roomy_log()
        try:
            child = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self._environment,
                start_new_session=True,
            )
        except OSError as error:
            raise process.not_installed(self.program) from error
        finally:
            os.close(log)
        try:
            return child.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            return None

    def is_applying(self) -> bool:
        """Whether a process of an earlier call still applies the plan of this room."""
        plan = str(self._plan).encode()
        return any({plan, b"apply"} <= _words_of(one) for one in Path("/proc").glob("[0-9]*"))

    def log(self) -> str:
        """What the last apply printed; "" when there was none."""
        with suppress(FileNotFoundError):
            return self._log.read_text("utf-8", "replace").rstrip("\0")
        return ""

    def clear_log(self) -> None:
        """So that nothing of an earlier apply is taken for the next one's."""
        self._log.unlink(missing_ok=True)

    def clear(self, *, log: bool = True) -> None:
        """Removes what may hold secrets; without `log`, all but what the last apply printed."""
        if log:
            shutil.rmtree(self.room, ignore_errors=True)
        for one in (self._variables, self._plan):
            one.unlink(missing_ok=True)

    def _run(self, argv: tuple[str, ...], seconds: float) -> Completed:
        shown = argv[:3:2]
        try:
            done = process.run(argv, shown=shown, timeout_seconds=seconds, env=self._environment)
        except CommandFailed as error:
            if isinstance(error.__cause__, subprocess.TimeoutExpired):
                raise hung(self.program, self.folder, argv[2], seconds) from error
            raise
        if done.status == 0:
            return done
        raise failed(self.program, self.folder, argv[2], done.stderr)

    def _make_room(self) -> None:
        try:
            self.room.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise Failed(f"{self.room}: {error.strerror}.", hint="Make room below `keeper.state`.") from error

    def _roomy_log(self) -> int:
        """A descriptor of an empty log whose room is reserved: its disk may run full, or be full, and the apply goes on."""
        try:
            log = os.open(self._log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            try:
                os.posix_fallocate(log, 0, LOG_BYTES)
            except OSError:
                os.close(log)
                self._log.unlink()
                raise
        except OSError as error:
            raise Failed(f"{self._log}: {error.strerror}.", hint="Make room below `keeper.state`.") from error
        return log

    def _write(self, path: Path, content: bytes) -> None:
        path.unlink(missing_ok=True)
        try:
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(content)
        except OSError as error:
            raise Failed(f"{path}: {error.strerror}.", hint="Make room below `keeper.state`.") from error

    @property
    def _environment(self) -> dict[str, str]:
        return {**words.environment(os.environ), **self.secrets}

    @property
    def _plan(self) -> Path:
        return self.room / "plan"

    @property
    def _log(self) -> Path:
        return self.room / "apply.log"

    @property
    def _variables(self) -> Path:
        return self.room / "outlive.tfvars.json"


def _words_of(process_folder: Path) -> set[bytes]:
    try:
        return set((process_folder / "cmdline").read_bytes().split(b"\0"))
    except OSError:
        return set()


def backend_of(folder: Path) -> Backend:
    """By the note that `init` has left there. Raises OSError where there is none, and ValueError."""
    return read_backend((_data(folder) / NOTE).read_bytes())


def _data(folder: Path) -> Path:
    return folder / os.environ.get("TF_DATA_DIR", DATA)

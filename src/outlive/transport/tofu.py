"""OpenTofu or Terraform, run in somebody's folder: what it plans is saved where nobody else reads it, and what it applies is
never cut short by us.

An apply that is killed loses what it has just made: the server is there, the state knows nothing of it, and the next apply
makes another. So it runs in a session of its own and writes into a file: neither our end nor a broken pipe ends it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from outlive.commands import tofu_apply as words
from outlive.commands.tofu_drift import show_argv, workspace_argv
from outlive.errors import Failed, NoData
from outlive.transport import process
from outlive.transport.base import Completed

ASK_SECONDS = 60
PLAN_SECONDS = 300
LOG_BYTES = 256 << 10  # more than an apply prints before the machine is made


@dataclass(frozen=True, slots=True)
class Tofu:
    """`folder` is the module's, which somebody has initialised; `room` a folder of ours (0700) for what may hold secrets.
    All raise `CommandFailed` when the program is not there or does not end, and `NoData` when it did not tell."""

    program: str
    folder: Path
    room: Path

    def workspace(self) -> str:
        """The one that is selected."""
        done = self._run(workspace_argv(self.program, str(self.folder)), ASK_SECONDS)
        return done.text.strip()

    def state(self) -> bytes:
        """The document of the state, of whatever backend."""
        return self._run(words.state_argv(self.program, str(self.folder)), ASK_SECONDS).stdout

    def plan(self, variables: bytes, files: tuple[str, ...] = (), more: tuple[str, ...] = (), *, locks: bool) -> bytes:
        """The document of a plan, which is saved. `variables` is a JSON object that outdoes the `files`. Raises `NoData`,
        and says whose lock it was."""
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
                env=words.environment(os.environ),
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
        done = process.run(argv, shown=shown, timeout_seconds=seconds, env=words.environment(os.environ))
        if done.status == 0:
            return done
        raise self.no_data(argv[2], done.stderr)

    def no_data(self, what: str, complaints: str) -> NoData:
        """Why that command of it came to nothing, and the cure."""
        here = f"{self.program} -chdir={self.folder}"
        if lock := words.held_lock(complaints):
            return NoData(
                f"the state in {self.folder} is locked by {lock.get('Who', 'somebody')} ({lock.get('Operation', '?')}, "
                f"since {lock.get('Created', '?')}).",
                hint="Let that one end; then `outlive recover --resume`. Only when you are sure that it is dead, and nobody "
                f"else's: `{here} force-unlock {lock['ID']}`. Outlive never does that.",
            )
        hint = f"Run `{here} {what}` by hand to see why; `init` it first if nobody has."
        return NoData(f"{self.program} {what} in {self.folder} failed: {words.why(complaints)}.", hint=hint)

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

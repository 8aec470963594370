"""Where a cluster is worked on before it is what was asked for: inside of the very directory that it will be in, so that
nothing has to be moved from one disk to another, and so that a run that is cut leaves nothing that looks complete."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from outlive.backup.restore.claim import claimed
from outlive.backup.restore.restore_postgres import Layout
from outlive.backup.restore.settle import Before, settle
from outlive.errors import DrillFailed, RestoreFailed
from outlive.model.copy import Manifest
from outlive.transport.local import LocalShell

WORK = "r"


@dataclass(frozen=True, slots=True)
class Workshop:
    """`work` is the folder for everything; the server's programs may enter it. `target` and `spaces` (for tablespaces) are
    filled by `settle`, and will be called `final` and `final`-tablespaces."""

    work: Path
    target: Path
    spaces: Path | None
    final: str

    @property
    def data(self) -> Path:
        """Where the cluster is to be laid out."""
        return self.work / "data"

    def settle(self, layout: Layout, before: Before) -> None:
        """Puts the finished cluster in its place."""
        settle(layout, before, self.target, self.spaces, self.final)


@contextmanager
def workshop(path: str, manifest: Manifest) -> Iterator[Workshop]:
    """Claims the absolute `path` (absent or empty, else `Refused`). What keeps the programs from working in it is
    `RestoreFailed`."""
    shell = LocalShell()
    with ExitStack() as claims:
        target = Path(claims.enter_context(claimed(shell, path)).directory)
        spaces = None
        if manifest.source["tablespaces"]:
            spaces = Path(claims.enter_context(claimed(shell, f"{path}-tablespaces")).directory)
        work = target / WORK
        target.chmod(0o711)
        work.mkdir(mode=0o711)
        try:
            yield Workshop(work, target, spaces, path)
        except DrillFailed as error:
            hint = f"Postgres' programs must reach {work}: {error.hint}"
            raise RestoreFailed(error.detail, hint=hint) from error

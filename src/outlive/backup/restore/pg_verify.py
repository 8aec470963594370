"""Postgres' own check of a base backup that is laid out: every file, and the log, against its `backup_manifest`."""

from __future__ import annotations

from outlive.backup.restore.cluster import NOT_RUN
from outlive.backup.restore.programs import Programs
from outlive.backup.restore.restore_postgres import Layout
from outlive.errors import DrillFailed
from outlive.model.copy import Check
from outlive.transport.base import Completed

VERIFY_SECONDS = 6 * 3600.0


def verify_backup(programs: Programs, layout: Layout) -> Check:
    """The files must belong to the user that the programs run as (`give_to_server`). Raises `DrillFailed`."""
    done = programs.run(("pg_verifybackup", layout.data), VERIFY_SECONDS)
    said = last_line(done.stderr + done.text)
    must_have_run(done, said)
    return Check("pg_verifybackup", done.status == 0, said)


def must_have_run(done: Completed, said: str) -> None:
    """Raises `DrillFailed` when it was not the program that ended badly: it could not be run."""
    if done.status in NOT_RUN:
        raise DrillFailed(f"{done.argv[0]} could not be run: {said}", hint="Look at the message: docker or setpriv.")


def last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else ""

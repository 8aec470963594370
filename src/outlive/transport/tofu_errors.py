"""Why OpenTofu or Terraform came to nothing, as an error of ours, with the cure.

A lock is never broken by us. S3 keeps that of an apply that was killed; Postgres lets it go with the connection.
"""

from __future__ import annotations

import getpass
import os
import socket
from contextlib import suppress
from pathlib import Path

from outlive.commands.tofu_complaints import Lock, held_lock, is_stale, wants_init, why
from outlive.errors import NoData, OutliveError, Refused

HELP = "docs/how-to/remote-state.md"
_HOLDERS = (
    "select pid, usename, client_addr, backend_start from pg_locks join pg_stat_activity using (pid) "
    "where locktype = 'advisory'"
)


def failed(program: str, folder: Path, what: str, complaints: str) -> OutliveError:
    """`NoData` when it may be tried again, `Refused` when a person must do something first."""
    here = f"{program} -chdir={folder}"
    if lock := held_lock(complaints):
        return _locked(program, folder, lock) if lock.who else _locked_in_postgres(folder)
    if is_stale(complaints):
        return NoData(
            f"the state of {folder} was changed by somebody between the plan and its apply; nothing was applied.",
            hint="It is planned and judged anew at the next attempt, or by `outlive recover --resume`.",
        )
    if wants_init(complaints):
        return not_made_ready(program, folder, why(complaints))
    hint = f"Run `{here} plan -lock=false` by hand to see why; it changes nothing. Is the state kept elsewhere: {HELP}."
    return NoData(f"{program} {what} in {folder} failed: {why(complaints)}.", hint=hint)


def not_made_ready(program: str, folder: Path, why: str) -> Refused:
    """Nobody ran `init` there."""
    return Refused(
        f"{folder} is not initialised on this machine: {why}.",
        hint=f"`{program} -chdir={folder} init -input=false`, with the `-backend-config=FILE` that your team uses, "
        "credentials in the environment; then select the workspace, and try again. Never `-migrate-state` on such a day.",
    )


def hung(program: str, folder: Path, what: str, seconds: float) -> NoData:
    """It was killed, so that a backend that locks by a file may have kept its lock."""
    return NoData(
        f"{program} {what} in {folder} did not end within {seconds:.0f} s, and was killed.",
        hint=f"Does what keeps the state answer, and the provider? `{program} -chdir={folder} plan -lock=false` by hand "
        f"shows who does not; it changes nothing. {HELP}",
    )


def _locked(program: str, folder: Path, lock: Lock) -> OutliveError:
    unlock = f"`{program} -chdir={folder} force-unlock {lock.id}`"
    said = f"the state of {folder} is locked by {lock.who} ({lock.operation}, since {lock.created})"
    if lock.who != _ourselves() or not lock.id:
        return NoData(
            f"{said}.",
            hint=f"Let that one end; then `outlive recover --resume`. Ask {lock.who}; only when they say that it is dead: "
            f"{unlock}. Outlive never does that. {HELP}",
        )
    if at_work := working_in(folder):
        shown = ", ".join(map(str, at_work))
        return NoData(f"{said}: that is this machine, process {shown}.", hint="Let it end; it goes on by itself.")
    return Refused(
        f"{said}: that is this machine, and nothing of it works there any more. An apply or a plan was killed.",
        hint=f"Nobody else applies if no pipeline runs and no other machine or container calls itself {lock.who} "
        f"(`pgrep -af 'tofu|terraform'` on each). Then {unlock}, and `outlive recover --resume`. Outlive never does that. "
        f"{HELP}",
    )


def _locked_in_postgres(folder: Path) -> NoData:
    return NoData(
        f"the state of {folder} is locked by another connection to its Postgres, which does not say whose.",
        hint="The lock goes when that connection ends: let it, then `outlive recover --resume`. `force-unlock` does "
        f'nothing here. Who it is, ask that Postgres: "{_HOLDERS}". {HELP}',
    )


def _ourselves() -> str:
    """As both programs write it into a lock."""
    try:
        return f"{getpass.getuser()}@{socket.gethostname()}"
    except (KeyError, OSError):
        return ""


def working_in(folder: Path) -> list[int]:
    """The processes here that work in that folder: both programs go there when they start."""
    found = []
    for one in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if (one / "cwd").samefile(folder) and _is_tofu(one):
                found.append(int(one.name))
    return sorted(set(found) - {os.getpid()})


def _is_tofu(process: Path) -> bool:
    words = (process / "cmdline").read_bytes().split(b"\0")
    return any(b"terraform" in one or b"tofu" in one for one in (word.rpartition(b"/")[2] for word in words[:2]))

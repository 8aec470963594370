"""Having OpenTofu or Terraform plan and apply exactly what was saved, and reading what it says of that. Pure.

Words and shapes: OpenTofu's documentation, "Command: plan", "Command: apply" (a saved plan is applied without a question,
and refused when the state has moved on) and "Command: state pull"; tried with OpenTofu 1.6.2 and Terraform 1.15.5.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

LOCK_SECONDS = 20  # so long somebody else may hold the state before we give up for now
_LOCKED = "Error acquiring the state lock"
_LOCK = re.compile(r"^[\s│]*(ID|Who|Operation|Created):\s+(\S.*?)\s*$", re.MULTILINE)
_ERROR = re.compile(r"^[\s│╷]*Error: (.+?)\s*$", re.MULTILINE)
_MOST_SHOWN = 160


def plan_argv(
    program: str, folder: str, out: str, files: Sequence[str] = (), words: Sequence[str] = (), *, locks: bool = True
) -> tuple[str, ...]:
    """`files` hold variables: no value ever stands in a list of processes. Without `locks` it only looks."""
    lock = f"-lock-timeout={LOCK_SECONDS}s" if locks else "-lock=false"
    named = [f"-var-file={one}" for one in files]
    return (program, f"-chdir={folder}", "plan", "-input=false", "-no-color", lock, *words, *named, f"-out={out}")


def apply_argv(program: str, folder: str, plan: str) -> tuple[str, ...]:
    """That plan and no other."""
    lock = f"-lock-timeout={LOCK_SECONDS}s"
    return (program, f"-chdir={folder}", "apply", "-input=false", "-no-color", lock, plan)


def state_argv(program: str, folder: str) -> tuple[str, ...]:
    """As it is stored, of whatever backend; no provider is started for it."""
    return (program, f"-chdir={folder}", "state", "pull")


def environment(own: Mapping[str, str]) -> dict[str, str]:
    """Ours, without what would add words to its command line behind our back."""
    kept = {name: value for name, value in own.items() if not name.startswith("TF_CLI_ARGS")}
    return kept | {"TF_IN_AUTOMATION": "1", "TF_INPUT": "0"}


def asked_to_make(log: str, resource: str) -> bool:
    """Whether the provider was asked for it, by what `apply` printed."""
    return f"{resource}: Creating..." in log


def why(complaints: str) -> str:
    """The headlines of its errors; not the rest, which may hold anything."""
    found = [line[:_MOST_SHOWN] for line in dict.fromkeys(_ERROR.findall(complaints))][:2]
    return "; ".join(found) or "it did not say why"


def held_lock(complaints: str) -> dict[str, str]:
    """Of a state that somebody else has locked: `ID`, `Who`, `Operation`, `Created`; empty when that is not the matter."""
    return {"ID": "?", **dict(_LOCK.findall(complaints))} if _LOCKED in complaints else {}

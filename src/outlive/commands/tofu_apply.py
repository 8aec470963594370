"""Having OpenTofu or Terraform plan and apply exactly what was saved, and reading what it says of that. Pure.

Words and shapes: OpenTofu's documentation, "Command: plan", "Command: apply" (a saved plan is applied without a question,
and refused when the state has moved on) and "JSON Output Format"; tried with OpenTofu 1.6.2 and Terraform 1.15.5.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

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
    return (program, f"-chdir={folder}", "show", "-json", "-no-color")


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


def read_values(document: bytes) -> tuple[dict[str, dict[str, Any]], dict[str, Any]]:
    """What `show -json` says of a state: its managed resources by address (with `tainted` and `values`), and the values of
    its outputs. Raises ValueError."""
    try:
        read = json.loads(document)
        if not isinstance(read, dict) or not isinstance(read.get("format_version"), str):
            raise ValueError("it is not what `tofu show -json` prints")
        values = read.get("values") or {}
        outputs = {name: one.get("value") for name, one in (values.get("outputs") or {}).items()}
        return {one["address"]: one for one in _resources(values.get("root_module") or {})}, outputs
    except (AttributeError, KeyError, TypeError, RecursionError) as error:
        raise ValueError("its resources are not written as in format 1") from error


def _resources(module: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from (one for one in module.get("resources", ()) if one["mode"] == "managed")
    for child in module.get("child_modules", ()):
        yield from _resources(child)

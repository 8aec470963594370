"""Having OpenTofu or Terraform plan and apply exactly what was saved. Pure. (What it complains of: `tofu_complaints`.)

Words and shapes: OpenTofu's documentation, "Command: plan", "Command: apply" (a saved plan is applied without a question,
and refused when the state has moved on) and "Command: state pull"; tried with OpenTofu 1.6.2 and Terraform 1.15.5.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

LOCK_SECONDS = 20  # so long somebody else may hold the state before we give up for now


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

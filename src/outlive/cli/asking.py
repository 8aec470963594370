"""Questions to a person at the terminal."""

from __future__ import annotations

import sys

import typer

from outlive.errors import UsageError


def is_watched() -> bool:
    """Whether somebody can be asked, and sees what is asked; stdout may go elsewhere."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def insist(question: str, *, nothing: str, read: str, declined: str) -> None:
    """Returns when a person says yes. `nothing`: "nothing was begun"; `read`: what `--yes` wants to be read before;
    `declined`: the hint for who says no. Raises `UsageError`."""
    if not is_watched():
        raise UsageError(f"nobody can be asked here, and {nothing}.", hint=f"Read the {read}, then add --yes.")
    if not typer.confirm(question, err=True):
        raise UsageError(f"{nothing}.", hint=declined)

"""What a command says, word for word, in tests/golden/cli/<case>.txt. UPDATE_GOLDEN=1 writes them anew: read the diff."""

from __future__ import annotations

import os
from pathlib import Path

from tests.cli.home import Done, Home

GOLDEN = Path(__file__).parent.parent / "golden" / "cli"


def transcript(home: Home, words: list[str], done: Done) -> str:
    """A call and its answer as a person sees them."""
    told = [f"$ outlive {' '.join(words)}", *done.out.splitlines(), *(f"! {line}" for line in done.err.splitlines())]
    return home.shown("\n".join([*(line.rstrip() for line in told), f"exit {done.code}"])) + "\n"


def check(case: str, said: str) -> None:
    """Compares with what is written down."""
    file = GOLDEN / f"{case}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(said)
    assert said == file.read_text()

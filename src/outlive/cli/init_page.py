"""The page's password, made by `outlive init`: asked for at a terminal, or made up and shown there once. Where nobody
watches there is no terminal but a log, and nothing is shown."""

from __future__ import annotations

import secrets
import sys
from enum import StrEnum
from getpass import getpass
from pathlib import Path

from outlive.cli.asking import is_watched
from outlive.errors import UsageError

TRIES = 3
_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"  # none that looks like another: it is typed on a phone at 3 a.m.
_GROUPS, _GROUP = 4, 4  # 80 bits


class PagePassword(StrEnum):
    """What `--page-password` may be."""

    ASK = "ask"
    GENERATE = "generate"
    LATER = "later"


def check(wish: PagePassword) -> None:
    """Before anything is written. Raises `UsageError`."""
    if wish is PagePassword.GENERATE and not is_watched():
        raise UsageError(
            "--page-password generate: nobody watches, so that the password would be lost, or kept in a log.",
            hint="Run it at a terminal; or choose one, and after `init` hand it to `outlive page` as a line of its input.",
        )


def make(path: Path, wish: PagePassword) -> bool:
    """Whether there is one at `path` now. At a terminal only; one that is there already stays as it is."""
    if path.exists():
        return True
    if wish is PagePassword.LATER or not is_watched():
        return False
    from outlive.web import passwords  # argon2 is loaded only here

    given = _asked() if wish is PagePassword.ASK else ""
    if given is None:
        return False
    password = given or _made_up()
    passwords.write(path, passwords.hashed(password))
    if not given:
        sys.stderr.write(f"The page's password, shown this once: {password}\nWrite it down; only its hash is kept.\n")
    return True


def _asked() -> str | None:
    """What a person typed twice the same; "" when one is to be made, None when they want none now."""
    from outlive.web.passwords import SHORTEST

    words = f"A password for the page, {SHORTEST} characters or more (Enter: one is made and shown; Ctrl-D: later): "
    for _ in range(TRIES):
        try:
            given = getpass(words)
            if not given or (len(given) >= SHORTEST and getpass("The same again: ") == given):
                return given
        except (EOFError, OSError):  # or the terminal has gone
            return None
        sys.stderr.write("It is too short, or was not the same.\n")
    return None


def _made_up() -> str:
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(_GROUP)) for _ in range(_GROUPS))

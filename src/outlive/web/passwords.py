"""The page's password: an argon2id hash in a file that only the keeper's user may read."""

from __future__ import annotations

import os
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from outlive.errors import ConfigError, UsageError

SHORTEST = 12  # NIST SP 800-63B-4 asks for 15 where a password is all there is, 8 at least; tries are also limited
LONGEST = 1024
_hasher = PasswordHasher()  # RFC 9106's second choice: 64 MiB, three passes


def hashed(password: str) -> str:
    """Raises `UsageError` when it is too short to be one."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise UsageError(
            f"A password has {SHORTEST} to {LONGEST} characters.", hint="Four random words are easy to type."
        )
    return _hasher.hash(password)


def is_right(known: str, given: str) -> bool:
    """Whether it is the password. Raises `ConfigError` when what is known is no hash."""
    try:
        return len(given) <= LONGEST and _hasher.verify(known, given)
    except InvalidHashError as error:
        raise ConfigError("the page's password is no argon2 hash.", hint="`outlive page` makes one.") from error
    except Argon2Error:
        return False


def write(path: Path, known: str) -> None:
    """Only the owner may read it, from the first byte on."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(known + "\n")

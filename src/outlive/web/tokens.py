"""Tokens for programs: made by `outlive token`, shown once, kept as a digest."""

from __future__ import annotations

import hmac
import json
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from outlive.errors import ConfigError, UsageError
from outlive.model.naming import NAME
from outlive.model.observation import moment, rfc3339

READ, ACT = "read", "act"
SCOPES = (READ, ACT)
_PREFIX = "outlive_"  # so that a scanner for leaked secrets can know one


@dataclass(frozen=True, slots=True)
class Token:
    """`digest` is SHA-256 of the secret, which has 256 random bits: nobody finds it by trying."""

    name: str
    digest: str
    scopes: tuple[str, ...]
    made_at: datetime


def make(name: str, scopes: Sequence[str], now: datetime) -> tuple[Token, str]:
    """A new one, and its secret. Raises `UsageError`. Whoever may act may read."""
    if not NAME.fullmatch(name):
        raise UsageError(f"{name!r} is no name.", hint="Letters, digits, dots, dashes; such as ci or dashboard.")
    if unknown := set(scopes) - set(SCOPES):
        raise UsageError(f"there is no scope {unknown.pop()!r}.", hint=f"There are: {', '.join(SCOPES)}.")
    secret = _PREFIX + secrets.token_urlsafe(32)
    return Token(name, _digest(secret), tuple(one for one in SCOPES if one in {READ, *scopes}), now), secret


def bearer(header: str, known: Sequence[Token]) -> Token | None:
    """Whose token an Authorization header holds; None when it is nobody's."""
    kind, _, given = header.partition(" ")
    if kind.lower() != "bearer":
        return None
    digest = _digest(given.strip())
    return next((one for one in known if hmac.compare_digest(one.digest, digest)), None)


def read(path: Path) -> tuple[Token, ...]:
    """Oldest first; none when none was made. Raises `ConfigError`."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return tuple(
            Token(one["name"], one["digest"], tuple(one["scopes"]), moment(one["made_at"])) for one in found["tokens"]
        )
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, KeyError, TypeError) as error:
        cure = "Remove the file and make the tokens anew with `outlive token make`."
        raise ConfigError(f"{path}: the page's tokens cannot be read ({type(error).__name__}).", hint=cure) from error


def write(path: Path, tokens: Sequence[Token]) -> None:
    """In place of those that were there, or not at all; only the owner may read it."""
    told = [
        {"name": one.name, "digest": one.digest, "scopes": list(one.scopes), "made_at": rfc3339(one.made_at)}
        for one in tokens
    ]
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump({"tokens": told}, file, indent=1)
    fresh.replace(path)


def _digest(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()

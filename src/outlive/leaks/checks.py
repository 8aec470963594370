"""What a pattern cannot say: does a value look drawn by chance, is it an example, is a token still good? Pure.

A check gets the secret and the time, and answers None (not one), "" (one), or the name of a variant of its rule.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
import tomllib
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Any

_UUID = re.compile(rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_HASH = re.compile(rb"\$(?:2[abxy]|argon2|[156y])[a-z]{0,2}\$")
_CLASSES = (
    bytes(
        b"a"[0]
        if chr(byte).islower()
        else b"A"[0]
        if chr(byte).isupper()
        else b"0"[0]
        if chr(byte).isdigit()
        else b"-"[0]
        for byte in range(128)
    )
    + b"-" * 128
)
_DRAWN_BITS = 3.0
_DRAWN_CHANGES = 0.3


def entropy(secret: bytes) -> float:
    """Shannon's, in bits a byte: 0 for "aaaa", at most 4 for hexadecimal digits, at most 6 for base64."""
    size = len(secret)
    return -sum(count / size * math.log2(count / size) for count in Counter(secret).values())


def is_placeholder(secret: bytes) -> bool:
    """An example, a mask or the name of a variable."""
    return _allowed()[0].search(secret) is not None


def anything(secret: bytes, now: datetime) -> str | None:
    return ""


def password(secret: bytes, now: datetime) -> str | None:
    """Not one of the words that stand for a password in documentation."""
    return None if _allowed()[1].fullmatch(secret) else ""


def drawn(secret: bytes, now: datetime) -> str | None:
    """Neither words nor a name, a path, an id or a hash: letters and digits change as chance changes them."""
    if _UUID.fullmatch(secret) or _HASH.match(secret) or secret[:1] in b"/.":
        return None
    kinds = secret.translate(_CLASSES)
    changes = sum(before != after for before, after in pairwise(kinds))
    looks_drawn = entropy(secret) >= _DRAWN_BITS and changes >= _DRAWN_CHANGES * len(secret)
    return "" if looks_drawn and password(secret, now) == "" else None


def jwt(secret: bytes, now: datetime) -> str | None:
    """A signed token: header and content are JSON. `expired` when its time is over."""
    header, content, _ = secret.split(b".")
    claims = _json(content)
    if "alg" not in _json(header) or not claims or claims.get("sub") == "1234567890":  # jwt.io's example
        return None
    ends = claims.get("exp")
    return "expired" if isinstance(ends, int | float) and ends < now.timestamp() else ""


def jwt_header(secret: bytes, now: datetime) -> str | None:
    return "" if "alg" in _json(secret) or b"UzI1N" in secret else None  # also one that was copied by eye


def not_jwt(secret: bytes, now: datetime) -> str | None:
    """Something else than a signed token: that one has its own rule."""
    return None if secret.startswith(b"eyJ") and secret.count(b".") == 2 else ""


NAMED: Mapping[str, Callable[[bytes, datetime], str | None]] = {
    "": anything,
    "password": password,
    "drawn": drawn,
    "jwt": jwt,
    "jwt_header": jwt_header,
    "not_jwt": not_jwt,
}


def _json(part: bytes) -> dict[str, Any]:
    """A base64url part as JSON object, {} when it is none."""
    try:
        value = json.loads(base64.urlsafe_b64decode(part + b"=" * (-len(part) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


@cache
def _allowed() -> tuple[re.Pattern[bytes], re.Pattern[bytes]]:
    table = tomllib.loads((files(__package__) / "rules" / "allow.toml").read_text(encoding="utf-8"))
    anywhere, whole = ("|".join(table[name]).encode() for name in ("anywhere", "whole"))
    return re.compile(anywhere, re.IGNORECASE), re.compile(whole, re.IGNORECASE)

"""Secrets made when they are needed: none lies in the repository. `{alnum:36}` in a rule's sample becomes 36 drawn
characters, `{jwt:fresh}` a signed token."""

from __future__ import annotations

import base64
import json
import random
import re
import string
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from outlive.leaks.lexicon import words

NOW = datetime(2026, 2, 7, 8, 15, tzinfo=UTC)
ALPHABETS = {
    "alnum": string.ascii_letters + string.digits,
    "base32": string.ascii_uppercase + "234567",
    "base64": string.ascii_letters + string.digits + "+/",
    "bech32": "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L",
    "digits": "123456789",
    "hex": "0123456789abcdef",
    "letters": string.ascii_letters,
    "lower": string.ascii_lowercase + string.digits,
    "upper": string.ascii_uppercase + string.digits,
    "word": string.ascii_letters + string.digits + "-_",
}
_HOLE = re.compile(r"\{(" + "|".join([*ALPHABETS, "jwt"]) + r"):(\w+)\}")


def filled(sample: str, seed: int = 1) -> str:
    """The sample with its holes filled, the same for the same seed."""
    draw = random.Random(f"{seed} {sample}")

    def fill(hole: re.Match[str]) -> str:
        kind, size = hole.groups()
        return jwt(draw, size) if kind == "jwt" else drawn(draw, kind, int(size))

    return _HOLE.sub(fill, sample)


def drawn(draw: random.Random, kind: str, size: int) -> str:
    return "".join(draw.choices(ALPHABETS[kind], k=size))


def jwt(draw: random.Random, life: str) -> str:
    """A token that is `fresh`, `expired`, or `endless` (says nothing of its end)."""
    ends = {"fresh": NOW + timedelta(hours=1), "expired": NOW - timedelta(days=9)}.get(life)
    content = {"sub": drawn(draw, "digits", 8), **({"exp": int(ends.timestamp())} if ends else {})}
    parts = [json.dumps({"alg": "RS256", "typ": "JWT"}).encode(), json.dumps(content).encode(), draw.randbytes(64)]
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)


def phrase(draw: random.Random, size: int = 12, language: str = "english") -> list[str]:
    """A new seed phrase with a good checksum."""
    secret = draw.randbytes(size * 4 // 3)
    check_bits = size // 3
    number = int.from_bytes(secret, "big") << check_bits | sha256(secret).digest()[0] >> (8 - check_bits)
    known = words(language)
    return [known[number >> 11 * place & 2047] for place in reversed(range(size))]


def camel(phrase: Sequence[str]) -> str:
    return "".join(word.capitalize() for word in phrase)

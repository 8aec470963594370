"""Whether a password is the one behind what Postgres keeps of it. Pure.

SCRAM-SHA-256 as RFC 5803 and RFC 7677 have it (`SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey`); `md5` followed by the
MD5 of password and role name (Postgres documentation, chapter "Password Authentication").
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re

MOST_ITERATIONS = 1_000_000
_SCRAM = re.compile(r"SCRAM-SHA-256\$(\d+):([^$]+)\$([^:]+):(.+)")


def is_of(verifier: str | None, password: str, role: str) -> bool:
    """False for what nobody understands. A password that SASLprep (RFC 4013) would change is not recognised."""
    if verifier is None or not password:
        return False
    if verifier.startswith("md5"):
        digest = hashlib.md5(f"{password}{role}".encode(), usedforsecurity=False).hexdigest()
        return hmac.compare_digest(verifier, f"md5{digest}")
    found = _SCRAM.fullmatch(verifier)
    if found is None or int(found[1]) > MOST_ITERATIONS:
        return False
    try:
        salt, stored = base64.b64decode(found[2], validate=True), base64.b64decode(found[3], validate=True)
    except binascii.Error:
        return False
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, int(found[1]))
    key = hmac.digest(salted, b"Client Key", "sha256")
    return hmac.compare_digest(hashlib.sha256(key).digest(), stored)

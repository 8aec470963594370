"""Markers: a random file on a host, known to us by a keyed hash. Pure.

Whoever finds such a file has read that very disk (or a copy of it): no image, template or provider makes the same. The
hash is keyed, so that a stolen memory of the keeper does not let anybody make the file.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from hashlib import sha256

from outlive.model.watching import Planted

KEY_BYTES = TOKEN_BYTES = 32


def tag(key: bytes, token: str) -> str:
    return hmac.new(key, token.encode(), sha256).hexdigest()


def state(key: bytes, planted: Iterable[Planted], host: str, place: str, token: str) -> str | None:
    """What a file with this first line is at a place of a host (`planted`: oldest first): `ok`, `missing`, `old` (one that
    we put there before the present one: an older copy of the disk), `foreign` (somebody else's, or from another place). None
    where nothing is to be there and nothing is."""
    here = [one for one in planted if (one.host, one.place) == (host, place)]
    expected = here[-1] if here and here[-1].removed_at is None else None
    if not token:
        return "missing" if expected else None
    found = tag(key, token)
    if expected is not None and hmac.compare_digest(found, expected.tag):
        return "ok"
    return "old" if any(hmac.compare_digest(found, one.tag) for one in here) else "foreign"

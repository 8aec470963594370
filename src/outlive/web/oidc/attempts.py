"""Sign-ins under way: a browser was sent to the provider, and is expected back. In memory, and good for once."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from outlive.web.sessions import Session

BACK = "/oidc/back"  # where the provider sends the browser
LASTS = timedelta(minutes=10)
MOST = 1000  # whoever asks for more drives out the oldest; the password is not touched by that


@dataclass(frozen=True, slots=True)
class Attempt:
    """`state` comes back in the address, `nonce` in the ID token, `verifier` proves that who fetches the token is who
    began (RFC 7636). `way` is where on the page it goes on; `again` is whose session is to be proven anew."""

    state: str
    nonce: str
    verifier: str
    began_at: datetime
    way: str
    again: Session | None


class Attempts:
    """Used from the server's one thread."""

    def __init__(self) -> None:
        self._open: dict[str, Attempt] = {}

    def begin(self, way: str, again: Session | None, now: datetime) -> tuple[str, Attempt]:
        """A new one, and the key for the cookie of the browser that began it."""
        key = _random()
        attempt = Attempt(_random(), _random(), _random(), now, way, again)
        self._open[_digest(key)] = attempt
        while len(self._open) > MOST:
            del self._open[next(iter(self._open))]
        return key, attempt

    def take(self, key: str, state: str, now: datetime) -> Attempt | None:
        """The one that this browser began with this state; from now on it is gone, whatever comes of it."""
        attempt = self._open.pop(_digest(key), None)
        if attempt is None or not hmac.compare_digest(attempt.state.encode(), state.encode()):
            return None
        return attempt if attempt.began_at <= now < attempt.began_at + LASTS else None


def _random() -> str:
    """256 bits, in the 43 characters that a verifier has at least."""
    return secrets.token_urlsafe(32)


def _digest(key: str) -> str:
    return sha256(key.encode()).hexdigest()

"""Who is signed in. In memory: a restarted keeper asks again."""

from __future__ import annotations

import hmac
import secrets
from collections import deque
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256

from outlive.web.lockout import wait_seconds
from outlive.web.tokens import SCOPES

LASTS = timedelta(hours=12)
SURE = timedelta(minutes=5)  # after the password was typed, or a sign-in anew at the provider
MOST = 100
REMEMBERED_FAILURES = 20


@dataclass(frozen=True, slots=True)
class Session:
    """`csrf` is in every form of this session; `key` is only in the browser's cookie, here is its digest. `who` and
    `subject` are whom an OpenID Connect provider told of, "" for who typed the password, and may do everything."""

    digest: str
    csrf: str
    until: datetime
    sure_until: datetime
    who: str = ""
    subject: str = ""
    scopes: tuple[str, ...] = SCOPES

    def is_sure(self, now: datetime) -> bool:
        """Whether who it is was proven a moment ago. A clock that was put back makes nothing sure for long."""
        return now < self.sure_until <= now + SURE

    def vouches(self, given: str) -> bool:
        return hmac.compare_digest(self.csrf.encode(), given.encode())


class Sessions:
    """Used from the server's one thread."""

    def __init__(self) -> None:
        self._open: dict[str, Session] = {}
        self._failures: dict[str, deque[datetime]] = {}

    def begin(
        self, now: datetime, who: str = "", subject: str = "", scopes: tuple[str, ...] = SCOPES
    ) -> tuple[str, Session]:
        """A new session and the key for its cookie. The oldest goes when there are too many. With a `subject` nobody
        knows when the provider last asked for a password: before something grave it asks anew."""
        key = secrets.token_urlsafe(32)
        sure_until = now if subject else now + SURE
        session = Session(_digest(key), secrets.token_urlsafe(32), now + LASTS, sure_until, who, subject, scopes)
        self._open[session.digest] = session
        while len(self._open) > MOST:
            del self._open[next(iter(self._open))]
        return key, session

    def sure(self, session: Session, now: datetime) -> None:
        """It was proven again whose it is. One that has ended meanwhile stays ended."""
        if session.digest in self._open:
            self._open[session.digest] = replace(session, sure_until=now + SURE)

    def find(self, key: str, now: datetime) -> Session | None:
        session = self._open.get(_digest(key))
        if session is not None and not now < session.until <= now + LASTS:
            self.end(session)
            return None
        return session

    def end(self, session: Session) -> None:
        self._open.pop(session.digest, None)

    def wait_seconds(self, client: str, now: datetime) -> float:
        return wait_seconds(self._failures.get(client, ()), now)

    def tried(self, client: str, now: datetime, *, right: bool) -> None:
        """Remembers a wrong try; a right one wipes the client's slate."""
        if right:
            self._failures.pop(client, None)
            return
        if client not in self._failures and len(self._failures) >= MOST:
            del self._failures[next(iter(self._failures))]
        self._failures.setdefault(client, deque(maxlen=REMEMBERED_FAILURES)).append(now)


def _digest(key: str) -> str:
    return sha256(key.encode()).hexdigest()

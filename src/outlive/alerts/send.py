"""Hands a text to a channel: Apprise, by its URL. The URL is a secret and is in no error, log or process list."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from outlive.alerts.render import Text
from outlive.errors import ConfigError, Failed

_LOGS = ("apprise", "urllib3", "requests")
_SILENT = logging.NullHandler()
_STATUS = re.compile(r"error=(\d{3})\b")
_UNREACHED = re.compile(r"connection error|timed? ?out|refused|unreachable|resolve|smtp", re.IGNORECASE)


class NotDelivered(Failed):
    """The message could not be delivered."""

    hint = "Check the channel's URL and the service; `outlive alerts test` tries again."


def send(url: str, text: Text) -> None:
    """Returns when the service has taken it. May take a minute. Raises `NotDelivered`, and `ConfigError` for what is no
    URL of Apprise's; of what the service said only a status is repeated: the rest may hold the secret."""
    with _listening() as said:
        import apprise  # 27 MB that only who sends needs

        service = apprise.Apprise.instantiate(url)  # which, unlike a list of them, sends in this thread
        if service is None:
            raise ConfigError(
                "A channel's URL is none that Apprise knows.", hint="See github.com/caronc/apprise for the forms."
            )
        kind = apprise.NotifyType.SUCCESS if text.good else apprise.NotifyType.FAILURE
        taken = service.notify(
            title=text.title, body=text.body, notify_type=kind, body_format=apprise.NotifyFormat.TEXT
        )
    if not taken:
        raise NotDelivered(_why(said))


def _why(said: list[str]) -> str:
    whole = " ".join(said)
    if status := _STATUS.search(whole):
        return f"The service answered with status {status[1]}."
    if _UNREACHED.search(whole):
        return "The service could not be reached, or did not answer in time."
    return "The service refused it."


class _Ear(logging.Handler):
    """Keeps what is complained of in this thread: another may send at the same time."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.said: list[str] = []
        self._thread = threading.get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self._thread:
            self.said.append(record.getMessage())


@contextmanager
def _listening() -> Iterator[list[str]]:
    """Hears what Apprise and its HTTP client say, and lets none of it through, now or later: it holds URLs."""
    ear = _Ear()
    logs = [logging.getLogger(name) for name in _LOGS]
    for log in logs:
        log.propagate = False
        log.addHandler(ear)
    try:
        yield ear.said
    finally:
        for log in logs:
            log.removeHandler(ear)
            log.addHandler(_SILENT)

"""Hands a text to a channel: Apprise, by its URL. The URL is a secret and is in no error, log or process list."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager

from outlive.alerts.render import Text
from outlive.errors import ConfigError, Failed

_STATUS = re.compile(r"error=(\d{3})\b")
_UNREACHED = re.compile(r"connection error|timed? ?out|refused|unreachable|resolve|smtp", re.IGNORECASE)


class NotDelivered(Failed):
    """The message could not be delivered."""

    hint = "Check the channel's URL and the service; `outlive alerts test` tries again."


def send(url: str, text: Text) -> None:
    """Returns when the service has taken it. May take a minute. Raises `NotDelivered`, and `ConfigError` for what is no
    URL of Apprise's; of what the service said only a status is repeated: the rest may hold the secret."""
    import apprise  # 27 MB that only who sends needs

    service = apprise.Apprise()
    with _listening() as said:
        if not service.add(url):
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
    """Keeps what Apprise complains of, and lets nothing through to other logs."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage())


@contextmanager
def _listening() -> Iterator[list[str]]:
    log, ear = logging.getLogger("apprise"), _Ear()
    before = log.propagate
    log.addHandler(ear)
    log.propagate = False
    try:
        yield ear.said
    finally:
        log.removeHandler(ear)
        log.propagate = before

"""Sends a heartbeat: one POST to a ping URL. The URL names its owner and is in no error."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request

from outlive.alerts.heartbeat import Beat
from outlive.errors import NoData

SECONDS = 10.0
MOST_BYTES = 10_000


class HeartbeatUnheard(NoData):
    """The heartbeat did not reach its receiver."""

    hint = "Check [alerts] heartbeat. If it stays away, the receiver raises the alarm: that is what it is for."


def ping(url: str, beat: Beat) -> None:
    """Raises `HeartbeatUnheard`."""
    words = beat.words.encode()[:MOST_BYTES]
    try:
        request = urllib.request.Request(url.rstrip("/") + beat.signal.value, data=words, method="POST")
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:
            answer.read(1)
    except urllib.error.HTTPError as error:
        error.close()
        raise HeartbeatUnheard(f"It answered with status {error.code}.") from None
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise HeartbeatUnheard(f"({type(error).__name__})") from None

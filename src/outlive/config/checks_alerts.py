"""What has to be true of alerts: channels, hours, links. PURE."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, time, tzinfo
from zoneinfo import ZoneInfo

from outlive.config.checks_watch import is_url
from outlive.config.errors import Problem, Where
from outlive.config.schema import Document

_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,40}")
_TABLE: Where = ("alerts",)


def problems(document: Document) -> Iterator[Problem]:
    """In no order."""
    alerts = document.alerts
    if alerts.quiet_hours is not None and hours(alerts.quiet_hours) is None:
        yield Problem((*_TABLE, "quiet_hours"), "they are no hours.", 'Write them as "22:00-07:00".')
    if not _is_zone(alerts.timezone):
        cure = 'Write a name such as "Europe/Berlin", or "UTC".'
        yield Problem((*_TABLE, "timezone"), f'"{alerts.timezone}" is no time zone known here.', cure)
    if alerts.link is not None and not is_url(alerts.link.replace("{id}", "1")):
        yield Problem((*_TABLE, "link"), "it is no URL.", 'Write it in full: "https://wiki.example.com/outage".')
    names = [channel.name for channel in alerts.channels]
    for index, name in enumerate(names):
        place = (*_TABLE, "channels", index, "name")
        if not _NAME.fullmatch(name):
            yield Problem(place, f'"{name}" is no name.', 'Use small letters, digits, "-" and "_", such as "phone".')
        elif name in names[:index]:
            yield Problem(place, f'there are two called "{name}".', "Give each channel a name of its own.")
    if names and all(channel.step > 1 for channel in alerts.channels):
        cure = "Give at least one channel step = 1."
        yield Problem((*_TABLE, "channels"), "nobody is told at once.", cure)


def hours(text: str) -> tuple[time, time] | None:
    """From and until; None when it is none."""
    found = _HOURS.fullmatch(text)
    if found is None:
        return None
    hour, minute, until_hour, until_minute = map(int, found.groups())
    return time(hour, minute), time(until_hour, until_minute)


def zone(name: str) -> tzinfo:
    """Raises LookupError, ValueError or OSError for what is none. UTC needs no list of zones: small containers lack it."""
    return UTC if name == "UTC" else ZoneInfo(name)


def _is_zone(name: str) -> bool:
    try:
        zone(name)
    except (ValueError, OSError, LookupError):
        return False
    return True

"""What `status` says of the providers and of OpenTofu's drift. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from outlive.cli.words import moment
from outlive.watch.project_told import Told


def risks(found: Iterable[Told]) -> Iterator[str]:
    for one in found:
        yield from (f"{one.who}: {finding['what']}" for finding in one.findings if finding["alarm"])


def not_seen(found: Iterable[Told], now: datetime) -> Iterator[dict[str, Any]]:
    """Who was asked last and gave nothing."""
    for one in found:
        if one.failed_at is not None:
            since = one.heard_at or one.failed_at
            yield {"what": one.who, "from": since, "to": now, "why": one.no_data}


def lines(found: Iterable[Told]) -> Iterator[str]:
    for one in found:
        heard = "never heard" if one.heard_at is None else f"last heard {moment(one.heard_at)}"
        yield f"{one.who}: {heard}" + (f"; no data since: {one.no_data}" if one.failed_at else "")
        yield from (f"{one.who}: note: {finding['what']}" for finding in one.findings if not finding["alarm"])

"""What is asked of Grafana Loki, and how its answers are read. Shapes: Grafana Loki, HTTP API reference, `query_range` and
`tail`.

Timestamps are nanoseconds as text; qryn, another program that speaks this API, gives whole numbers (research/components.md
4). A fraction has lost its last digits in somebody's parser, and is refused: paging by it would lose or double lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

_LIMIT = re.compile(r"max entries limit per query exceeded[^()]*\(\d+ > (\d+)\)")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line, with the labels of its stream."""

    nano: int
    labels: tuple[tuple[str, str], ...]
    text: bytes


def range_path(query: str, start_nano: int, end_nano: int, limit: int) -> str:
    """Lines of `[start, end)`, oldest first."""
    asked = {"query": query, "start": start_nano, "end": end_nano, "limit": limit, "direction": "forward"}
    return f"/loki/api/v1/query_range?{urlencode(asked)}"


def read_range(body: Any) -> list[Entry]:
    """Raises ValueError when it is no answer with streams."""
    data = body.get("data") if isinstance(body, dict) and body.get("status") == "success" else None
    if not isinstance(data, dict) or data.get("resultType") != "streams" or not isinstance(data.get("result"), list):
        raise ValueError('the answer holds no log streams: the query must be a plain selector, such as {app="shop"}')
    return [entry for stream in data["result"] for entry in _entries(stream)]


def tail_path(query: str, start_nano: int, limit: int) -> str:
    """Lines as they come in. What was written between `start_nano` and now comes first, at most `limit` of it, and not
    surely all."""
    return f"/loki/api/v1/tail?{urlencode({'query': query, 'start': start_nano, 'limit': limit, 'delay_for': 0})}"


def read_tail(body: Any) -> tuple[list[Entry], int]:
    """The lines of one message, and how many it says were left out because we were too slow. Raises ValueError."""
    streams, dropped = (body.get("streams"), body.get("dropped_entries")) if isinstance(body, dict) else (0, 0)
    if not isinstance(streams, list | None) or not isinstance(dropped, list | None):
        raise ValueError("a message without streams")
    return [entry for stream in streams or () for entry in _entries(stream)], len(dropped or ())


def allowed_entries(why: str) -> int | None:
    """How many lines an answer may have at the most, when it was refused because of that."""
    match = _LIMIT.search(why)
    return int(match.group(1)) if match else None


def _entries(stream: Any) -> Iterator[Entry]:
    labels, values = (stream.get("stream"), stream.get("values")) if isinstance(stream, dict) else (None, None)
    if not isinstance(labels, dict) or not isinstance(values, list):
        raise ValueError("a stream without labels or values")
    of = tuple(sorted((str(name), str(value)) for name, value in labels.items()))
    for value in values:  # a third element is structured metadata
        if not isinstance(value, list) or len(value) not in (2, 3) or not isinstance(value[1], str):
            raise ValueError("a line that is no pair of time and text")
        yield Entry(_nano(value[0]), of, value[1].encode("utf-8", "surrogatepass"))


def _nano(value: Any) -> int:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**19:
        return value
    raise ValueError("a time that is no whole number of nanoseconds")

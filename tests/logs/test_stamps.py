"""When a line was written, by its own word."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outlive.logs.stamps import stamp

BERLIN = timezone(timedelta(hours=1))
SEVEN = datetime(2026, 11, 26, 7, 0, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("line", "ago_hours"),
    [
        (b"2026/11/26 08:00:01 [error] 31#31: *1 connect() failed", 0),
        (b'203.0.113.7 - - [26/Nov/2026:07:00:01 +0000] "GET / HTTP/1.1" 502 150', 0),
        (b'{"level":"error","time":"2026-11-26T07:00:01.123Z","msg":"x"}', 0),
        (b"[2026-11-26 08:00:01,123] ERROR in app: x", 0),
        (b"2026-11-26T05:00:01-02:00 x", 0),
        (b"2026-11-26 07:00:01.5 +0000 x", 0),
        (b"2026-11-26 07:00:01", 1),
    ],
)
def test_as_servers_write_it(line: bytes, ago_hours: int) -> None:
    assert str(stamp(line, BERLIN)).endswith("+00:00")
    assert stamp(line, BERLIN) == SEVEN - timedelta(hours=ago_hours)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"at Object.<anonymous> (x.js:1)",
        b"2026-13-40 99:99:99",
        b"0001-01-01T00:00:00+23:00",
        b"1970-01-01T00:00:07Z",
        b"x" * 300 + b"2026-11-26 07:00:01",
    ],
)
def test_a_line_that_says_nothing(line: bytes) -> None:
    assert stamp(line, UTC) is None


@given(st.binary(max_size=300))
def test_any_bytes(line: bytes) -> None:
    at = stamp(line, UTC)
    assert at is None or at.tzinfo is UTC

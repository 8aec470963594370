"""Observations and settings for the tests of watching."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from outlive.config.load import parse
from outlive.config.schema import Settings
from outlive.model.observation import Channel, Observation

NOW = datetime(2026, 2, 7, 8, 20, tzinfo=UTC)
A, B = "203.0.113.9", "198.51.100.3"
_HEAD = """[vault]
url = "vault"
[keys]
recipients = ["age1pxgr6hphv29h6j9sqmt7tu4qgdyzjj2m5aqj0vdmkm2n82fv0s4qafgl5w", \
"age17sdarzkny3v2ugwfd2gt77s86tzpucznscdclfmj28u3fmvf7phsvaqffz"]
"""


def settings(text: str) -> Settings:
    return parse(_HEAD + text, Path("/etc/outlive/outlive.toml"))


def seen(
    fact: str, value: Any, subject: str = A, *, channel: Channel = Channel.OUTSIDE, ago: float = 0, **more: Any
) -> Observation:
    at = NOW - timedelta(seconds=ago)
    return Observation(at, more.pop("witness", "w"), channel, subject, fact, value, observed_at=at, **more)


def inside(fact: str, value: Any, subject: str = A, **more: Any) -> Observation:
    return seen(fact, value, subject, channel=Channel.INSIDE, **more)

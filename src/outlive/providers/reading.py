"""Reads documents of providers, of which no type is certain. Pure. What is wrong is a ValueError with its place; it never
holds more of the document than that."""

from __future__ import annotations

import ipaddress
import math
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from outlive.model.observation import moment

_NEVER = 1971  # "None" and 1970-01-01 both stand for "no date" (research/incident-and-provider.md 2.2)


def table(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{where} is no object")
    return value


def rows(value: Any, where: str) -> list[dict[str, Any]]:
    if not isinstance(value, list):
        raise ValueError(f"{where} is no list")
    return [table(one, f"{where}[{index}]") for index, one in enumerate(value)]


def identity(value: Any, where: str) -> str:
    if isinstance(value, bool) or not isinstance(value, int | str) or value == "":
        raise ValueError(f"{where} is no id")
    return str(value)


def text(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{where} is no text")
    return value


def text_or_nothing(value: Any, where: str) -> str:
    return "" if value is None else text(value, where)


def number(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{where} is no number")
    return float(value)


def date(value: Any) -> datetime | None:
    """None for what is no time: a date that a provider wrote badly says nothing about the server."""
    try:
        read = moment(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return read if read and read.year >= _NEVER else None


def addresses(found: Iterator[str], where: str) -> tuple[str, ...]:
    """Each once. Raises ValueError on what is none: an address that cannot be read is a wrong document."""
    try:
        return tuple(dict.fromkeys(str(ipaddress.ip_address(one)) for one in found))
    except ValueError:
        raise ValueError(f"{where} holds something that is no address") from None

"""A file that a person (or a script of theirs) keeps, for providers that Outlive does not know.

credit_hours = 720
[[servers]]
id = "4711"
hostname = "web-1"
state = "active"
addresses = ["203.0.113.9"]
[end]

`[end]` is the last line: a file of TOML that was cut off at the end of a line is good TOML, and the servers that it lacks
would look like servers that are gone. Without it there is no data.
"""

from __future__ import annotations

import asyncio
import tomllib
from collections.abc import Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from outlive.model.project import Server, Snapshot
from outlive.providers.reading import addresses, date, identity, number, rows, text, text_or_nothing
from outlive.transport.net import NoAnswer

END = "[end]"
_KNOWN_ABOVE = frozenset(["credit_hours", "servers", "end"])
_KNOWN = frozenset(["id", "hostname", "state", "status", "power", "addresses", "keys", "image", "plan", "created_at"])


@dataclass(frozen=True, slots=True)
class Static:
    path: Path

    async def snapshot(self) -> Snapshot:
        try:
            return read_file(await asyncio.to_thread(self.path.read_text, "utf-8"))
        except OSError as error:
            raise NoAnswer("unreadable", f"{self.path.name}: {error.strerror or error}") from error
        except ValueError as error:  # tomllib's and Unicode's are such
            raise NoAnswer("unreadable", f"{self.path.name}: {error}") from error


def read_file(content: str) -> Snapshot:
    """Raises ValueError. An unknown key is a mistake."""
    _insist_on_the_end(content)
    try:
        document: dict[str, Any] = tomllib.loads(content)
    except RecursionError as error:
        raise ValueError("it is nested too deep") from error
    _refuse(document.keys() - _KNOWN_ABOVE, "the file")
    listed = rows(document.get("servers"), "servers")
    servers = {one.id: one for one in (_server(row, f"servers[{index}]") for index, row in enumerate(listed))}
    if len(servers) != len(listed):
        raise ValueError("two servers have one id")
    credit = document.get("credit_hours")
    hours = None if credit is None else number(credit, "credit_hours")
    return Snapshot(
        tuple(servers[one] for one in sorted(servers)), hours, "the file does not tell" if hours is None else ""
    )


def _server(row: dict[str, Any], where: str) -> Server:
    _refuse(row.keys() - _KNOWN, where)
    return Server(
        id=identity(row.get("id"), f"{where}.id"),
        hostname=text(row.get("hostname"), f"{where}.hostname"),
        state=text(row.get("state"), f"{where}.state"),
        status=text_or_nothing(row.get("status"), f"{where}.status"),
        power=text_or_nothing(row.get("power"), f"{where}.power"),
        addresses=addresses(iter(_texts(row, "addresses", where)), f"{where}.addresses"),
        keys=tuple(_texts(row, "keys", where)),
        image=text_or_nothing(row.get("image"), f"{where}.image"),
        plan=text_or_nothing(row.get("plan"), f"{where}.plan"),
        created_at=date(row.get("created_at")),
    )


def _insist_on_the_end(content: str) -> None:
    if content.rstrip().rpartition("\n")[2].strip() != END:
        raise ValueError(
            f"its last line is not {END}: it was cut off, is still being written, or its writer leaves that line out"
        )


def _refuse(unknown: Set[str], where: str) -> None:
    if unknown:
        raise ValueError(f"{where}: {', '.join(sorted(unknown))} is not known")


def _texts(row: dict[str, Any], key: str, where: str) -> list[str]:
    listed = row.get(key, [])
    if not isinstance(listed, list):
        raise ValueError(f"{where}.{key} is no list")
    return [text(one, f"{where}.{key}") for one in listed]

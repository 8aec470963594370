"""Names in the vault. Pure; docs/format.md is this file told to people."""

from __future__ import annotations

import re
import secrets
from datetime import UTC, datetime

COPIES = "copies/"
PROOFS = "proofs/"
MANIFEST = "manifest.json"
SUMS = "SHA256SUMS"
README = "RESTORE.md"
INVENTORY = "inventory.json"

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")


def new_copy_id(now: datetime) -> str:
    """A fresh name: the moment for people (`20260207T081500Z`), 40 random bits so that no two copies ever share it."""
    return f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(5)}"


def check_name(name: str) -> str:
    """The name itself. Raises ValueError unless it is fit for a folder or file name in every store."""
    if not _NAME.fullmatch(name) or ".." in name:
        raise ValueError(f"{name!r} is not a name of lower case letters, digits, '.', '_' and '-'")
    return name


def asset_folder(asset: str) -> str:
    return f"{COPIES}{check_name(asset)}/"


def copy_folder(asset: str, copy_id: str) -> str:
    return f"{asset_folder(asset)}{copy_id}/"


def part_file(stream: str, index: int) -> str:
    """`base.tar.zst.age.000000`: sorted by name, the parts of a stream are in order (up to 32 TiB in 32 MiB parts)."""
    return f"{check_name(stream)}.zst.age.{index:06d}"


def proof_key(asset: str, copy_id: str, level: str, at: datetime) -> str:
    return f"{PROOFS}{check_name(asset)}/{copy_id}/{at.astimezone(UTC):%Y%m%dT%H%M%S%fZ}-{level}.json"

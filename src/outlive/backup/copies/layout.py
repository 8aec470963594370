"""Names in the vault. Pure; docs/format.md is this file told to people."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

from outlive.model.naming import check_name

COPIES = "copies/"
PROOFS = "proofs/"
MANIFEST = "manifest.json"
SUMS = "SHA256SUMS"
README = "RESTORE.md"
INVENTORY = "inventory.json"


def new_copy_id(now: datetime) -> str:
    """A fresh name: the moment for people (`20260207T081500Z`), 40 random bits so that no two copies ever share it."""
    return f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(5)}"


def asset_folder(asset: str) -> str:
    return f"{COPIES}{check_name(asset)}/"


def copy_folder(asset: str, copy_id: str) -> str:
    return f"{asset_folder(asset)}{copy_id}/"


def part_file(stream: str, index: int) -> str:
    """`base.tar.zst.age.000000`: sorted by name, the parts of a stream are in order (up to 32 TiB in 32 MiB parts)."""
    return f"{check_name(stream)}.zst.age.{index:06d}"


def proof_key(asset: str, copy_id: str, level: str, at: datetime) -> str:
    return f"{PROOFS}{check_name(asset)}/{copy_id}/{at.astimezone(UTC):%Y%m%dT%H%M%S%fZ}-{level}.json"

"""Copies that build on an earlier copy: what decides whether one may, and what it is then made from."""

from __future__ import annotations

from dataclasses import dataclass, field

MOST = 7  # copies that build on one another after a full one (research: backup.md section 5.2)
# In a manifest's `source`: where the copy that this one builds on began; how large the cluster's databases were.
FROM_LSN = "incremental_from_lsn"
CLUSTER_BYTES = "cluster_bytes"


@dataclass(frozen=True, slots=True)
class Origin:
    """What a physical copy is about to be taken of, as far as it decides what the copy may build on."""

    lineage: str
    timeline: int
    data_checksums: bool


@dataclass(frozen=True, slots=True)
class Prior:
    """An earlier copy that a new one may build on: its id, where it began, and the `backup_manifest` that Postgres made
    for it."""

    copy: str
    start_lsn: str
    backup_manifest: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Full:
    """Why a full copy is to be taken. `is_trouble`: that is not in the order of things, and a person should know."""

    why: str
    is_trouble: bool = False

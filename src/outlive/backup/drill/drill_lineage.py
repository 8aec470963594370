"""Whether the cluster that came back is the one that the copy says it is of."""

from __future__ import annotations

from outlive.model.copy import Check, Manifest
from outlive.transport.postgres_door import Door


def lineage(door: Door, manifest: Manifest) -> Check:
    """Compares the system identifier in the restored pg_control with the manifest's. Valid parts of a foreign cluster
    behind a rewritten manifest come back perfectly, and are seen only here (before 17 nothing in a base backup's own
    manifest names the cluster)."""
    with door.connect(door.database) as connection:
        row = connection.execute("SELECT system_identifier::text FROM pg_control_system()").fetchone()
    found, wanted = str(row[0]) if row else "", str(manifest.source["system_identifier"])
    if found != wanted:
        return Check("lineage", False, f"this is cluster {found}, the copy says that it is of {wanted}")
    return Check("lineage", True, f"cluster {found}, as the copy says")

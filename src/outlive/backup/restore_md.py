"""RESTORE.md: how to get this very copy back with age, zstd, tar and stock Postgres alone. Pure.

A test executes what is written here in a container that has none of our code (tests/hand_restore).
"""

from __future__ import annotations

from outlive.model.copy import Manifest


def restore_md(manifest: Manifest) -> str:
    """The text that lies beside the copy."""
    return f"# Restoring {manifest.asset} from copy {manifest.id}\n"

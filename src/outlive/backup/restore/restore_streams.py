"""The streams of a copy as files: dumps and globals, decrypted, for a person to load by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from outlive.backup.restore.claim import claimed
from outlive.backup.restore.pour import pour
from outlive.backup.streams.unseal import unseal
from outlive.model.copy import Manifest
from outlive.model.naming import check_name
from outlive.transport.base import Shell
from outlive.vault.base import Vault
from outlive.vault.encryption import Identity


def restore_streams(
    vault: Vault,
    manifest: Manifest,
    identities: Sequence[Identity],
    shell: Shell,
    path: str,
    on_progress: Callable[[int], None] = lambda plain: None,
) -> None:
    """Writes each stream to a file of its name in `path` (absent or empty, else `Refused`), mode 0600. The directory
    gets its name when all files are in it."""
    with claimed(shell, path) as claim:
        for stream in manifest.streams:
            argv = ("sh", "-c", 'umask 077; cat > "$1"', "sh", f"{claim.directory}/{check_name(stream.name)}")
            chunks = unseal(vault, manifest, stream, identities, on_progress)
            pour(chunks, shell.open(argv, stdin=True), f"writing {stream.name}")

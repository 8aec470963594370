"""The streams of a copy as files: dumps and globals, decrypted, for a person to load by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from outlive.backup.pour import pour, step
from outlive.backup.target import must_be_empty
from outlive.backup.unseal import unseal
from outlive.model.copy import Manifest
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
    gets its name when all files are in it; before that it is `.NAME.outlive-partial`."""
    parent, _, name = path.rstrip("/").rpartition("/")
    partial = f"{parent}/.{name}.outlive-partial"
    must_be_empty(shell, path)
    must_be_empty(shell, partial)
    step(shell.run(("mkdir", "-p", "-m", "0700", partial)), f"making {partial}")
    for stream in manifest.streams:
        argv = ("sh", "-c", 'umask 077; cat > "$1"', "sh", f"{partial}/{stream.name}")
        chunks = unseal(vault, manifest, stream, identities, on_progress)
        pour(chunks, shell.open(argv, stdin=True), f"writing {stream.name}")
    finish = ("sh", "-c", 'sync -f "$1" && { [ ! -d "$2" ] || rmdir "$2"; } && mv -T "$1" "$2"', "sh", partial, path)
    step(shell.run(finish, timeout_seconds=600), f"giving {path} its name")

"""The host key of a machine that does not exist yet: made once for a run, and the same at every attempt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from outlive.commands.cloud_init import user_data
from outlive.errors import Failed, UsageError
from outlive.vault.keys import write_private

FILE = "new_host_key"


@dataclass(frozen=True, slots=True)
class HostKey:
    """`public` is `ssh-ed25519 AAAA...`."""

    public: str
    private: str = field(repr=False)


def host_key(folder: Path) -> HostKey:
    """The one in `folder` (mode 0600, durable), made when there is none. Raises `Failed`."""
    path = folder / FILE
    try:
        if not path.exists():
            write_private(path, _fresh())
        private = path.read_bytes()
        key = serialization.load_ssh_private_key(private, None)
    except (OSError, ValueError) as error:
        hint = "Remove that file if no machine was made with it yet."
        raise Failed(f"{path}: {error}", hint=hint) from error
    public = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    return HostKey(public.decode(), private.decode())


def first_boot(key: HostKey, authorized: Sequence[str] = ()) -> str:
    """The user data that makes it the machine's own, and lets those keys in. It holds the private key.

    Raises `UsageError`."""
    try:
        return user_data(key.private, key.public, authorized)
    except ValueError as error:
        raise UsageError(f"{error}.", hint="Name fewer `authorized_keys`.") from error


def _fresh() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    )

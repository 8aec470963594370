"""Key files: where the two private keys lie, and nothing else about age (that is `encryption.py`).

Every copy is encrypted to two keys. The *drill key* stays with the keeper, so that drills can open copies. The
*recovery key* is for the day when the keeper is gone too: it is printed, put away, and deleted here. Either one opens
everything.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pyrage import x25519

from outlive.errors import KeysError
from outlive.vault.encryption import parse_recipients, read_identities

DRILL = "drill.txt"
RECOVERY = "recovery.txt"
RECIPIENTS = "recipients.txt"


@dataclass(frozen=True, slots=True)
class KeySet:
    """Freshly made keys: the public ones (recovery first, then drill) and where the private ones lie."""

    recipients: tuple[str, ...]
    drill_identity: Path
    recovery_identity: Path


@dataclass(frozen=True, slots=True)
class FoundKey:
    """A private key on this machine: its file and its public half."""

    path: Path
    public: str


def create_keys(folder: Path, now: datetime) -> KeySet:
    """Two new age X25519 identities in `folder` (0700): `recovery.txt` and `drill.txt` (0600), both as `age-keygen`
    writes them, and `recipients.txt` with their public halves. All durable when it returns.

    Raises `KeysError` and changes nothing when one of the files is there: a key that copies need is never overwritten.
    """
    names = (RECOVERY, DRILL, RECIPIENTS)
    if there := [str(folder / name) for name in names if (folder / name).exists()]:
        raise _exists(there)
    recovery, drill = x25519.Identity.generate(), x25519.Identity.generate()
    publics = (str(recovery.to_public()), str(drill.to_public()))
    texts = (_identity_file(recovery, now), _identity_file(drill, now), "".join(f"{public}\n" for public in publics))
    with _translated(folder):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)
        _write_all_or_none(folder, dict(zip(names, texts, strict=True)))
    return KeySet(publics, folder / DRILL, folder / RECOVERY)


def read_recipients(path: Path) -> tuple[str, ...]:
    """The public keys of a `recipients.txt`. Raises `KeysError` when it cannot be read or holds something else."""
    with _translated(path):
        lines = [line.strip() for line in path.read_text().splitlines()]
    texts = tuple(line for line in lines if line and not line.startswith("#"))
    parse_recipients(texts)
    return texts


def public_keys(path: Path) -> tuple[str, ...]:
    """The public halves of an identity file's keys. Raises `KeysError`."""
    return tuple(str(identity.to_public()) for identity in read_identities(path))


def secret_text(path: Path) -> tuple[str, str]:
    """The (secret, public) key of an identity file with one key; for the recovery kit alone. Raises `KeysError`."""
    publics = public_keys(path)
    if len(publics) != 1:
        raise KeysError(f"{path} holds {len(publics)} keys; the kit is for one.")
    secret = next(line.strip() for line in path.read_text().splitlines() if line.strip().startswith("AGE-SECRET-KEY-1"))
    return secret, publics[0]


def find_private_keys(folders: Iterable[Path], recipients: Iterable[str]) -> list[FoundKey]:
    """Which of the recipients' private keys lie in plain files directly in these folders, sorted by path."""
    wanted = set(recipients)
    found = []
    for folder in sorted(set(folders)):
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            found += [FoundKey(path, public) for public in _publics_if_keys(path) if public in wanted]
    return found


def _publics_if_keys(path: Path) -> tuple[str, ...]:
    if not path.is_file() or path.stat().st_size > 64 << 10:
        return ()
    try:
        return public_keys(path)
    except KeysError:  # some other file: nothing to be said of it
        return ()


def _identity_file(identity: x25519.Identity, now: datetime) -> str:
    """As age-keygen(1) writes it, so that every age reads it and a person sees which key it is."""
    created = now.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return f"# created: {created}\n# public key: {identity.to_public()}\n{identity}\n"


def _write_all_or_none(folder: Path, texts: dict[str, str]) -> None:
    written: list[Path] = []
    try:
        for name, text in texts.items():
            write_private(folder / name, text.encode())
            written.append(folder / name)
    except OSError:
        for path in written:  # keys that nothing was encrypted to yet
            path.unlink(missing_ok=True)
        raise


def write_private(path: Path, data: bytes) -> None:
    """Creates the file (0600, also under a lax umask) and fsyncs it and its folder; leaves nothing behind when that
    fails. Raises FileExistsError and other OSErrors."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        path.unlink(missing_ok=True)
        raise
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except FileExistsError as error:
        raise _exists([error.filename or str(path)]) from error
    except (OSError, UnicodeDecodeError) as error:
        raise KeysError(f"{path}: {error}", hint="Name a folder that this user may write to: `--folder`.") from error


def _exists(paths: Iterable[str]) -> KeysError:
    return KeysError(
        f"{', '.join(paths)} exists and was left as it is: copies may need it.",
        hint="To make further keys, name another folder (`--folder`). `outlive keys show` says what there is.",
    )

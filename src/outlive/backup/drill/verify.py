"""Reading the bytes of a copy again, against its manifest. With a private key the contents are opened too."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from outlive.backup.copies import catalog
from outlive.backup.copies.layout import MANIFEST, README, SUMS, copy_folder
from outlive.backup.copies.manifest import sums
from outlive.backup.copies.sense import sensible
from outlive.backup.streams.unseal import fetch, unseal
from outlive.backup.streams.watch import watch
from outlive.errors import CopyDamaged, ObjectMissing
from outlive.model.copy import Check, Copy, Manifest, Proof, ProofRecord, Stream
from outlive.vault.base import Vault
from outlive.vault.encryption import Identity


def verify(
    vault: Vault,
    copy: Copy,
    identities: Sequence[Identity],
    *,
    now: datetime,
    tell: Callable[[ProofRecord], None] = lambda record: None,
) -> ProofRecord:
    """Reads every part, and with `identities` opens every stream to its end. The outcome is told, then put into the vault:
    a damaged copy is marked, not hidden. Raises the vault's errors and `WrongKey`: before `tell`, nothing was learned;
    after it, the outcome could not be noted."""
    record = examine(vault, copy, identities, now)
    tell(record)
    catalog.add_proof(vault, record)
    return record


def examine(vault: Vault, copy: Copy, identities: Sequence[Identity], now: datetime) -> ProofRecord:
    """The outcome of a verification, noted nowhere."""
    manifest = copy.manifest
    checks = [sensible(manifest), _sums(vault, manifest), _foreign(vault, manifest)]
    for stream in manifest.streams:
        checks.append(_stream(vault, manifest, stream, identities))
    return ProofRecord(
        copy=copy.id,
        asset=manifest.asset,
        level=Proof.VERIFIED,
        ok=all(check.ok for check in checks),
        at=now,
        checks=tuple(checks),
    )


def _sums(vault: Vault, manifest: Manifest) -> Check:
    """SHA256SUMS, by which a person without us would check, must say what the manifest says."""
    try:
        same = vault.get(copy_folder(manifest.asset, manifest.id) + SUMS) == sums(manifest)
    except ObjectMissing:
        return Check(SUMS, False, "it is missing")
    return Check(SUMS, same, "agrees with the manifest" if same else "it does not agree with the manifest")


def _foreign(vault: Vault, manifest: Manifest) -> Check:
    """Nothing may lie in the folder that the manifest does not name: a hand restore would pick it up."""
    folder = copy_folder(manifest.asset, manifest.id)
    named = {part.file for stream in manifest.streams for part in stream.parts} | {MANIFEST, SUMS, README}
    extra = [info.key for info in vault.walk(folder) if info.key.removeprefix(folder) not in named]
    return Check("folder", not extra, f"foreign objects: {', '.join(extra[:3])}" if extra else "nothing foreign in it")


def _stream(vault: Vault, manifest: Manifest, stream: Stream, identities: Sequence[Identity]) -> Check:
    try:
        if identities:
            _open(vault, manifest, stream, identities)
        else:
            for part in stream.parts:
                fetch(vault, copy_folder(manifest.asset, manifest.id) + part.file, part)
    except CopyDamaged as error:
        return Check(stream.name, False, str(error))
    how = "opened to its end" if identities else "bytes as written"
    return Check(stream.name, True, f"{len(stream.parts)} part(s), {how}")


def _open(vault: Vault, manifest: Manifest, stream: Stream, identities: Sequence[Identity]) -> None:
    inside = watch(manifest, stream)
    for plain in unseal(vault, manifest, stream, identities):
        inside.feed(plain)
    inside.close()

"""Reading the bytes of a copy again, against its manifest. With a private key the contents are opened too."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
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

CHAIN = "chain"  # the check of what a copy builds on


def verify(
    vault: Vault,
    copy: Copy,
    identities: Sequence[Identity],
    *,
    now: datetime,
    tell: Callable[[ProofRecord], None] = lambda record: None,
) -> ProofRecord:
    """Reads every part, and with `identities` opens every stream to its end; of what the copy builds on as well. The
    outcome is told, then put into the vault: a damaged copy is marked, not hidden. Raises the vault's errors and
    `WrongKey`: before `tell`, nothing was learned; after it, the outcome could not be noted."""
    earlier, checks = _chain(vault, copy.manifest, identities, now)
    record = examine(vault, copy.manifest, identities, now)
    checks = (*checks, *record.checks)
    record = replace(record, ok=all(check.ok for check in checks), checks=checks)
    tell(record)
    for one in (*earlier, record):
        catalog.add_proof(vault, one)
    return record


def _chain(
    vault: Vault, manifest: Manifest, identities: Sequence[Identity], now: datetime
) -> tuple[list[ProofRecord], tuple[Check, ...]]:
    """The outcome for each copy that this one builds on, and what that means for this one."""
    if manifest.parent is None:
        return [], ()
    try:
        earlier = [examine(vault, one, identities, now) for one in catalog.chain(vault, manifest)[:-1]]
    except CopyDamaged as error:
        return [], (Check(CHAIN, False, error.detail),)
    damaged = [f"copy {one.copy}, on which it builds, is damaged: {_first_red(one)}" for one in earlier if not one.ok]
    whole = f"the {len(earlier)} on which it builds are whole"
    return earlier, (Check(CHAIN, not damaged, "; ".join(damaged) or whole),)


def _first_red(record: ProofRecord) -> str:
    return next(f"{check.name}: {check.detail}" for check in record.checks if not check.ok)


def examine(vault: Vault, manifest: Manifest, identities: Sequence[Identity], now: datetime) -> ProofRecord:
    """The outcome of a verification of what this copy itself holds, noted nowhere."""
    checks = [sensible(manifest), _sums(vault, manifest), _foreign(vault, manifest)]
    for stream in manifest.streams:
        checks.append(_stream(vault, manifest, stream, identities))
    return ProofRecord(
        copy=manifest.id,
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

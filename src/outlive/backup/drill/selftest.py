"""The verifier's own test: one copy is spoilt on purpose, in memory, and the verifier must say so.

A verifier that has stopped looking says that all is well for ever. So every night a small copy, or the beginning of a
large one, is read into memory, found to be whole (else it proves nothing), spoilt by one mutation, and looked at again.
Nothing in the vault changes but the note of the outcome, `checks/selftest/<moment>.json`.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime

from outlive.backup.copies import catalog
from outlive.backup.copies.layout import MANIFEST, SUMS, copy_folder
from outlive.backup.copies.manifest import dump_manifest, sums
from outlive.backup.drill.verify import examine
from outlive.errors import CopyDamaged, NoData, ObjectExists, ObjectMissing, UsageError, WrongKey
from outlive.model.copy import Copy, Manifest, Part, Stream
from outlive.vault.base import Vault
from outlive.vault.encryption import Identity
from outlive.vault.memory import MemoryVault

FOLDER = "checks/selftest/"
BUDGET_BYTES = 64 << 20
_NOTE = re.compile(rf"{FOLDER}\d{{8}}T\d{{12}}Z\.json")
Spoil = Callable[[MemoryVault, Manifest, random.Random], str]


class NothingToTest(NoData):
    """The verifier could not be tested: there is no copy to try it on."""

    hint = "Take one first: `outlive backup`."


@dataclass(frozen=True, slots=True)
class SelfTest:
    """What came out. `noticed`: the verifier was green before the mutation and red after it. `said` is what it said."""

    at: datetime
    seed: int
    asset: str
    copy: str
    mutation: str
    read_bytes: int
    opened: bool
    noticed: bool
    said: str


def selftest(
    vault: Vault, identities: Sequence[Identity], spoil: Spoil, *, seed: int, now: datetime, budget: int = BUDGET_BYTES
) -> SelfTest:
    """Tests the verifier and notes the outcome in the vault. `spoil` changes the scratch copy, by something that reading
    its bytes must show, and gives the mutation's name. Reads at most about `budget` bytes.

    Raises `NothingToTest`; `CopyDamaged` when the copy itself is not whole; the vault's errors."""
    copy = smallest_new(vault, budget)
    scratch, manifest = scratch_copy(vault, copy.manifest, budget)
    opened = identities if manifest == copy.manifest else ()
    if said := notices(scratch, manifest, opened, now):
        raise CopyDamaged(f"{copy.id} of {manifest.asset} is not whole before anything was done to it: {said}.")
    mutation = spoil(scratch, manifest, random.Random(seed))
    said = notices(scratch, manifest, opened, now)
    outcome = SelfTest(
        at=now,
        seed=seed,
        asset=manifest.asset,
        copy=copy.id,
        mutation=mutation,
        read_bytes=manifest.stored_bytes,
        opened=bool(opened),
        noticed=bool(said),
        said=said,
    )
    note(vault, outcome)
    return outcome


def notices(vault: Vault, manifest: Manifest, identities: Sequence[Identity], now: datetime) -> str:
    """What the verifier says against the copy of that name in `vault`; nothing when it finds it whole."""
    try:
        record = examine(vault, catalog.find(vault, manifest.id).manifest, identities, now)
    except (CopyDamaged, WrongKey, UsageError, ObjectMissing) as error:
        return str(error)
    if record.ok:
        return ""
    return "; ".join(f"{check.name}: {check.detail}" for check in record.checks if not check.ok)


def smallest_new(vault: Vault, budget: int) -> Copy:
    """The newest copy that fits into the budget; where none does, the newest of all. Copies that are known to be damaged
    are no test."""
    found = [copy for asset in catalog.assets(vault) for copy in catalog.listing(vault, asset).copies]
    whole = [copy for copy in found if not copy.is_damaged]
    if not whole:
        raise NothingToTest()
    small = [copy for copy in whole if copy.manifest.stored_bytes <= budget]
    return max(small or whole, key=lambda copy: (copy.committed_at, copy.id))


def scratch_copy(vault: Vault, manifest: Manifest, budget: int) -> tuple[MemoryVault, Manifest]:
    """The copy in memory; of one over the budget the first parts of each stream, with a manifest that fits them (such a
    one can only be compared byte by byte, not opened to its end)."""
    reduced = _reduced(manifest, budget)
    folder = copy_folder(manifest.asset, manifest.id)
    scratch = MemoryVault()
    for stream in reduced.streams:
        for part in stream.parts:
            scratch.put(folder + part.file, vault.get(folder + part.file))
    own = reduced is manifest
    scratch.put(folder + SUMS, vault.get(folder + SUMS) if own else sums(reduced))
    scratch.put(folder + MANIFEST, vault.get(folder + MANIFEST) if own else dump_manifest(reduced))
    return scratch, reduced


def _reduced(manifest: Manifest, budget: int) -> Manifest:
    if manifest.stored_bytes <= budget:
        return manifest
    share = budget // len(manifest.streams)
    return replace(manifest, streams=tuple(_beginning(stream, share) for stream in manifest.streams))


def _beginning(stream: Stream, budget: int) -> Stream:
    """The first parts, at least one, and no more than fit."""
    kept: list[Part] = []
    for part in stream.parts:
        if kept and sum(one.bytes for one in kept) + part.bytes > budget:
            break
        kept.append(part)
    return replace(stream, parts=tuple(kept), plain_bytes=sum(part.plain_bytes for part in kept))


def last_selftest(vault: Vault) -> SelfTest | None:
    """The newest outcome that was noted; None when there is none. A note that cannot be read stands for nothing."""
    names = sorted(info.key for info in vault.walk(FOLDER) if _NOTE.fullmatch(info.key))
    for key in reversed(names):
        with suppress(ValueError, TypeError, KeyError, ObjectMissing):
            facts = json.loads(vault.get(key))
            return SelfTest(**facts | {"at": datetime.fromisoformat(facts["at"])})
    return None


def note(vault: Vault, outcome: SelfTest) -> None:
    """Puts the outcome into the vault."""
    facts = asdict(outcome) | {"at": outcome.at.astimezone(UTC).isoformat().replace("+00:00", "Z")}
    key = f"{FOLDER}{outcome.at.astimezone(UTC):%Y%m%dT%H%M%S%fZ}.json"
    try:
        vault.put(key, (json.dumps(facts, indent=1) + "\n").encode())
    except ObjectExists:  # the same microsecond: another test's note says the same
        return

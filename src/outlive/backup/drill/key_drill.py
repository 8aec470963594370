"""The key drill: does the key on paper really open what is in the vault? Only trying it tells.

A part of the newest copy of each asset is fetched and decrypted. Where there is no copy yet, a canary is encrypted to the
configured recipients and decrypted: that proves the key, not the vault, and is said so.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from outlive.backup.copies import catalog
from outlive.backup.copies.layout import INVENTORY, PROOFS, copy_folder
from outlive.backup.streams.unseal import fetch
from outlive.errors import ObjectExists, WrongKey
from outlive.model.copy import Copy, Part
from outlive.vault.base import Vault
from outlive.vault.encryption import Identity, decrypt, encrypt, parse_recipients

KEY_PROOFS = f"{PROOFS}keys/"
CANARY = b"outlive key drill"
_NOTE = re.compile(r"\d{8}T\d{12}Z\.json")


@dataclass(frozen=True, slots=True)
class Opened:
    """What was tried: an asset's copy, or the canary (both None). `ok` false: this key does not open it."""

    asset: str | None
    copy: str | None
    ok: bool


@dataclass(frozen=True, slots=True)
class KeyDrill:
    """The outcome of one key drill. `keys` are the public halves of what was given."""

    keys: tuple[str, ...]
    at: datetime
    tried: tuple[Opened, ...]

    @property
    def ok(self) -> bool:
        return all(opened.ok for opened in self.tried)


def key_drill(vault: Vault, identities: Sequence[Identity], recipients: Sequence[str], *, now: datetime) -> KeyDrill:
    """Tries the keys and, when they open everything, notes the date in the vault. Raises `CopyDamaged` and the vault's
    errors when that could not be found out."""
    tried = [_try(vault, newest, identities) for newest in _newest_of_each(vault)] or [_canary(identities, recipients)]
    drill = KeyDrill(tuple(str(identity.to_public()) for identity in identities), now, tuple(tried))
    if drill.ok:
        _record(vault, drill)
    return drill


def last_key_drill(vault: Vault) -> datetime | None:
    """When a key drill last went well, as noted in the vault."""
    names = (info.key.removeprefix(KEY_PROOFS) for info in vault.walk(KEY_PROOFS))
    stamps = (name.removesuffix(".json") for name in names if _NOTE.fullmatch(name))  # an asset may be named "keys"
    return max((_parse(stamp) for stamp in stamps), default=None)


def _newest_of_each(vault: Vault) -> list[Copy]:
    return [copies[-1] for asset in catalog.assets(vault) if (copies := catalog.copies(vault, asset))]


def _try(vault: Vault, copy: Copy, identities: Sequence[Identity]) -> Opened:
    part = _small_part(copy)
    key = copy_folder(copy.manifest.asset, copy.id) + part.file
    return Opened(copy.manifest.asset, copy.id, _opens(fetch(vault, key, part), identities, key))


def _small_part(copy: Copy) -> Part:
    """The first part of the inventory, or else the smallest there is: every part is encrypted to the same keys."""
    inventory = copy.manifest.stream(INVENTORY)
    if inventory is not None:
        return inventory.parts[0]
    return min((part for stream in copy.manifest.streams for part in stream.parts), key=lambda part: part.bytes)


def _canary(identities: Sequence[Identity], recipients: Sequence[str]) -> Opened:
    """For a vault without copies: something encrypted as they would be."""
    sealed = encrypt(io.BytesIO(CANARY), parse_recipients(recipients))
    return Opened(None, None, _opens(sealed, identities, "the canary"))


def _opens(sealed: bytes, identities: Sequence[Identity], what: str) -> bool:
    try:
        decrypt(sealed, identities, what=what)
    except WrongKey:
        return False
    return True


def _record(vault: Vault, drill: KeyDrill) -> None:
    stamp = f"{drill.at.astimezone(UTC):%Y%m%dT%H%M%S%fZ}"
    note = {
        "at": drill.at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "keys": list(drill.keys),
        "opened": [{"asset": opened.asset, "copy": opened.copy} for opened in drill.tried if opened.asset],
    }
    try:
        vault.put(f"{KEY_PROOFS}{stamp}.json", (json.dumps(note, indent=1) + "\n").encode())
    except ObjectExists:
        return


def _parse(stamp: str) -> datetime:
    return datetime.strptime(stamp, "%Y%m%dT%H%M%S%fZ").replace(tzinfo=UTC)

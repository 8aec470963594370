"""A copy in a scratch vault, to be spoilt there by the mutations."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from outlive.backup.copies.layout import COPIES, MANIFEST, PROOFS, SUMS, copy_folder
from outlive.backup.copies.manifest import dump_manifest, sums
from outlive.model.copy import Manifest, Part, Stream
from outlive.vault.base import Vault

T = TypeVar("T")


class Seen(StrEnum):
    """The first look that must notice: reading the bytes; opening them with a key; restoring them in a drill."""

    BYTES = "bytes"
    OPENED = "opened"
    RESTORED = "restored"


class DoesNotFit(Exception):
    """This copy cannot be spoilt in that way (a single part cannot be reordered); nothing was changed."""


@dataclass(frozen=True, slots=True)
class Specimen:
    """A copy in a scratch vault, to be spoilt there. `others` are further copies in the same scratch vault."""

    vault: Vault
    manifest: Manifest
    rng: random.Random
    others: tuple[Manifest, ...] = ()

    @property
    def folder(self) -> str:
        return copy_folder(self.manifest.asset, self.manifest.id)

    def key(self, part: Part) -> str:
        return self.folder + part.file

    def any_part(self) -> Part:
        return self.rng.choice([part for stream in self.manifest.streams for part in stream.parts])

    def two_parts(self) -> tuple[Part, Part]:
        """Of different bytes."""
        parts = [part for stream in self.manifest.streams for part in stream.parts]
        first = self.rng.choice(parts)
        rest = [part for part in parts if part.sha256 != first.sha256]
        return first, self._choice(rest)

    def long_stream(self) -> Stream:
        """One of several parts."""
        return self._choice([stream for stream in self.manifest.streams if len(stream.parts) > 1])

    def foreign(self) -> Manifest:
        """A copy of another thing."""
        return self._choice([other for other in self.others if other.lineage != self.manifest.lineage])

    def older(self) -> Manifest:
        """An earlier copy of the same thing."""
        ours = self.manifest
        return self._choice([one for one in self.others if one.asset == ours.asset and one.sequence < ours.sequence])

    def _choice(self, found: Sequence[T]) -> T:
        if not found:
            raise DoesNotFit
        return self.rng.choice(found)


@dataclass(frozen=True, slots=True)
class Mutation:
    """One way to spoil a copy. `act` raises `DoesNotFit` before it changes anything."""

    name: str
    seen: Seen
    act: Callable[[Specimen], None]


def copy_into(scratch: Vault, vault: Vault, manifest: Manifest) -> Vault:
    """Puts all that belongs to the copy into `scratch` and returns that."""
    place = f"{manifest.asset}/{manifest.id}/"
    for prefix in (COPIES + place, PROOFS + place):
        for info in vault.walk(prefix):
            scratch.put(info.key, vault.get(info.key))
    return scratch


def replace_object(vault: Vault, key: str, data: bytes) -> None:
    """What no vault does: another object under the same key."""
    vault.delete(key)
    vault.put(key, data)


def rewrite_manifest(specimen: Specimen, manifest: Manifest) -> None:
    """Puts a manifest, and the sums that fit it, in the place of the copy's own."""
    replace_object(specimen.vault, specimen.folder + SUMS, sums(manifest))
    replace_object(specimen.vault, specimen.folder + MANIFEST, dump_manifest(manifest))

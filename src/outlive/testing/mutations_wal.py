"""Named ways to spoil log in a vault. Each must make the window smaller, or its objects unreadable, or the replay stop."""

from __future__ import annotations

import io
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pyrage import x25519

from outlive.backup.log.wal_names import Stretch, stretch_key
from outlive.commands.wal import PAGE_BYTES
from outlive.testing.mutations import flip
from outlive.testing.specimen import DoesNotFit, replace_object
from outlive.vault.base import Vault
from outlive.vault.encryption import encrypt
from outlive.vault.frames import compress_frame


@dataclass(frozen=True, slots=True)
class WalSpecimen:
    """The log of one window in a scratch vault, in order. `foreign` is the key of an object of another cluster's log."""

    vault: Vault
    stretches: tuple[Stretch, ...]
    segment_bytes: int
    rng: random.Random
    foreign: str | None = None

    def any(self) -> Stretch:
        return self.rng.choice([one for one in self.stretches if one.end > one.start])

    def inner(self) -> Stretch:
        """One with log before and behind it."""
        if len(self.stretches) < 3:
            raise DoesNotFit
        return self.rng.choice(self.stretches[1:-1])

    def two(self) -> Sequence[Stretch]:
        if len(self.stretches) < 2:
            raise DoesNotFit
        return self.rng.sample(self.stretches, 2)

    def rename(self, one: Stretch, *, timeline: int = 0, by: int = 0) -> None:
        """The same bytes under the name of another place in the log."""
        folder = one.key.rpartition("/")[0] + "/"
        line, start, end = one.timeline + timeline, one.start + by, one.end + by
        data = self.vault.get(one.key)
        self.vault.delete(one.key)
        key = stretch_key(folder, line, start, end, one.until, self.segment_bytes)
        self.vault.delete(key)
        self.vault.put(key, data)


@dataclass(frozen=True, slots=True)
class WalMutation:
    """One way to spoil log."""

    name: str
    act: Callable[[WalSpecimen], None]


def _flip(specimen: WalSpecimen) -> None:
    key = specimen.any().key
    data = specimen.vault.get(key)
    replace_object(specimen.vault, key, flip(data, specimen.rng.randrange(len(data)), specimen.rng))


def _truncate(specimen: WalSpecimen) -> None:
    key = specimen.any().key
    replace_object(specimen.vault, key, specimen.vault.get(key)[:-1])


def _drop(specimen: WalSpecimen) -> None:
    specimen.vault.delete(specimen.inner().key)


def _swap(specimen: WalSpecimen) -> None:
    first, second = specimen.two()
    data = specimen.vault.get(first.key)
    replace_object(specimen.vault, first.key, specimen.vault.get(second.key))
    replace_object(specimen.vault, second.key, data)


def _page(specimen: WalSpecimen) -> None:
    """A page earlier, where its segment has room."""
    found = [one for one in specimen.stretches if one.start % specimen.segment_bytes >= PAGE_BYTES]
    if not found:
        raise DoesNotFit
    specimen.rename(specimen.rng.choice(found), by=-PAGE_BYTES)


def _shift(specimen: WalSpecimen) -> None:
    """A whole segment later."""
    specimen.rename(specimen.inner(), by=specimen.segment_bytes)


def _timeline(specimen: WalSpecimen) -> None:
    specimen.rename(specimen.inner(), timeline=1)


def _foreign(specimen: WalSpecimen) -> None:
    if specimen.foreign is None:
        raise DoesNotFit
    replace_object(specimen.vault, specimen.any().key, specimen.vault.get(specimen.foreign))


def _wrong_key(specimen: WalSpecimen) -> None:
    one = specimen.any()
    stranger = x25519.Identity.generate().to_public()
    replace_object(specimen.vault, one.key, encrypt(io.BytesIO(compress_frame(bytes(one.end - one.start))), [stranger]))


WAL_MUTATIONS: tuple[WalMutation, ...] = (
    WalMutation("flip a byte", _flip),
    WalMutation("truncate", _truncate),
    WalMutation("drop one", _drop),
    WalMutation("two change places", _swap),
    WalMutation("shifted by a page", _page),
    WalMutation("shifted by a segment", _shift),
    WalMutation("said to be of another timeline", _timeline),
    WalMutation("of another cluster", _foreign),
    WalMutation("sealed to a wrong key", _wrong_key),
)

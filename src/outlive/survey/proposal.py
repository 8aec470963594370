"""What is proposed after a look: assets with their reasons, and what is left unguarded with its own. PURE nouns."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from outlive.model.asset import Asset


@dataclass(frozen=True, slots=True)
class Proposed:
    """An asset. `about` is what was found; `notes` is what a person must know or do; `stop` are the services whose
    stopping would make the copy consistent (only suggested: stopping is a decision)."""

    asset: Asset
    about: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    stop: tuple[str, ...] = ()
    bytes: int | None = None


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something that would not be copied by itself. `at_risk`: it is data for sure. `harmless`: nothing is lost by
    that (another asset holds it, or there is nothing to copy), so it is shown once and not written down."""

    kind: str
    name: str
    why: str
    bytes: int | None = None
    at_risk: bool = False
    harmless: bool = False


@dataclass(frozen=True, slots=True)
class Proposal:
    """`optional` assets are written down commented out. `urls` and `names` are what to look at from outside."""

    host: str | None
    assets: tuple[Proposed, ...]
    optional: tuple[Proposed, ...] = ()
    unguarded: tuple[LeftOut, ...] = ()
    urls: tuple[str, ...] = ()
    names: tuple[str, ...] = ()

    @property
    def at_risk(self) -> tuple[LeftOut, ...]:
        return tuple(one for one in self.unguarded if one.at_risk)


@dataclass(slots=True)
class Names:
    """Names that are fit for the vault (lower case letters, digits, `.`, `_`, `-`), each given once."""

    taken: set[str] = field(default_factory=set)

    def fresh(self, *words: str) -> str:
        base = slug("-".join(words))
        name, number = base, 1
        while name in self.taken:
            number += 1
            name = f"{base}-{number}"
        self.taken.add(name)
        return name


def slug(text: str) -> str:
    """`text` with everything else turned into `-`, at most 80 long; "unnamed" when nothing is left of it."""
    cleaned = re.sub(r"\.{2,}", ".", re.sub(r"[^a-z0-9._-]+", "-", text.lower()))
    return re.sub(r"^[^a-z0-9]+|[^a-z0-9]+$", "", cleaned)[:80].rstrip("._-") or "unnamed"


def amount(size: int | None) -> str:
    """`1.2 GB`; "size unknown" when it is."""
    if size is None:
        return "size unknown"
    value = float(size)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" or value >= 10 else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} TB"

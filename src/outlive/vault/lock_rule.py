"""What is locked for how long. PURE."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class LockMode(StrEnum):
    """COMPLIANCE: nobody, not the account's owner. GOVERNANCE: only who may s3:BypassGovernanceRetention."""

    COMPLIANCE = "COMPLIANCE"
    GOVERNANCE = "GOVERNANCE"


@dataclass(frozen=True, slots=True)
class LockRule:
    """For how many days each object is locked (`days_of` its key; 0: not at all), and how. `days` is what copies get,
    `words` what a person is told."""

    days: int
    mode: LockMode
    days_of: Callable[[str], int]
    words: str = ""


@dataclass(frozen=True, slots=True)
class BucketLock:
    """What the bucket itself gives to every object: `days` 0 when it has Object Lock and no default."""

    days: int
    mode: LockMode | None

    def covers(self, days: int, mode: LockMode) -> bool:
        """Whether an object put without a word of ours is locked at least as well."""
        return self.days >= days and self.mode in (LockMode.COMPLIANCE, mode)

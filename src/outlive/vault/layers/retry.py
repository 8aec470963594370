"""Tries again when a vault could not be reached.

Which verbs may be repeated, when nobody knows whether the last try had its effect:

- `get`, `holds`, `walk`, `folders` change nothing.
- `delete` ends in the same state however often it happens.
- `put` is create-only. If a try took effect and its answer was lost, the next one is told `ObjectExists`. So after an
  unheard try that answer is not believed as it stands: the object is read back and compared. Ours, byte for byte: the
  put succeeded. Anything else: somebody else has the key, `ObjectExists` stands. On the *first* try `ObjectExists`
  always stands, whatever the bytes. A store that ignores the condition only writes the same bytes twice.
- `copy` goes to a fresh key; the same reasoning, the target being compared with the source.

Only `VaultUnreachable` is tried again (no connection, time-out, 429, 5xx). Refusals, a full disk and missing objects
do not get better by asking.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from outlive.clock import Clock
from outlive.errors import ObjectExists, VaultUnreachable
from outlive.vault.base import ObjectInfo, Vault

T = TypeVar("T")
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Schedule:
    """At most `attempts` tries; the waits between them, in seconds, grow from `first` by `factor` up to `cap`.

    No wait begins that would end later than `ceiling` seconds after the first try: a try itself may take as long as the
    vault's own time-outs allow.
    """

    attempts: int = 6
    first: float = 0.5
    factor: float = 2.0
    cap: float = 20.0
    ceiling: float = 900.0

    def wait(self, tries: int, chance: float) -> float:
        """The wait after that many failed tries; `chance` (0 to 1) spreads it over the upper half of its length, so
        that many writers do not come back at one moment."""
        return min(self.cap, self.first * self.factor ** (tries - 1)) * (0.5 + chance / 2)


class RetryVault:
    """Passes everything on, and again when the vault could not be reached. Raises what the last try raised."""

    def __init__(
        self,
        inner: Vault,
        clock: Clock,
        schedule: Schedule | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.inner = inner
        self._clock = clock
        self._schedule = schedule or Schedule()
        self._chance = chance

    @property
    def url(self) -> str:
        return self.inner.url

    def put(self, key: str, data: bytes) -> None:
        self._create(lambda: self.inner.put(key, data), lambda: self.holds(key, data), f"put {key}")

    def get(self, key: str) -> bytes:
        return self._patiently(lambda: self.inner.get(key), f"get {key}")

    def holds(self, key: str, data: bytes) -> bool:
        return self._patiently(lambda: self.inner.holds(key, data), f"compare {key}")

    def walk(self, prefix: str) -> Iterator[ObjectInfo]:
        yield from self._patiently(lambda: list(self.inner.walk(prefix)), f"list {prefix}")

    def folders(self, prefix: str) -> list[str]:
        return self._patiently(lambda: self.inner.folders(prefix), f"list {prefix}")

    def copy(self, source: str, target: str) -> None:
        self._create(
            lambda: self.inner.copy(source, target),
            lambda: self.holds(target, self.get(source)),
            f"copy {source} to {target}",
        )

    def delete(self, key: str) -> None:
        self._patiently(lambda: self.inner.delete(key), f"delete {key}")

    def _create(self, act: Callable[[], None], is_ours: Callable[[], bool], what: str) -> None:
        unheard = False

        def attempt() -> None:
            nonlocal unheard
            try:
                act()
            except VaultUnreachable:
                unheard = True
                raise
            except ObjectExists:
                if not unheard or not is_ours():
                    raise
                log.debug("%s: an earlier try, whose answer was lost, had taken effect", what)

        self._patiently(attempt, what)

    def _patiently(self, act: Callable[[], T], what: str) -> T:
        began, tries = self._clock.monotonic(), 0
        while True:
            try:
                return act()
            except VaultUnreachable as error:
                tries += 1
                wait = self._schedule.wait(tries, self._chance())
                spent = self._clock.monotonic() - began
                if tries >= self._schedule.attempts or spent + wait > self._schedule.ceiling:
                    raise
                log.warning("%s: try %d failed (%s); again in %.1f s", what, tries, error.detail, wait)
                self._clock.sleep(wait)

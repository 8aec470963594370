"""A vault in memory, for tests: the contract of `Vault` without a disk."""

from __future__ import annotations

import threading
from collections.abc import Iterator

from outlive.clock import Clock, SystemClock
from outlive.errors import ObjectExists, ObjectMissing
from outlive.vault.base import ObjectInfo, check_key


class MemoryVault:
    """Objects in a dictionary; gone with the process."""

    def __init__(self, clock: Clock | None = None) -> None:
        self.objects: dict[str, tuple[bytes, ObjectInfo]] = {}
        self._clock = clock or SystemClock()
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        return "memory:"

    def put(self, key: str, data: bytes) -> None:
        with self._lock:
            if check_key(key) in self.objects:
                raise ObjectExists(key)
            self.objects[key] = (bytes(data), ObjectInfo(key, len(data), self._clock.now()))

    def get(self, key: str) -> bytes:
        try:
            return self.objects[check_key(key)][0]
        except KeyError:
            raise ObjectMissing(key) from None

    def holds(self, key: str, data: bytes) -> bool:
        return self.get(key) == data

    def walk(self, prefix: str) -> Iterator[ObjectInfo]:
        with self._lock:
            infos = [info for key, (_, info) in sorted(self.objects.items()) if key.startswith(prefix)]
        yield from infos

    def folders(self, prefix: str) -> list[str]:
        rests = (info.key.removeprefix(prefix) for info in self.walk(prefix))
        return sorted({rest.split("/")[0] for rest in rests if "/" in rest})

    def copy(self, source: str, target: str) -> None:
        self.put(target, self.get(source))

    def delete(self, key: str) -> None:
        with self._lock:
            self.objects.pop(check_key(key), None)

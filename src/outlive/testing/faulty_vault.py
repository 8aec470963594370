"""A vault that fails by script: a decorator for any other vault (after kopia's blobtesting)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from outlive.vault.base import ObjectInfo, Vault

Damage = Callable[[bytes], bytes]


@dataclass(slots=True)
class Fault:
    """What happens to one verb: after `skip` good calls, `times` calls (None: for ever) go wrong.

    `error` is raised, after the effect when `after_effect`; without an error, `damage` changes the bytes that pass.
    """

    verb: str
    error: Exception | None = None
    damage: Damage | None = None
    skip: int = 0
    times: int | None = 1
    after_effect: bool = False
    key_contains: str = ""


class FaultyVault:
    """Passes everything on but what a fault catches. `calls` counts each verb."""

    def __init__(self, inner: Vault, *faults: Fault) -> None:
        self.inner = inner
        self.faults = list(faults)
        self.calls: list[tuple[str, str]] = []

    @property
    def url(self) -> str:
        return self.inner.url

    def put(self, key: str, data: bytes) -> None:
        fault = self._meet("put", key)
        if fault and fault.damage:
            data = fault.damage(data)
        if fault is None or fault.error is None or fault.after_effect:
            self.inner.put(key, data)
        _raise(fault)

    def get(self, key: str) -> bytes:
        fault = self._meet("get", key)
        _raise(fault)
        data = self.inner.get(key)
        return fault.damage(data) if fault and fault.damage else data

    def holds(self, key: str, data: bytes) -> bool:
        fault = self._meet("holds", key)
        _raise(fault)
        return self.inner.holds(key, fault.damage(data) if fault and fault.damage else data)

    def walk(self, prefix: str) -> Iterator[ObjectInfo]:
        _raise(self._meet("walk", prefix))
        return self.inner.walk(prefix)

    def folders(self, prefix: str) -> list[str]:
        _raise(self._meet("folders", prefix))
        return self.inner.folders(prefix)

    def copy(self, source: str, target: str) -> None:
        fault = self._meet("copy", target)
        if fault is None or fault.after_effect:
            self.inner.copy(source, target)
        _raise(fault)

    def delete(self, key: str) -> None:
        fault = self._meet("delete", key)
        if fault is None or fault.after_effect:
            self.inner.delete(key)
        _raise(fault)

    def _meet(self, verb: str, key: str) -> Fault | None:
        self.calls.append((verb, key))
        for fault in self.faults:
            if fault.verb != verb or fault.key_contains not in key or fault.times == 0:
                continue
            if fault.skip:
                fault.skip -= 1
                continue
            if fault.times is not None:
                fault.times -= 1
            return fault
        return None


def _raise(fault: Fault | None) -> None:
    if fault and fault.error:
        raise fault.error

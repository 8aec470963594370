"""Log that has come and is not settled in the vault yet. Pure.

Log is settled in units: a segment, or 16 MiB of a longer one. The buffer reaches back to the beginning of the unit in
which the durable position lies, so that a complete unit can take its pieces' place.
"""

from __future__ import annotations

UNIT_BYTES = 16 << 20


def unit_of(segment_bytes: int) -> int:
    """How long a unit is where segments are that long (a power of two)."""
    return min(segment_bytes, UNIT_BYTES)


def floor(position: int, size: int) -> int:
    """The last multiple of `size` that is not behind `position`."""
    return position - position % size


class LogBuffer:
    """Bytes from `base` to `end`; those before `durable` are in the vault."""

    def __init__(self, base: int, durable: int, unit: int) -> None:
        self._data = bytearray()
        self.base = base
        self.durable = durable
        self._unit = unit

    @property
    def end(self) -> int:
        return self.base + len(self._data)

    @property
    def waiting_bytes(self) -> int:
        """How much has come that is not durable."""
        return max(0, self.end - self.durable)

    def add(self, position: int, data: memoryview) -> None:
        """Raises ValueError when it is not what comes next."""
        if position != self.end:
            raise ValueError(position)
        self._data += data

    def cut(self) -> bytes:
        """What waits, at most to the end of its unit."""
        end = min(self.end, floor(self.durable, self._unit) + self._unit)
        return bytes(memoryview(self._data)[self.durable - self.base : end - self.base])

    def settle(self, position: int) -> bytes | None:
        """Everything before `position` is durable. When that completes a unit which is here from its beginning, the unit;
        what lies before is forgotten."""
        begin = floor(self.durable, self._unit)
        self.durable = position
        if position < begin + self._unit:
            return None
        whole = self.base <= begin and position == begin + self._unit
        unit = bytes(memoryview(self._data)[begin - self.base : position - self.base]) if whole else None
        kept = floor(position, self._unit)
        del self._data[: kept - self.base]
        self.base = kept
        return unit

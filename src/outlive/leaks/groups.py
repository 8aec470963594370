"""Things that a log tells over several lines: a printed error object, an environment. Pure. An onlooker of
`history.Around`."""

from __future__ import annotations

from dataclasses import dataclass, field

from outlive.leaks.cutter import Unit
from outlive.leaks.finding import Findings
from outlive.leaks.rules import Group


@dataclass(slots=True, repr=False)
class _Thing:
    """What was seen of it: its parts, and where its anchor stands."""

    parts: dict[str, bytes] = field(default_factory=dict)
    line: int = 0
    column: int = 0
    last_line: int = 0


class GroupWatch:
    """Puts the parts of one group's things together; reports into `findings`."""

    def __init__(self, group: Group, findings: Findings) -> None:
        self._group = group
        self._findings = findings
        self._thing = _Thing()

    def begins(self, line: bytes) -> bool:
        return self._group.parts[self._group.anchor].search(line) is not None

    def see(self, unit: Unit) -> None:
        if unit.line - self._thing.last_line > self._group.within_lines:
            self.close()
        for start, name, text in self._parts(unit):
            if name in self._thing.parts and self._is_whole():
                self.close()
            if name not in self._thing.parts:
                self._thing.parts[name] = text
                if name == self._group.anchor:
                    self._thing.line, self._thing.column = unit.line, unit.column + start + 1
            self._thing.last_line = unit.line

    def close(self) -> None:
        """What is whole is reported; the next part begins another thing."""
        thing, self._thing = self._thing, _Thing()
        if self._is_whole_of(thing):
            same = b"\0".join(thing.parts.get(name, b"") for name in self._group.identity)
            self._findings.add(self._group.meaning, thing.line, thing.column, same)

    def _is_whole(self) -> bool:
        return self._is_whole_of(self._thing)

    def _is_whole_of(self, thing: _Thing) -> bool:
        return self._group.need <= thing.parts.keys() and len(thing.parts) >= self._group.at_least

    def _parts(self, unit: Unit) -> list[tuple[int, str, bytes]]:
        return sorted(
            (found.start(), name, found.groupdict().get("value") or found[0])
            for name, pattern in self._group.parts.items()
            for found in pattern.finditer(unit.data)
            if unit.owns(found.end())
        )

"""One log file of a host, followed from look to look: where its place is, what is to be read, how far that goes. Pure.

A look lists the files (`look_at`), asks for a place that is not where it was (`probes`, `settle`), plans what is to be
read (`reading`), takes that in (`take_in`), and remembers how the file stood (`seen`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from outlive.commands.host_logs import Brought, FileSeen, Wanted
from outlive.logs import places, rotated
from outlive.logs.places import Place, Reading
from outlive.logs.resume import AGAIN_BYTES
from outlive.logs.taken import take

LEAST_BYTES = 32 << 10  # that much of a log is read in a look, when any of it is; a longer line may be passed over
VAIN = 2  # so often nothing came of what was asked for, and it cannot be read


@dataclass(slots=True)
class Following:
    """`place` None: never read; with `fresh` it is then read from its beginning. `resumed`: the keeper before this one had
    told everything up to the place, and what stands before it is to be heard again. `gap`: something was gone unread."""

    path: str
    key: bytes = field(repr=False)
    fresh: bool = False
    place: Place | None = None
    ragged: bool = False
    resumed: bool = False
    gap: bool = False
    in_vain: int = 0
    chain: Sequence[FileSeen] = ()
    _displaced: bool = False
    _was_rotated: bool = False
    _file: FileSeen | None = None  # that of the place, as it was at the last look
    _spent: FileSeen | None = None  # compressed, and read to its end
    _known: Sequence[FileSeen] | None = None  # what lay there at the last look

    @classmethod
    def taken_up(cls, path: str, key: bytes, told: Mapping[str, Any] | None, *, fresh: bool) -> Following:
        """From what `noted` gave, if it can be read."""
        place = Place.taken_up(told)
        ragged = place is not None and (told or {}).get("ragged") is True
        return cls(path, key, fresh, place, ragged, place is not None)

    def noted(self) -> dict[str, Any]:
        """As JSON; nothing before it was read."""
        return {} if self.place is None else self.place.noted() | {"ragged": self.ragged}

    @property
    def is_unreadable(self) -> bool:
        return self.in_vain >= VAIN

    def look_at(self, files: Sequence[FileSeen]) -> None:
        self.chain, self.gap = rotated.chain(self.path, files), False
        if self.place is not None and self.place.offset == 0 and self.chain:
            self.place = self._from_its_beginning(self.place)

    def _from_its_beginning(self, place: Place) -> Place:
        """Nothing stands before such a place that it could be known by; but what is new beside the log was the log."""
        known = self._known or self.chain
        was_newest = known[-1].is_the_one(place.device, place.inode)
        is_gone = places.index(self.chain, place) is None
        if not was_newest and not is_gone:
            return place
        new = [one for one in self.chain[:-1] if not any(_is_same(one, each) for each in known)]
        if was_newest:
            packed = {
                one.path for one in known if not any(one.is_the_one(each.device, each.inode) for each in self.chain)
            }
            new = [one for one in new if not (one.is_packed and one.path.rpartition(".")[0] in packed)]
        return places.moved(place, (new or self.chain[-1:])[0]) if new or is_gone else place

    def probes(self) -> list[Wanted]:
        """Where the place may be, when it is not where it was."""
        if not self.chain or self.place is None or self.place.offset == 0:
            return []
        lost = self._displaced or places.is_displaced(self.chain, self.place)
        return places.probes(self.chain, self.place) if lost else []

    def settle(self, tried: Sequence[tuple[Wanted, Brought | None]]) -> None:
        """By what was brought of the probes. When the place is nowhere, what was not read is gone, and the log is read
        from its beginning."""
        lost = self.place is not None and (self._displaced or places.is_displaced(self.chain, self.place))
        if not self.chain or not lost or self.place is None:
            return
        found = places.found(self.path, self.place, tried, self.key)
        self._displaced, self._was_rotated = False, True
        if found is None:
            self.gap = True
            self._begin(self.chain[-1])
        elif found[1]:
            self.place, self._file = places.moved(self.place, found[0]), found[0]
        else:
            self._begin(self.chain[min(list(self.chain).index(found[0]) + 1, len(self.chain) - 1)])

    def _begin(self, file: FileSeen) -> None:
        self.place, self.ragged, self.resumed = Place(file.device, file.inode, 0), False, False
        self._file = file

    def reading(self, budget_bytes: int) -> Reading:
        if not self.chain:
            return Reading()
        if self.place is None:
            if self.chain[-1].path != self.path:
                return Reading()
            return places.first(self.chain, budget_bytes, fresh=self.fresh)
        at = places.index(self.chain, self.place)
        if at is None:
            return Reading()
        if self.chain[at] == self._spent:
            if at == len(self.chain) - 1:
                return Reading()
            at += 1
            self._begin(self.chain[at])
        file, reading = self.chain[at], places.onward(self.chain, self.place, budget_bytes, lingers=self._lingers(at))
        if self.resumed:
            return self._with_lead(file, reading, AGAIN_BYTES)
        is_odd = not reading.pieces and self._file is not None and file.changed_at != self._file.changed_at
        return self._with_lead(file, reading, places.LEAD_BYTES) if is_odd else reading

    def _lingers(self, at: int) -> bool:
        """Whether somebody may still write to the file that was the log a moment ago."""
        file = self.chain[at]
        is_still = self._was_rotated and self._file is not None and file.size_bytes == self._file.size_bytes
        return at == len(self.chain) - 2 and not file.is_packed and not is_still

    def _with_lead(self, file: FileSeen, reading: Reading, most_bytes: int) -> Reading:
        """With so much of what stands before the place: to be heard again; or to see whether the file is still the one,
        when it was written to and is as long as before."""
        assert self.place
        lead = min(most_bytes, self.place.offset)
        pieces = reading.pieces or (Wanted(file, self.place.offset, 0, lead),)
        if pieces[0].offset == self.place.offset and pieces[0].file == file:
            pieces = (replace(pieces[0], lead=lead), *pieces[1:])
        return replace(reading, pieces=pieces, grown_bytes=reading.grown_bytes + lead)

    def take_in(self, reading: Reading, brought: Sequence[Brought | None]) -> tuple[list[bytes], list[bytes]]:
        """The lines that were heard before, and those that are new; neither when the file is not what it was."""
        before: list[bytes] = []
        lines: list[bytes] = []
        self.ragged = self.ragged or reading.begins_within
        for number, (piece, got) in enumerate(zip(reading.pieces, brought, strict=True)):
            if got is None or not self._is_right(piece, got):
                self.in_vain += got is None
                self._displaced = got is not None
                break
            self.in_vain = 0
            if self.resumed and not self.ragged and number == 0:
                before = _whole(got.lead, piece.offset > piece.lead)
            self.resumed = False
            lines += self._taken(piece, got, is_followed=number + 1 < len(reading.pieces))
        return before, lines

    def _is_right(self, piece: Wanted, got: Brought) -> bool:
        place = self.place
        if place is None or not piece.file.is_the_one(place.device, place.inode):
            return True
        if piece.offset == place.offset:
            return place.is_there(got, self.key)
        return place.is_of(got, self.key)

    def _taken(self, piece: Wanted, got: Brought, *, is_followed: bool) -> Sequence[bytes]:
        at_end = piece.file.is_packed and len(got.data) < piece.length
        final = at_end or (is_followed and not piece.file.is_packed)
        taken = take(piece, got, self.key, ragged=self.ragged, final=final, longest_bytes=LEAST_BYTES)
        self.place, self.ragged = taken.place, taken.ragged
        self._spent = piece.file if at_end else None
        return taken.lines

    def seen(self) -> None:
        """The look is over."""
        self._known = self.chain
        if self.place is None:
            newest = self.chain[-1] if self.chain and self.chain[-1].path == self.path else None
            self.fresh = self.fresh or newest is None
            if newest is not None and newest.size_bytes == 0:
                self.place = Place(newest.device, newest.inode, 0)
        at = places.index(self.chain, self.place) if self.place else None
        self._was_rotated = at is not None and at < len(self.chain) - 1
        self._file = self.chain[at] if at is not None else None


def _is_same(one: FileSeen, before: FileSeen) -> bool:
    """What is compressed is not written to any more: one that changed is another, to which the inode was given."""
    is_other = one.is_packed and one.changed_at != before.changed_at
    return one.is_the_one(before.device, before.inode) and not is_other


def _whole(lead: bytes, begins_within: bool) -> list[bytes]:
    """Its whole lines; it ends with one."""
    text = lead[lead.find(b"\n") + 1 :] if begins_within else lead
    return text.removesuffix(b"\n").split(b"\n") if text.endswith(b"\n") else []

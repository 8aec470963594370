"""What the services of a host write: read on from where the last look ended, over the connection that is kept.

Nothing runs on the host between two looks. At most `BUDGET_BYTES` a look are brought, and one service may be behind by two
megabytes before the middle is skipped; how much was written is counted all the same. Where Docker keeps logs otherwise than
in json-file, or the login may not read them, that is said: no data. After a restart it reads on from where it had told
everything; a little of what was heard before is heard again and not told again (`logs/resume.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from outlive.clock import Clock
from outlive.commands import env_names, log_files
from outlive.commands.docker_look import ContainerState, Seat
from outlive.commands.log_files import FileAt, LogLine, Piece
from outlive.leaks.rotation import checklist
from outlive.logs.ear import Ear
from outlive.logs.follow import Position, Step, shares, step
from outlive.logs.resume import Left, noted, taken_up
from outlive.logs.tally import Limits
from outlive.model.observation import Channel, Observation
from outlive.transport.inside import UNANSWERED, Inside, why_unanswered
from outlive.witnesses.base import Pad

FACT = "log.seen"
SECRETS = "stack.secrets"
BUDGET_BYTES = 640 << 10  # of all services in a look; as base64 it fits into what one command may say
LEAST_BYTES = 32 << 10
DRIVER = "json-file"
STREAMS = ("stdout", "stderr")


@dataclass(slots=True)
class Followed:
    """One container's log."""

    seat: Seat
    at: Position | None = None
    fresh: bool = False
    ragged: bool = False
    left: Left | None = None


@dataclass(slots=True)
class LogWitness:
    """`containers` are those that were seen last. `key`: what the fingerprints of leaks are made with. `remembered`:
    the `positions` of the reader before this one."""

    subject: str
    inside: Inside
    clock: Clock
    containers: Callable[[], Sequence[ContainerState]]
    key: bytes = field(repr=False)
    limits: Limits = field(default_factory=Limits)
    timeout_seconds: float = 10.0
    remembered: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    _told_to: Mapping[str, Mapping[str, Any]] | None = None
    _followed: dict[str, Followed] = field(default_factory=dict)
    _ears: dict[tuple[Seat, str], Ear] = field(default_factory=dict)
    _began: datetime | None = None

    @property
    def what(self) -> str:
        return f"the logs at {self.subject}"

    @property
    def reader(self) -> str:
        return self.subject

    def positions(self) -> Mapping[str, Mapping[str, Any]]:
        """By path. As long as no container was seen, those that were remembered: nothing is known to be gone."""
        return self.remembered if self._told_to is None else self._told_to

    def blind(self, why: str) -> list[Observation]:
        return [self._pad.no_data(FACT, "timeout", why)]

    async def look(self) -> list[Observation]:
        now = self.clock.now()
        containers = self.containers()
        self._take_up([one for one in containers if one.log_driver == DRIVER and one.log_path], now)
        try:
            if self._followed:
                await self._read_on(now)
        except UNANSWERED as error:
            return [self._pad.no_data(FACT, *why_unanswered(error))]
        told = [*self._told(now), *self._unread(containers)]
        if containers:
            self._told_to = {path: self._note(one) for path, one in self._followed.items() if one.at is not None}
        projects = dict.fromkeys(one.value.get("project", "") for one in told if _is_compromise(one))
        return [*told, *[await self._secrets(name, containers) for name in projects]]

    async def _secrets(self, project: str, containers: Sequence[ContainerState]) -> Observation:
        """The names of what has to be changed now: read only when there is reason to."""
        its = [one for one in containers if one.seat.project == project]
        files = dict.fromkeys(path for one in its for path in one.env_files)
        try:
            done = await self.inside.run(env_names.look(list(files), [one.id for one in its]), self.timeout_seconds)
            names = env_names.read_look(done.text)
        except UNANSWERED as error:
            return self._pad.no_data(SECRETS, "not_readable", str(error), project=project)
        return self._pad.note(SECRETS, {"project": project, "names": [one.name for one in checklist(names)]})

    @property
    def _pad(self) -> Pad:
        return Pad("logs", Channel.INSIDE, self.subject, self.clock)

    def _take_up(self, containers: Sequence[ContainerState], now: datetime) -> None:
        """Those that came since the first look, by whomever, are read from their beginning; those that are gone no more."""
        fresh, self._began = self._began is not None or bool(self.remembered), self._began or now
        paths = {one.log_path: one.seat for one in containers}
        for path, seat in paths.items():
            if path not in self._followed:
                left = taken_up(self.remembered.get(path))
                at, ragged = (left.begin, left.is_ragged) if left else (None, False)
                self._followed[path] = Followed(seat, at, fresh, ragged, left)
        self._followed = {path: one for path, one in self._followed.items() if path in paths}

    def _note(self, one: Followed) -> Mapping[str, Any]:
        assert one.at
        ears = {stream: self._ears[one.seat, stream] for stream in STREAMS if (one.seat, stream) in self._ears}
        return noted(one.at, one.ragged, [stream for stream, ear in ears.items() if not ear.is_settled])

    async def _read_on(self, now: datetime) -> None:
        paths = list(self._followed)
        asked = await self.inside.run(log_files.stat(paths), self.timeout_seconds)
        files = log_files.read_stat(asked.text)
        for path, followed in self._followed.items():
            if followed.at is None and path in files and files[path].size_bytes == 0:
                followed.at = Position(files[path].inode, 0)
            if followed.left and not followed.left.is_there(files.values()):
                followed.at, followed.left, followed.ragged = followed.left.to, None, False
        steps = self._plan(files)
        pieces = [piece for one in steps.values() for piece in one.pieces]
        if not pieces:
            return
        brought = await self.inside.run(log_files.read(pieces), self.timeout_seconds)
        data = iter(zip(pieces, log_files.read_pieces(brought.text, pieces), strict=True))
        for path, one in steps.items():
            self._take_in(path, one, [next(data) for _ in one.pieces], now)

    def _plan(self, files: dict[str, FileAt]) -> dict[str, Step]:
        all_of = {
            path: step(path, files, one.at, BUDGET_BYTES, fresh=one.fresh) for path, one in self._followed.items()
        }
        share = shares({path: one.grown_bytes for path, one in all_of.items()}, BUDGET_BYTES, LEAST_BYTES)
        followed = {path: self._followed[path] for path in share}
        return {path: step(path, files, one.at, share[path], fresh=one.fresh) for path, one in followed.items()}

    def _take_in(self, path: str, one: Step, brought: Sequence[tuple[Piece, bytes]], now: datetime) -> None:
        """A position goes as far as the last whole line. A line that is longer than a look is passed over."""
        followed = self._followed[path]
        followed.ragged = followed.ragged or one.begins_within
        lines: list[LogLine] = []
        for piece, data in brought:
            if not data:
                return  # rotated between the two commands: it is found under its new name at the next look
            if followed.ragged:
                data = data[data.find(b"\n") + 1 :] if b"\n" in data else b""
                piece = Piece(piece.path, piece.inode, piece.offset + piece.length - len(data), len(data))
                followed.ragged = not data
            if followed.left and (known := followed.left.length_in(piece)):
                self._hear_again(followed, log_files.decode(data[:known])[0], now)
                data, piece = data[known:], Piece(piece.path, piece.inode, piece.offset + known, piece.length - known)
            found, used = log_files.decode(data)
            stuck = used == 0 and len(data) == piece.length >= LEAST_BYTES
            followed.ragged = followed.ragged or stuck
            followed.at = Position(piece.inode, piece.offset + (len(data) if stuck else used))
            lines += found
        followed.left = None
        read = sum(len(data) for _, data in brought)
        self._hear(followed.seat, lines, now, unread=(read + one.skipped_bytes) / read if read else 1.0)

    def _hear_again(self, followed: Followed, lines: Sequence[LogLine], now: datetime) -> None:
        assert followed.left
        for stream in STREAMS:
            said = [one for one in lines if one.stream == stream]
            if said and (followed.seat, stream) not in self._ears:
                ear = self._ears[followed.seat, stream] = Ear(stream, self.key, said[-1].at, self.limits)
                ear.hear_again(said, now, was_settled=stream not in followed.left.open)

    def _hear(self, seat: Seat, lines: Sequence[LogLine], now: datetime, unread: float) -> None:
        for stream in STREAMS:
            said = [one for one in lines if one.stream == stream]
            if said:
                ear = self._ears.setdefault((seat, stream), Ear(stream, self.key, said[0].at, self.limits))
                ear.hear(said, now, unread)

    def _told(self, now: datetime) -> Iterator[Observation]:
        for (seat, stream), ear in self._ears.items():
            for one in ear.told(now):
                if one.fact == "log.flood" and stream != "stderr":
                    continue  # what is written on purpose is counted, and no alarm
                yield self._pad.note(one.fact, _of(seat) | one.value, at=one.at)

    def _unread(self, containers: Sequence[ContainerState]) -> Iterator[Observation]:
        for one in containers:
            if one.running and one.log_driver not in (DRIVER, "none"):
                why = f"its log driver is {one.log_driver}: only {DRIVER} is read"
                yield self._pad.no_data(FACT, "not_readable", why, **_of(one.seat))


def _is_compromise(one: Observation) -> bool:
    return one.fact == "log.leak" and one.value.get("compromise") is True


def _of(seat: Seat) -> dict[str, str]:
    return {"service": seat.service} | ({"project": seat.project} if seat.project else {})

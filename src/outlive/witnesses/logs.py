"""What the services of a host write: read on from where the last look ended, over the connection that is kept.

Nothing runs on the host between two looks. At most `BUDGET_BYTES` a look are brought, and one service may be behind by two
megabytes before the middle is skipped; how much was written is counted all the same. Where Docker keeps logs otherwise than
in json-file, or the login may not read them, that is said: no data.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from outlive.clock import Clock
from outlive.commands import env_names, log_files
from outlive.commands.docker_look import ContainerState, Seat
from outlive.commands.log_files import FileAt, LogLine, Piece
from outlive.leaks.rotation import checklist
from outlive.logs.ear import Ear
from outlive.logs.follow import Position, Step, step
from outlive.logs.tally import Limits
from outlive.model.observation import Channel, Observation
from outlive.transport.inside import UNANSWERED, Inside, why_unanswered
from outlive.witnesses.base import Pad

FACT = "log.seen"
SECRETS = "stack.secrets"
BUDGET_BYTES = 640 << 10  # of all services in a look; as base64 it fits into what one command may say
LEAST_BYTES = 32 << 10
DRIVER = "json-file"


@dataclass(slots=True)
class Followed:
    """One container's log."""

    seat: Seat
    at: Position | None = None
    fresh: bool = False
    ragged: bool = False


@dataclass(slots=True)
class LogWitness:
    """`containers` are those that were seen last. `key`: what the fingerprints of leaks are made with."""

    subject: str
    inside: Inside
    clock: Clock
    containers: Callable[[], Sequence[ContainerState]]
    key: bytes = field(repr=False)
    limits: Limits = field(default_factory=Limits)
    timeout_seconds: float = 10.0
    _followed: dict[str, Followed] = field(default_factory=dict)
    _ears: dict[tuple[Seat, str], Ear] = field(default_factory=dict)
    _began: datetime | None = None

    @property
    def what(self) -> str:
        return f"the logs at {self.subject}"

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
        """Those that came since the first look are read from their beginning; those that are gone no more."""
        fresh, self._began = self._began is not None, self._began or now
        paths = {one.log_path: one.seat for one in containers}
        for path, seat in paths.items():
            self._followed.setdefault(path, Followed(seat, fresh=fresh))
        self._followed = {path: one for path, one in self._followed.items() if path in paths}

    async def _read_on(self, now: datetime) -> None:
        paths = list(self._followed)
        asked = await self.inside.run(log_files.stat(paths), self.timeout_seconds)
        files = log_files.read_stat(asked.text)
        for path, followed in self._followed.items():
            if followed.at is None and path in files and files[path].size_bytes == 0:
                followed.at = Position(files[path].inode, 0)
        steps = self._plan(files)
        pieces = [piece for one in steps.values() for piece in one.pieces]
        if not pieces:
            return
        brought = await self.inside.run(log_files.read(pieces), self.timeout_seconds)
        data = iter(zip(pieces, log_files.read_pieces(brought.text, pieces), strict=True))
        for path, one in steps.items():
            self._take_in(path, one, [next(data) for _ in one.pieces], now)

    def _plan(self, files: dict[str, FileAt]) -> dict[str, Step]:
        """Each may have as much of what is left as those behind it: the quiet ones leave theirs to the loud."""
        grown = {path: step(path, files, one.at, BUDGET_BYTES, fresh=one.fresh) for path, one in self._followed.items()}
        left, steps = BUDGET_BYTES, {}
        quiet_first = sorted(
            (path for path in grown if grown[path].grown_bytes), key=lambda path: grown[path].grown_bytes
        )
        for index, path in enumerate(quiet_first):
            one = self._followed[path]
            share = max(LEAST_BYTES, left // (len(quiet_first) - index))
            if share > left:
                break
            steps[path] = step(path, files, one.at, share, fresh=one.fresh)
            left -= sum(piece.length for piece in steps[path].pieces)
        return steps

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
            found, used = log_files.decode(data)
            stuck = used == 0 and len(data) == piece.length >= LEAST_BYTES
            followed.ragged = followed.ragged or stuck
            followed.at = Position(piece.inode, piece.offset + (len(data) if stuck else used))
            lines += found
        read = sum(len(data) for _, data in brought)
        self._hear(followed.seat, lines, now, unread=(read + one.skipped_bytes) / read if read else 1.0)

    def _hear(self, seat: Seat, lines: Sequence[LogLine], now: datetime, unread: float) -> None:
        for stream in ("stdout", "stderr"):
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

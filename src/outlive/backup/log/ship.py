"""Log from a stream into the vault, every few seconds, so that what would be lost is counted in seconds.

One loop receives, asks the server how far it is, cuts what has come into a piece, and has one put under way at a time. A
piece is an object of its own, encrypted like any part; when its unit (a segment) is complete, the whole unit is put and
its pieces are removed. What the server is told as flushed is durable in the vault, never more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from threading import Event

from outlive.backup.log.log_buffer import LogBuffer, floor, unit_of
from outlive.backup.log.ship_begin import begin
from outlive.backup.log.ship_hands import Hands
from outlive.backup.log.ship_moments import Moments
from outlive.backup.log.ship_start import Start
from outlive.backup.log.wal_names import UNKNOWN, Stretch
from outlive.clock import Clock
from outlive.commands import wal
from outlive.errors import VaultFailed, VaultForbidden, VaultUnreachable
from outlive.sources.wal import Ended, StreamBroke, WalStream
from outlive.sources.wal_question import Answer, Question
from outlive.vault.base import Vault
from outlive.vault.encryption import Recipient

SILENT_SECONDS = 45.0  # a server that does not answer for that long is taken for gone
MARK_SECONDS = 60.0  # how often an idle server is noted to be idle
PENDING_BYTES = 24 << 20
FINISH_SECONDS = 20.0
RETRY_SECONDS = (1.0, 2.0, 5.0, 10.0)


@dataclass(frozen=True, slots=True)
class ShipPolicy:
    """How often log is put into the vault (`every_seconds`, or as soon as `piece_bytes` have come), and to which keys."""

    recipients: tuple[Recipient, ...]
    every_seconds: float = 2.0
    piece_bytes: int = 1 << 20


@dataclass(frozen=True, slots=True)
class Shipped:
    """How far a stream is: every commit before `until` is durable in the vault; `position` is the end of what is.
    `server_end` is how far the server was when it last said so, so the difference is bytes at risk. `trouble` is why the
    vault takes nothing at the moment. `skew_seconds`: how far the server's clock is ahead of ours."""

    asset: str
    lineage: str
    until: datetime | None
    position: int
    server_end: int
    at: datetime
    trouble: str = ""
    safe_bytes: int | None = None
    skew_seconds: float | None = None
    timeline: int = 0

    @property
    def bytes_at_risk(self) -> int:
        return max(0, self.server_end - self.position)


class Shipper:
    """Ships one cluster's log. `told` is called after every change of how far it is, and with every question to the
    server. `news` says why what is shipped joins no earlier base copy, when it is known to."""

    def __init__(
        self,
        asset: str,
        stream: WalStream,
        vault: Vault,
        policy: ShipPolicy,
        clock: Clock,
        told: Callable[[Shipped], None],
    ) -> None:
        self._stream, self._vault, self._policy, self._clock, self._told = stream, vault, policy, clock, told
        self._shipped = Shipped(asset, f"pg-{stream.system.system_identifier}", None, 0, 0, clock.now())
        self._moments = Moments()
        self._heard = self._next_ask = clock.monotonic()
        self._stored_until = UNKNOWN  # the newest moment that an object in the vault stands for
        self._ended: Ended | None = None
        self._is_broken = False
        self._failures, self._retry_at = 0, 0.0
        self.news = ""

    def run(self, stop: Event, *, over_gap: bool = False) -> None:
        """Until `stop` is set. Raises `StreamBroke`, `WalGone`, `SourceFailed`: call again with a new stream; nothing is
        lost but time. What has come is shipped before either: the server may never answer again. `over_gap` goes on where
        the slot begins although log is missing before it: right only when a new base copy follows."""
        stream, asset, now = self._stream, self._shipped.asset, self._clock.now()
        begun = begin(asset, stream, self._vault, self._policy.recipients, now, over_gap=over_gap)
        self._place, self.news = begun.place, begun.news
        self._go(begun.start)
        with Hands() as self._hands, self._stream.question() as question:
            self._litter = list(begun.start.litter)
            try:
                while not stop.is_set():
                    self._receive(question)
                    self._ask(question)
                    self._work()
                    if self._ended and not self._buffer.waiting_bytes and not self._hands.busy:
                        self._follow(self._ended)
            except StreamBroke:
                self._is_broken = True
                self._hear(self._stream.rest())
                self._finish()
                raise
            self._finish()

    def _finish(self) -> None:
        """Ships what has come, as far as the vault takes it in time."""
        deadline = self._clock.monotonic() + FINISH_SECONDS
        while (self._buffer.waiting_bytes or self._hands.busy) and self._clock.monotonic() < deadline:
            self._work(force=True)
            self._hands.wait(0.1)

    def _go(self, start: Start) -> None:
        """Streams from there. Stores the timeline's history first: without it nobody finds the way onto it."""
        if start.timeline > 1:
            self._place.put_history(self._stream.history(start.timeline))
        self._buffer = LogBuffer(start.position, start.durable, unit_of(self._place.segment_bytes))
        self._pieces, self._marks, self._marked_at = list(start.pieces), list(start.marks), 0
        self._ended = None
        self._stream.start(start.position, start.timeline)

    def _receive(self, question: Question) -> None:
        if self._ended or self._buffer.waiting_bytes > PENDING_BYTES:  # the slot keeps the rest on the server
            self._heard = self._clock.monotonic()
            self._hands.wait(0.1)
            return
        events = self._stream.receive(min(0.2, self._policy.every_seconds / 4), [question.socket])
        self._hear(events)
        if self._clock.monotonic() - self._heard > SILENT_SECONDS:
            raise StreamBroke(f"the server has said nothing for {SILENT_SECONDS:.0f} s, although it was asked.")
        if events and self._buffer.end >= self._shipped.server_end:  # a few large reads cost less than many small ones
            self._clock.sleep(min(0.05, self._policy.every_seconds / 10))

    def _hear(self, events: Iterable[wal.Data | wal.Keepalive | Ended]) -> None:
        for event in events:
            self._heard = self._clock.monotonic()
            match event:
                case wal.Data():
                    self._take(event)
                case wal.Keepalive(wants_reply=True):
                    self._report(want_reply=False)
                case Ended():
                    self._ended = event

    def _take(self, event: wal.Data) -> None:
        try:
            self._buffer.add(event.start, event.data)
        except ValueError:
            expected = wal.show(self._buffer.end)
            raise StreamBroke(f"log at {wal.show(event.start)} came where {expected} was expected.") from None
        self._shipped = replace(self._shipped, server_end=max(self._shipped.server_end, event.server_end))

    def _ask(self, question: Question) -> None:
        if (answer := question.answer()) is not None:
            self._learn(answer)
        if self._clock.monotonic() >= self._next_ask:
            self._next_ask = self._clock.monotonic() + self._policy.every_seconds
            question.ask(self._clock.now())
            self._report(want_reply=True)  # that also keeps the server from hanging up while the vault is slow
            self._tell()

    def _learn(self, answer: Answer) -> None:
        self._moments.answered(answer.asked_at, answer.position)
        server_end = max(self._shipped.server_end, answer.position)
        self._shipped = replace(
            self._shipped, server_end=server_end, safe_bytes=answer.safe_bytes, skew_seconds=answer.skew_seconds
        )
        if self._moments.durable(self._buffer.durable):
            self._tell()

    def _report(self, *, want_reply: bool) -> None:
        if not (self._ended or self._is_broken):
            now, written, durable = self._clock.now(), self._buffer.end, self._buffer.durable
            self._stream.report(written=written, durable=durable, now=now, want_reply=want_reply)

    def _work(self, *, force: bool = False) -> None:
        """Takes in what has been stored, and has the next thing stored."""
        try:
            if (stored := self._hands.taken()) is not None:
                self._settle(stored)
        except (VaultUnreachable, VaultFailed, VaultForbidden) as error:  # the same bytes are tried again
            self._retry_at = self._clock.monotonic() + RETRY_SECONDS[min(self._failures, len(RETRY_SECONDS) - 1)]
            self._failures += 1
            self._shipped = replace(self._shipped, trouble=str(error))
            self._tell()
        if self._litter and self._hands.tidy(partial(self._place.forget, tuple(self._litter))):
            self._litter.clear()
        if self._hands.busy or self._clock.monotonic() < self._retry_at:
            return
        buffer, moments = self._buffer, self._moments
        due = force or self._ended or moments.waits_for(buffer.end) or buffer.waiting_bytes >= self._policy.piece_bytes
        if buffer.waiting_bytes and due:
            piece = buffer.cut()
            self._put(piece, moments.of(buffer.durable + len(piece)))
        elif self._is_idle():
            self._put(b"", moments.until or UNKNOWN)

    def _put(self, data: bytes, until: datetime) -> None:
        start = self._buffer.durable
        if len(data) < unit_of(self._place.segment_bytes):  # noted before: it may be stored, its answer lost
            (self._pieces if data else self._marks).append(self._place.key(start, len(data), until))
        first = self._stored_until == UNKNOWN
        self._hands.give(partial(self._place.put, start, data, until, read_back=first))

    def _is_idle(self) -> bool:
        """Without new bytes there is no new piece to carry the moment: a mark does, once when writing has ended and then
        once a minute, so that a lost keeper does not make the window look shorter than it is."""
        if self._moments.until is None:
            return False
        older = (self._moments.until - self._stored_until).total_seconds()
        return abs(older) > MARK_SECONDS or (older != 0 and self._marked_at != self._buffer.durable)

    def _settle(self, stored: Stretch) -> None:
        self._failures, self._stored_until = 0, stored.until
        self._shipped = replace(self._shipped, trouble="")
        if stored.start == stored.end:
            self._litter += [key for key in self._marks if key != stored.key]
            self._marks, self._marked_at = [stored.key], stored.end
            return
        unit = self._buffer.settle(stored.end)
        if unit is not None and len(unit) > stored.end - stored.start:
            start, pieces = stored.end - len(unit), tuple(self._pieces)
            self._hands.tidy(partial(self._place.replace, start, unit, stored.until, pieces))
        elif unit is not None:  # the unit was stored at once, maybe after pieces whose answers were lost
            self._litter += self._pieces
        if stored.end % unit_of(self._place.segment_bytes) == 0:
            self._pieces.clear()
        self._moments.durable(self._buffer.durable)
        self._report(want_reply=False)
        self._tell()

    def _follow(self, ended: Ended) -> None:
        """The server was promoted: its log goes on with a copy of the segment in which it left the old timeline."""
        begin = floor(ended.position, self._place.segment_bytes)
        self._place = replace(self._place, timeline=ended.timeline, began=ended.position)
        self._go(Start(begin, ended.timeline, begin))

    def _tell(self) -> None:
        self._shipped = replace(
            self._shipped,
            until=self._moments.until,
            position=self._buffer.durable,
            at=self._clock.now(),
            timeline=self._place.timeline,
        )
        self._told(self._shipped)

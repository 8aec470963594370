"""Log from a stream into the vault, every few seconds, so that what would be lost is counted in seconds.

One loop receives, asks the server how far it is, cuts what has come into a piece, and has one put under way at a time. A
piece is an object of its own, encrypted like any part; when its segment is complete, the whole segment is put and the
pieces are removed. What the server is told as flushed is durable in the vault, never more.

The moment of a piece is exact without trusting the server's clock: at `asked_at` (our clock) we ask; the answer says how
far the server had written then or later; once that much has been received and stored, every commit before `asked_at` is in.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Event

from outlive.backup.wal_names import Stretch, history_key, read_stretch, stretch_key, wal_folder
from outlive.clock import Clock
from outlive.commands import wal
from outlive.errors import ObjectExists, OutliveError, VaultFailed, VaultForbidden, VaultUnreachable
from outlive.sources.wal import Ended, StreamBroke, WalGone, WalStream
from outlive.vault.base import Vault
from outlive.vault.encryption import Recipient, encrypt
from outlive.vault.frames import compress_frame

SILENT_SECONDS = 45.0  # a server that does not answer for that long is taken for gone
MARK_SECONDS = 60.0  # how often an idle server is noted to be idle
PENDING_BYTES = 48 << 20
UNKNOWN = datetime(2000, 1, 1, tzinfo=UTC)  # the moment of log that nobody has asked about yet
CONSOLIDATE_UP_TO = 64 << 20


@dataclass(frozen=True, slots=True)
class ShipPolicy:
    """How often log is put into the vault (`every_seconds`, or as soon as `piece_bytes` have come), and to which keys."""

    recipients: tuple[Recipient, ...]
    every_seconds: float = 2.0
    piece_bytes: int = 1 << 20


@dataclass(frozen=True, slots=True)
class Shipped:
    """How far a stream is: every commit before `until` is durable in the vault; `position` is the end of what is.
    `server_end` is how far the server was when it last said so, so the difference is bytes at risk."""

    asset: str
    lineage: str
    until: datetime | None
    position: int
    server_end: int
    at: datetime

    @property
    def bytes_at_risk(self) -> int:
        return max(0, self.server_end - self.position)


class Shipper:
    """Ships one cluster's log. `told` is called after every change of how far it is."""

    def __init__(
        self,
        asset: str,
        stream: WalStream,
        vault: Vault,
        policy: ShipPolicy,
        clock: Clock,
        told: Callable[[Shipped], None],
    ) -> None:
        self._asset = asset
        self._stream = stream
        self._vault = vault
        self._policy = policy
        self._clock = clock
        self._told = told
        self._lineage = f"pg-{stream.system.system_identifier}"
        self._folder = wal_folder(asset, self._lineage)
        self._segment_bytes = stream.segment_bytes
        self._timeline = stream.system.timeline
        self._received = self._durable = self._server_end = 0
        self._buffer = bytearray()  # log from the beginning of the durable position's segment
        self._base = 0  # the position of the buffer's first byte
        self._until: datetime | None = None  # every commit before it is durable
        self._confirmed: tuple[int, datetime] | None = None  # received up to here means: every commit before then
        self._asked_at: datetime | None = None
        self._heard = self._clock.monotonic()
        self._stored_until = UNKNOWN  # the newest moment that an object in the vault stands for
        self._mark: str | None = None
        self._marked_at = 0
        self._sender = ThreadPoolExecutor(1, "ship")
        self._sending: Future[Stretch] | None = None
        self._pieces: list[str] = []

    def run(self, stop: Event, *, over_gap: bool = False) -> None:
        """Until `stop` is set (then what has come is shipped first). Raises `StreamBroke`, `WalGone`, `SourceFailed`:
        call again with a new stream; nothing is lost but time. `over_gap` goes on where the slot begins although log is
        missing before it: right only when a new base copy follows."""
        try:
            self._begin(over_gap)
            next_ask = self._clock.monotonic()
            while not stop.is_set():
                self._receive()
                if self._clock.monotonic() >= next_ask:
                    self._ask()
                    next_ask = self._clock.monotonic() + self._policy.every_seconds
                self._confirm()
                self._ship(force=False)
            self._finish()
        finally:
            self._sender.shutdown(wait=True)

    def _begin(self, over_gap: bool) -> None:
        """Goes on where the vault's log ends, else where the slot begins; always at the beginning of a segment."""
        slot = self._stream.ensure_slot()
        if slot.lost or slot.restart is None:
            raise WalGone("the server gave up the slot (max_slot_wal_keep_size).")
        known = self._known()
        kept = _floor(slot.restart, self._segment_bytes)
        self._durable = max((one.end for one in known), default=kept)
        if over_gap:
            self._durable = max(self._durable, kept)
        self._pieces = [
            one.key for one in known if not one.whole and one.end > _floor(self._durable, self._segment_bytes)
        ]
        start = _floor(self._durable, self._segment_bytes)
        if start < kept:
            raise WalGone(
                f"the vault has log up to {wal.show(self._durable)}, the slot keeps it from {wal.show(slot.restart)}."
            )
        self._received = self._base = start
        self._stream.start(start, self._timeline)

    def _known(self) -> list[Stretch]:
        keys = (info.key for info in self._vault.walk(self._folder))
        stretches = (read_stretch(key, self._segment_bytes) for key in keys)
        return [one for one in stretches if one is not None and one.timeline == self._timeline]

    def _receive(self) -> None:
        if (
            self._received - self._durable > PENDING_BYTES
        ):  # the vault is slow or away: the slot keeps the rest on the server
            self._clock.sleep(0.1)
            return
        for event in self._stream.receive(min(0.2, self._policy.every_seconds / 4)):
            self._heard = self._clock.monotonic()
            match event:
                case wal.Data():
                    self._take(event)
                case wal.Keepalive():
                    self._answered(event)
                case Ended():
                    self._switch(event)
        if self._clock.monotonic() - self._heard > SILENT_SECONDS:
            raise StreamBroke(f"the server has said nothing for {SILENT_SECONDS:.0f} s, although it was asked.")

    def _take(self, event: wal.Data) -> None:
        if event.start != self._received:
            raise WalGone(f"log at {wal.show(event.start)} came where {wal.show(self._received)} was expected.")
        self._buffer += event.data
        self._received += len(event.data)
        self._server_end = max(self._server_end, event.server_end, self._received)

    def _answered(self, event: wal.Keepalive) -> None:
        self._server_end = max(self._server_end, event.server_end)
        if self._asked_at is not None:
            self._confirmed = (event.server_end, self._asked_at)
            self._asked_at = None
        if event.wants_reply:
            self._report(want_reply=False)

    def _ask(self) -> None:
        """The answer will say how far the server is; meanwhile ours keeps it from hanging up."""
        if self._asked_at is None:
            self._asked_at = self._clock.now()
        self._report(want_reply=True)

    def _report(self, *, want_reply: bool) -> None:
        now = self._clock.now()
        self._stream.report(written=self._received, durable=self._durable, now=now, want_reply=want_reply)

    def _confirm(self) -> None:
        """When all that the server had at the time of asking is durable, every commit before then is."""
        if self._confirmed and self._durable >= self._confirmed[0]:
            self._until = max(self._until or self._confirmed[1], self._confirmed[1])
            self._confirmed = None
            self._note_idle()
            self._tell()

    def _note_idle(self) -> None:
        """Without new bytes there is no new piece to carry the moment: a mark does, once when writing has ended and then
        once a minute, so that a lost keeper does not make the window look shorter than it is."""
        assert self._until
        older = (self._until - self._stored_until).total_seconds()
        due = older > MARK_SECONDS or (older > 0 and self._marked_at != self._durable)
        if due and self._sending is None:
            self._sending = self._sender.submit(self._put, self._durable, b"", self._until)

    def _ship(self, *, force: bool) -> None:
        if self._sending is not None:
            if not self._sending.done() and not force:
                return
            sending, self._sending = self._sending, None
            try:
                self._settled(sending.result())
            except (VaultUnreachable, VaultFailed, VaultForbidden):
                self._tell()  # what has come stays in memory and on the server; the same bytes are tried again
                self._clock.sleep(1.0)
        waiting = self._received - self._durable
        confirmed = self._confirmed is not None and self._received >= self._confirmed[0]
        if waiting and (force or confirmed or waiting >= self._policy.piece_bytes):
            self._sending = self._sender.submit(self._put, self._durable, self._cut(), self._moment())

    def _cut(self) -> bytes:
        """What has come since the durable position, at most to the end of its segment."""
        end = min(self._received, _floor(self._durable, self._segment_bytes) + self._segment_bytes)
        return bytes(self._buffer[self._durable - self._base : end - self._base])

    def _moment(self) -> datetime:
        """The moment that the piece about to be cut stands for."""
        end = min(self._received, _floor(self._durable, self._segment_bytes) + self._segment_bytes)
        if self._confirmed and end >= self._confirmed[0]:
            return self._confirmed[1]
        return self._until or UNKNOWN

    def _put(self, start: int, data: bytes, until: datetime) -> Stretch:
        """Runs in the sender's thread; touches nothing of ours but the vault."""
        if trouble := wal.check_pages(data, start, self._timeline, int(self._stream.system.system_identifier)):
            raise WalGone(f"the log that came is not what it should be: {trouble}.")
        key = stretch_key(self._folder, self._timeline, start, start + len(data), until, self._segment_bytes)
        put_log(self._vault, key, data, self._policy.recipients)
        return Stretch(key, self._timeline, start, start + len(data), until, len(data) == self._segment_bytes)

    def _settled(self, stretch: Stretch) -> None:
        self._durable = stretch.end
        self._stored_until = max(self._stored_until, stretch.until)
        if stretch.start == stretch.end:
            self._marked(stretch)
            return
        if not stretch.whole:
            self._pieces.append(stretch.key)
        if self._durable % self._segment_bytes == 0:
            self._complete(stretch)
        elif self._segment_bytes > CONSOLIDATE_UP_TO:
            self._forget_shipped()
        self._report(want_reply=False)
        self._tell()

    def _marked(self, stretch: Stretch) -> None:
        if self._mark is not None:
            with suppress(OutliveError):  # an old mark may stay: it says less, and nothing wrong
                self._vault.delete(self._mark)
        self._mark, self._marked_at = stretch.key, stretch.end

    def _complete(self, last: Stretch) -> None:
        """The segment is complete: one object instead of its pieces, which go when it is durable."""
        length = self._segment_bytes
        if not last.whole and length <= CONSOLIDATE_UP_TO and len(self._buffer) >= length:
            self._put(self._durable - length, bytes(self._buffer[:length]), last.until)
            for key in self._pieces:
                with suppress(OutliveError):  # a locked or unreachable piece may stay: it says the same
                    self._vault.delete(key)
        self._pieces.clear()
        self._forget_shipped()

    def _forget_shipped(self) -> None:
        del self._buffer[: self._durable - self._base]
        self._base = self._durable

    def _switch(self, ended: Ended) -> None:
        """The server was promoted or restored: what has come is shipped, the history stored, the new timeline followed."""
        while self._received > self._durable:
            self._ship(force=True)
        history = self._stream.history(ended.timeline)
        put_log(self._vault, history_key(self._folder, ended.timeline), history, self._policy.recipients)
        self._timeline = ended.timeline
        start = _floor(ended.position, self._segment_bytes)
        self._received = self._base = self._durable = start
        self._buffer.clear()
        self._pieces.clear()
        self._stream.start(start, self._timeline)

    def _finish(self) -> None:
        while self._received > self._durable or self._sending is not None:
            self._ship(force=True)

    def _tell(self) -> None:
        now = self._clock.now()
        end = max(self._server_end, self._received)
        self._told(Shipped(self._asset, self._lineage, self._until, self._durable, end, now))


def put_log(vault: Vault, key: str, data: bytes, recipients: Sequence[Recipient]) -> None:
    """Compresses, encrypts and stores; the same bytes under the same key are no error."""
    sealed = encrypt(io.BytesIO(compress_frame(data)), recipients)
    with suppress(ObjectExists):
        vault.put(key, sealed)


def _floor(position: int, size: int) -> int:
    return position - position % size

"""One thread a cluster that streams its log into the vault, reconnects by itself, and says how far it is.

A stream has three states. *streaming*: what the server writes reaches the vault. *away*: it does not (the server or the
vault is away); the slot keeps the log on the server, and the loss grows with every second. *broken*: log is missing for
good; it goes on behind the gap, and only a new base copy begins a new window.
"""

from __future__ import annotations

import random
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from hashlib import sha256

from outlive.backup.copies import catalog
from outlive.backup.log.ship import Shipped, Shipper, ShipPolicy
from outlive.backup.restore.recover_to import windows
from outlive.clock import Clock
from outlive.errors import OutliveError
from outlive.sources.wal import SlotState, WalGone, open_stream
from outlive.transport.postgres import Way
from outlive.vault.base import Vault

BACKOFF_SECONDS = (1.0, 2.0, 5.0, 10.0, 20.0, 30.0)
STEADY_SECONDS = 60.0
ADVICE = "ALTER SYSTEM SET max_slot_wal_keep_size = '{bytes}'; SELECT pg_reload_conf();"


class StreamHealth(StrEnum):
    """How a stream is."""

    AWAY = "away"
    STREAMING = "streaming"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class StreamState:
    """What is known of one stream. `until`: every commit before it is durable in the vault. `since`: when `health` began.
    `why` is the last trouble. `advice` is the exact statement that would make the slot safe for the server's disk.
    `skew_seconds`: how far the server's clock is ahead of ours; moments to restore to are the server's. `safe_bytes`: what
    may be written before the server gives the slot up; None: it never does."""

    asset: str
    health: StreamHealth
    since: datetime
    until: datetime | None = None
    position: int = 0
    bytes_at_risk: int | None = None
    why: str = ""
    advice: str = ""
    skew_seconds: float | None = None
    safe_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class StreamPlan:
    """What one stream needs."""

    asset: str
    way: Way
    slot: str
    vault: Vault
    policy: ShipPolicy
    clock: Clock


class StreamKeeper:
    """Keeps one stream going until stopped. `told` is called, from its thread, with every change; `gap` when log is
    missing: whoever is called starts a new base copy."""

    def __init__(self, plan: StreamPlan, told: Callable[[StreamState], None], gap: Callable[[str, str], None]) -> None:
        self._plan = plan
        self._told = told
        self._gap = gap
        self._stop = threading.Event()
        self._slot: SlotState | None = None
        self.shipped: Shipped | None = None  # as last heard from the server
        self._state = StreamState(plan.asset, StreamHealth.AWAY, plan.clock.now(), why="not connected yet")
        self._thread = threading.Thread(target=self._run, name=f"stream {plan.asset}", daemon=True)

    @property
    def state(self) -> StreamState:
        """As last told."""
        return self._state

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout_seconds: float = 30) -> None:
        """Ships what has come, then ends."""
        self._stop.set()
        self._thread.join(timeout_seconds)

    def _run(self) -> None:
        failures = 0
        self._gap_why, self._left_over = "", self._look_back()
        while not self._stop.is_set():
            began = self._plan.clock.monotonic()
            try:
                self._stream()
                return
            except WalGone as error:
                self._gap_why = str(error)
                self._change(StreamHealth.BROKEN, str(error))
            except OutliveError as error:
                self._change(StreamHealth.AWAY, str(error))
            except Exception as error:  # noqa: BLE001  # a stream that ended silently would look well for ever
                self._change(StreamHealth.AWAY, f"a fault of Outlive itself: {type(error).__name__}: {error}")
            failures = 0 if self._plan.clock.monotonic() - began > STEADY_SECONDS else failures + 1
            pause = BACKOFF_SECONDS[min(max(failures, 1), len(BACKOFF_SECONDS)) - 1]
            self._stop.wait(pause * random.uniform(0.8, 1.2))

    def _stream(self) -> None:
        plan = self._plan
        with open_stream(plan.way, plan.slot) as stream:
            self._slot = stream.ensure_slot()
            shipper = Shipper(plan.asset, stream, plan.vault, plan.policy, plan.clock, self._shipped)
            self._shipper = shipper
            shipper.run(self._stop, over_gap=bool(self._gap_why))

    def _look_back(self) -> str:
        """Why the newest base copy's window is broken already: log was lost in the vault, or an earlier keeper died before
        it could have a new base copy taken."""
        try:
            found = windows(self._plan.vault, catalog.listing(self._plan.vault, self._plan.asset).copies)
        except OutliveError:  # the stream will meet it too, and tell
            return ""
        newest = max(found, key=lambda one: one.since, default=None)
        return f"{newest.gap}." if newest is not None and newest.gap else ""

    def _shipped(self, shipped: Shipped) -> None:
        """From the shipper, at least with every question that it asks."""
        self.shipped = shipped
        self._state = replace(
            self._state,
            until=shipped.until or self._state.until,
            position=shipped.position,
            bytes_at_risk=shipped.bytes_at_risk,
            skew_seconds=shipped.skew_seconds,
            safe_bytes=shipped.safe_bytes,
            advice=slot_advice(self._slot, shipped.safe_bytes),
        )
        self._change(StreamHealth.AWAY if shipped.trouble else StreamHealth.STREAMING, shipped.trouble)
        if why := self._gap_why or self._shipper.news or self._left_over:  # a base copy taken from now on joins the log
            self._gap_why = self._shipper.news = self._left_over = ""
            self._gap(self._plan.asset, why)

    def _change(self, health: StreamHealth, why: str) -> None:
        since = self._state.since if health is self._state.health else self._plan.clock.now()
        self._state = replace(self._state, health=health, since=since, why=why)
        self._told(self._state)


def slot_advice(slot: SlotState | None, safe_bytes: int | None) -> str:
    """What to say on the server so that a slot nobody reads cannot fill its disk, or is not given up too soon; empty when
    that is settled. `slot` is as it was when the stream began; a server that tells `safe_bytes` has a limit by now."""
    if slot is None:
        return ""
    if slot.keeps_bytes_limit is None:
        return ADVICE.format(bytes="4GB") if safe_bytes is None else ""
    if safe_bytes is not None and safe_bytes < slot.keeps_bytes_limit // 4:
        return ADVICE.format(bytes=f"{max(4096, 2 * slot.keeps_bytes_limit >> 20)}MB")
    return ""


def slot_name(asset: str) -> str:
    """A slot's name for an asset: lower case letters, digits and `_` only (Postgres' rule), at most 63 bytes. Names that
    would become the same, or too long, are told apart by a checksum."""
    name = f"outlive_{re.sub('[^a-z0-9]', '_', asset)}"
    if re.fullmatch("[a-z0-9-]+", asset) and len(name) <= 63:
        return name
    return f"{name[:54]}_{sha256(asset.encode()).hexdigest()[:8]}"

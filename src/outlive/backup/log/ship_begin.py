"""Beginning to ship: the slot is made sure of, the server asked where it is, the vault what it has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from outlive.backup.log.log_buffer import floor
from outlive.backup.log.ship_put import Place
from outlive.backup.log.ship_start import Server, Start, at_the_slot, where
from outlive.backup.log.wal_fetch import Log, list_log
from outlive.backup.log.wal_names import WAL, branch_folder, wal_folder
from outlive.commands.wal import Switch, read_history
from outlive.sources.wal import WalGone, WalStream
from outlive.vault.base import Vault
from outlive.vault.encryption import Recipient


@dataclass(frozen=True, slots=True)
class Begun:
    """Where to stream from, and where to put it. `news`: why it joins no earlier base copy, when that is known."""

    start: Start
    place: Place
    news: str


def begin(
    asset: str, stream: WalStream, vault: Vault, recipients: Sequence[Recipient], now: datetime, *, over_gap: bool
) -> Begun:
    """Raises `WalGone` when log is missing before what the server still has, unless `over_gap`."""
    lineage, size = f"pg-{stream.system.system_identifier}", stream.segment_bytes
    slot = stream.ensure_slot()
    timeline, position = stream.position()
    history = read_history(stream.history(timeline).decode("utf-8", "replace")) if timeline > 1 else ()
    server = Server(timeline, history, position, position if slot.restart is None else slot.restart, size)
    log = list_log(vault, asset, lineage, size)[-1]
    start = where(server, log.stretches)
    if start.gap and not over_gap:
        raise WalGone(start.gap)
    folder = _folder(wal_folder(asset, lineage), log, start, now)
    if start.gap or (over_gap and floor(server.kept, size) > start.position):
        start = at_the_slot(server)
    others = [name for name in vault.folders(f"{WAL}{asset}/") if name != lineage]
    news = f"another cluster answers ({lineage})." if others and not log.stretches else ""
    system = int(stream.system.system_identifier)
    began = _began(start.timeline, history)
    return Begun(start, Place(vault, folder, recipients, system, size, start.timeline, began), news)


def _folder(lineage_folder: str, log: Log, start: Start, now: datetime) -> str:
    if start.rolled_back:
        return branch_folder(lineage_folder, now)
    return lineage_folder if log.began is None else branch_folder(lineage_folder, log.began)


def _began(timeline: int, history: Sequence[Switch]) -> int:
    return max((switch.position for switch in history if switch.parent < timeline), default=0)

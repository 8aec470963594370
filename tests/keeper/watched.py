"""A keeper's looking in a thread, at real servers on the loopback, twice a second."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from outlive import wiring_watch
from outlive.clock import SystemClock
from outlive.config.load import load
from outlive.config.schema import Settings
from outlive.keeper.looks import LookParts, Looks
from outlive.lab.ground.missing import TookTooLong
from outlive.lab.ground.process import wait_until
from outlive.model.schedule import Beat
from outlive.state.store import Store
from outlive.state.watching import Watching
from outlive.watch.watcher import Watcher
from tests.engine.databases import sqlite_url

EVERY_SECONDS = 0.5
RECIPIENTS = (
    '"age1pxgr6hphv29h6j9sqmt7tu4qgdyzjj2m5aqj0vdmkm2n82fv0s4qafgl5w", '
    '"age17sdarzkny3v2ugwfd2gt77s86tzpucznscdclfmj28u3fmvf7phsvaqffz"'
)


def configured(folder: Path, hosts: str, watch: str = "canaries = []") -> Settings:
    """An `outlive.toml` in the folder, looked at more often than anybody may."""
    path = folder / "outlive.toml"
    path.write_text(f'[vault]\nurl = "vault"\n[keys]\nrecipients = [{RECIPIENTS}]\n[watch]\n{watch}\n{hosts}')
    settings = load(path)
    return replace(settings, watch=replace(settings.watch, every_seconds=EVERY_SECONDS))


class Watched:
    """`with Watched(settings) as looking:` looks until the end of the block."""

    def __init__(self, settings: Settings, last_beat: Beat | None = None) -> None:
        self.settings = settings
        self.said: list[str] = []
        self.store = Store(sqlite_url(settings.base))
        self.memory = Watching(self.store)
        self._last_beat = last_beat
        self._inside: datetime | None = None

    def __enter__(self) -> Self:
        clock = SystemClock()
        self.watcher = Watcher(wiring_watch.eyes(self.settings, clock), self.memory)
        self._looks = Looks(LookParts(self.watcher, self.memory, clock, self.said.append, self._last_beat))
        self._thread = threading.Thread(target=lambda: asyncio.run(self._looks.run()), daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._looks.stop()
        self._thread.join(30)
        assert not self._thread.is_alive()
        self.store.close()

    def until(self, ready: Callable[[], object], what: str) -> None:
        try:
            wait_until(lambda: bool(ready()), what, 60, every=0.1)
        except TookTooLong as error:
            raise AssertionError(f"{error}: {self.said} {self.memory.standing()}") from error

    def verdict(self, host: str = "web-1") -> tuple[str, bool]:
        standing = self.memory.standing().get(host)
        return (standing.verdict, standing.confirmed) if standing else ("", False)

    def until_verdict(self, name: str, confirmed: bool = True) -> None:
        self.until(lambda: self.verdict() == (name, confirmed), f"the verdict {name}")

    def has_judged_a_login_since(self, moment: datetime, host: str = "web-1") -> bool:
        """What was seen inside after the moment has been laid before the judge: judgements came after the first of it."""
        if self._inside is None:
            stretches = self.memory.stretches(moment)
            seen = [one.last.at for one in stretches if one.first.fact == "guest.machine_id" and one.last.at > moment]
            self._inside = max(seen, default=None)
        standing = self.memory.standing().get(host)
        return self._inside is not None and standing is not None and standing.judged_at > self._inside

    def heard(self, words: str) -> bool:
        return any(words in line for line in self.said)

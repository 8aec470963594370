"""`outlive keep`: the keeper. Backups, drills and pruning by schedule, write-ahead log streamed between them."""

from __future__ import annotations

import signal
import sys

from outlive import wiring_keeper
from outlive.backup.lock import only_one
from outlive.cli.app import ConfigOption, app, rfc3339
from outlive.clock import SystemClock
from outlive.config.load import load
from outlive.keeper.loop import Keeper

DRAIN_SECONDS = 60


@app.command()
def keep(config: ConfigOption = None) -> int:
    """Guard by schedule until stopped. SIGTERM lets what runs come to its end; what is cut off is gone on with at the
    next start."""
    settings = load(config)
    clock = SystemClock()
    with only_one(settings.keeper.state / "locks", "outlive keep"):
        parts = wiring_keeper.keeper_parts(settings, clock, _say)
        keeper = Keeper(parts)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: keeper.stop())
        parts.engine.launch()
        names = ", ".join(plan.asset for plan in parts.streams) or "nothing"
        _say(f"keeping {len(settings.assets)} assets; streaming {names}")
        try:
            keeper.run()
        finally:
            _say("stopping: what runs may come to its end")
            parts.engine.close(drain_seconds=DRAIN_SECONDS)
            parts.store.close()
    return 0


def _say(words: str) -> None:
    sys.stderr.write(f"{rfc3339(SystemClock().now())} {words}\n")
    sys.stderr.flush()

"""Looks at all guards many times a second: how far each has the log, and how much memory its processes hold."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

from bench.continuous.commits import Held
from bench.continuous.guards import Guard
from bench.measure import tree_cpu_seconds, tree_rss_bytes

LOOK_SECONDS = 0.01
LOOKS_A_MEMORY = 20


class Watch:
    """A context manager. `held` is, for each guard, the moments at which it had come on; `peak` its highest memory."""

    def __init__(self, guards: Sequence[Guard]) -> None:
        self._guards = guards
        self.held: dict[str, list[Held]] = {guard.name: [] for guard in guards}
        self.peak: dict[str, int] = dict.fromkeys(self.held, 0)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def all_hold(self, position: int) -> bool:
        return all(held and held[-1].position >= position for held in self.held.values())

    def _run(self) -> None:
        looks = 0
        while not self._stop.wait(LOOK_SECONDS):
            for guard in self._guards:
                held, position = self.held[guard.name], guard.position()
                if not held or position > held[-1].position:
                    held.append(Held(time.time(), position))
            if looks % LOOKS_A_MEMORY == 0:
                for guard in self._guards:
                    self.peak[guard.name] = max(self.peak[guard.name], *map(tree_rss_bytes, guard.pids()), 0)
            looks += 1


def cpu_seconds(guards: Sequence[Guard]) -> dict[str, float]:
    """What the processes of each have used until now."""
    return {guard.name: sum(map(tree_cpu_seconds, guard.pids())) for guard in guards}

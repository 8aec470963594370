"""Looks at the hosts and the mirror, taken beside whoever shows `status` again and again."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future

from outlive.cli.status_look import Looked


class Looking:
    """A look costs the hosts something: a new one begins when the last is `again_seconds` old and somebody asks. Belongs to
    one caller at a time."""

    def __init__(
        self, look: Callable[[], Looked], monotonic: Callable[[], float], pool: Executor, again_seconds: float
    ) -> None:
        self._look, self._monotonic, self._pool, self._again = look, monotonic, pool, again_seconds
        self._under_way: Future[Looked] | None = None
        self._began = 0.0
        self._last: tuple[float, Looked] | None = None

    def __call__(self) -> Looked | None:
        """The last look that ended; None while the first is under way, or when the last is twice too old. Raises what a look
        raised, once."""
        now = self._monotonic()
        if self._under_way is None and (self._last is None or now - self._last[0] > self._again):
            self._began, self._under_way = now, self._pool.submit(self._look)
        if self._under_way is not None and self._under_way.done():
            ended, self._under_way = self._under_way, None
            self._last = (self._began, ended.result())
        return self._last[1] if self._last and now - self._last[0] <= 2 * self._again else None

"""One failure at the nth call of a method of any object: for the sweeps over sources, state and engine."""

from __future__ import annotations

from collections import Counter
from typing import Any


class Failing:
    """Passes everything on to `inner`, counts calls, and raises `error` once, at call `position` (from 0) of `method`;
    with `after_effect` the call has had its effect. Attributes of properties count as calls, too."""

    def __init__(
        self,
        inner: Any,
        method: str = "",
        position: int = 0,
        error: Exception | None = None,
        *,
        after_effect: bool = False,
    ) -> None:
        self.inner = inner
        self.method, self.position, self.error, self.after_effect = method, position, error, after_effect
        self.calls: Counter[str] = Counter()
        self.was_met = False

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.inner, name)
        if not callable(found):
            return found

        def call(*args: Any, **kwargs: Any) -> Any:
            number = self.calls[name]
            self.calls[name] += 1
            fails = self.error is not None and name == self.method and number == self.position
            self.was_met |= fails
            if fails and not self.after_effect:
                raise self.error  # type: ignore[misc]
            result = found(*args, **kwargs)
            if fails:
                raise self.error  # type: ignore[misc]
            return result

        return call

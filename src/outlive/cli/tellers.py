"""What commands about incidents and alerts share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from outlive import wiring_state
from outlive.config.schema import Settings
from outlive.state.telling import Telling


@contextmanager
def remembered(settings: Settings) -> Iterator[Telling]:
    """The keeper's memory, also while it runs. Raises what the store raises."""
    store = wiring_state.store(settings)
    try:
        yield Telling(store)
    finally:
        store.close()

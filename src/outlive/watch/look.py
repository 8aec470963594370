"""One look: every witness at once, none waited for longer than it may take."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from outlive.model.observation import Observation
from outlive.witnesses.base import Witness


async def look(witnesses: Sequence[Witness], ceiling_seconds: float) -> list[Observation]:
    """What they saw, in their order. One that hangs or fails is told as no data, and holds up nobody."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(look_once(one, ceiling_seconds)) for one in witnesses]
    return [seen for task in tasks for seen in task.result()]


async def look_once(witness: Witness, ceiling_seconds: float) -> list[Observation]:
    """Never raises but for being cancelled."""
    try:
        async with asyncio.timeout(ceiling_seconds):
            return await witness.look()
    except TimeoutError:
        return witness.blind(f"no end within {ceiling_seconds:.3g} s")
    except Exception as error:  # noqa: BLE001 - a fault of ours in one witness must not blind the others
        return witness.blind(f"a fault of Outlive itself: {type(error).__name__}: {error}")

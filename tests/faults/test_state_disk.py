"""The disk of the keeper's memory runs full: log goes on into the vault, and with room all is as it was before."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from outlive.backup.log.ship import ShipPolicy
from outlive.clock import SystemClock
from outlive.keeper.streams import StreamPlan
from outlive.lab.ground.process import wait_until
from outlive.transport.postgres import DsnWay
from outlive.vault.memory import MemoryVault
from tests.backup.streamed import KEEP, RECIPIENTS, SLOT, assert_same_log, now
from tests.keeper.test_loop import World
from tests.world.postgres import PostgresServer

pytestmark = [pytest.mark.postgres, pytest.mark.slow]


def fill(disk: Path) -> Path:
    """Leaves no byte free."""
    ballast = disk / "ballast"
    with suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    return ballast


def test_streams_go_on_and_what_they_tell_is_written_when_there_is_room(
    new_postgres: Callable[..., PostgresServer], tiny_disk: Path, tmp_path: Path
) -> None:
    server, vault, clock = new_postgres(17, options=KEEP), MemoryVault(), SystemClock()
    plan = StreamPlan("db", DsnWay(server.dsn()), SLOT, vault, ShipPolicy(RECIPIENTS, every_seconds=0.3), clock)
    server.sql("create table t(x text)")
    world = World(tmp_path, tiny_disk, {"streams": (plan,), "clock": clock})
    thread = threading.Thread(target=world.keeper.run)
    thread.start()

    def told_since(moment: object) -> bool:
        row = world.store.stream_rows().get("db")
        return row is not None and row.until is not None and row.until >= moment

    try:
        begun = now()
        wait_until(lambda: told_since(begun), "the stream to be remembered", 60)
        ballast = fill(tiny_disk)
        wait_until(lambda: world.heard("full"), "the full disk to be told", 60)
        objects = len(vault.objects)
        server.sql("insert into t select repeat('x', 500) from generate_series(1, 3000)")
        wait_until(lambda: len(vault.objects) > objects + 1, "log to reach the vault all the same", 60)
        ballast.unlink()
        later = now()
        wait_until(lambda: told_since(later), "it to be remembered again", 60)
    finally:
        world.keeper.stop()
        thread.join(60)
        assert not thread.is_alive()
        world.store.close()
    assert len(world.engine.begun) == len(set(world.engine.begun))
    assert_same_log(vault, server)

"""Copies that build on one another come to the mirror in an order in which what is there is always whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from outlive.backup.copies import catalog
from outlive.backup.upkeep.mirror import mirror
from outlive.errors import VaultUnreachable
from outlive.model.copy import Manifest
from outlive.testing.clock import ManualClock
from outlive.testing.faulty_vault import Fault, FaultyVault
from outlive.vault.memory import MemoryVault
from tests.backup.made import take_made


class World:
    """A row of three, and an empty mirror."""

    def __init__(self, state: Path) -> None:
        self.clock = ManualClock()
        self.vault, self.target = MemoryVault(self.clock), MemoryVault(self.clock)
        self.row: list[Manifest] = []
        for number in range(3):
            parent = self.row[-1].id if self.row else None
            streams = {"a": bytes([number]) * 700}
            self.row.append(take_made(self.vault, state, streams, clock=self.clock, parent=parent).manifest)
            self.clock.advance(60)

    def there(self) -> list[str]:
        """The ids in the mirror; all of them are whole."""
        copies = catalog.copies(self.target, "made")
        assert not any(copy.broken for copy in copies)
        return [copy.id for copy in copies]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_the_full_copy_comes_first(world: World) -> None:
    done = mirror(world.vault, world.target, "made")
    assert done.copies == [one.id for one in world.row] == world.there()
    page = f"copies/made/{world.row[2].id}/RESTORE.md"
    assert world.target.get(page) == world.vault.get(page)
    assert world.row[0].id in world.target.get(page).decode(), "by hand it is restored from all of them"


def test_cut_anywhere_the_mirror_has_nothing_that_is_broken(world: World) -> None:
    puts = len(world.vault.objects)
    for step in range(puts):
        world.target = MemoryVault(world.clock)
        dark = Fault("put", VaultUnreachable("power cut"), skip=step, times=None, after_effect=True)
        with pytest.raises(VaultUnreachable):
            mirror(world.vault, FaultyVault(world.target, dark), "made")
        world.there()
    mirror(world.vault, world.target, "made")
    assert len(world.there()) == 3


@pytest.mark.parametrize("number", [0, 1])
def test_what_has_rotted_is_held_back_with_all_that_builds_on_it(world: World, number: int) -> None:
    key = f"copies/made/{world.row[number].id}/{world.row[number].streams[0].parts[0].file}"
    data, info = world.vault.objects[key]
    world.vault.objects[key] = (data[:-1] + bytes([data[-1] ^ 1]), info)
    done = mirror(world.vault, world.target, "made")
    assert world.there() == [one.id for one in world.row[:number]]
    held = [key.split("/")[2] for key, _ in done.held_back]
    assert held == [one.id for one in world.row[number:]]
    assert "is not in the mirror" in done.held_back[-1][1]

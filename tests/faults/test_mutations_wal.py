"""Every named mutation of log makes the window smaller, or is red when the window is read."""

from __future__ import annotations

import random

import pytest

from outlive.backup.log import wal_fetch
from outlive.backup.log.wal_verify import examine_window
from outlive.backup.log.windows import Window
from outlive.backup.restore.recover_to import windows
from outlive.errors import CopyDamaged, WrongKey
from outlive.testing.mutations_wal import WAL_MUTATIONS, WalMutation, WalSpecimen
from outlive.vault.base import Vault
from outlive.vault.memory import MemoryVault
from tests.backup import made_wal
from tests.backup.made import KEY
from tests.backup.made_wal import BEGIN, CLUSTER, SEGMENT

pytestmark = pytest.mark.slow

SEEDS = range(10)
COPY = made_wal.base()
HALF = SEGMENT // 2
ENDS = [BEGIN + HALF, BEGIN + HALF + 8192 * 8, *(BEGIN + number * SEGMENT for number in (1, 2, 3, 4))]


def vault_with_log() -> MemoryVault:
    vault = MemoryVault()
    made_wal.log(vault, ENDS)
    return vault


def the_window(vault: Vault) -> Window:
    (found,) = windows(vault, [COPY])
    return found


def trouble(vault: Vault, before: Window) -> str:
    """What is seen of it, by the listing or by reading; nothing when all looks well."""
    try:
        now = the_window(vault)
        if now.end < before.end or now.until < before.until or now.gap:
            return f"the window ends at {now.end}, {now.gap}"
        checks = examine_window(vault, COPY.manifest, now, [KEY])
    except (CopyDamaged, WrongKey) as error:
        return str(error)
    return "; ".join(check.detail for check in checks if not check.ok)


def replayed(vault: Vault, window: Window) -> dict[str, bytes]:
    """The segments as Postgres would be given them."""
    segments = wal_fetch.by_segment(window.stretches, SEGMENT).items()
    return {name: wal_fetch.segment(vault, of, SEGMENT, CLUSTER, [KEY]) for name, of in segments}


def test_unspoilt_log_is_green_and_whole() -> None:
    vault = vault_with_log()
    window = the_window(vault)
    assert (window.end, window.gap) == (ENDS[-1], "")
    assert trouble(vault, window) == ""
    assert b"".join(replayed(vault, window).values()) == b"".join(
        made_wal.pages(start, end) for start, end in zip([BEGIN, *ENDS], ENDS, strict=False)
    )


@pytest.mark.parametrize("mutation", WAL_MUTATIONS, ids=lambda mutation: mutation.name)
def test_no_mutation_stays_green(mutation: WalMutation) -> None:
    vault = vault_with_log()
    before = the_window(vault)
    foreign = made_wal.put(vault, BEGIN, BEGIN + SEGMENT, cluster=CLUSTER + 1)
    whole = dict(vault.objects)
    for seed in SEEDS:
        vault.objects = dict(whole)
        mutation.act(WalSpecimen(vault, before.stretches, SEGMENT, random.Random(seed), foreign))
        assert trouble(vault, before), f"{mutation.name} (seed {seed}) stays green"


@pytest.mark.parametrize("mutation", WAL_MUTATIONS, ids=lambda mutation: mutation.name)
def test_no_mutation_reaches_postgres(mutation: WalMutation) -> None:
    """What a replay is given is right as far as it goes, or it is stopped."""
    vault = vault_with_log()
    before = the_window(vault)
    right = replayed(vault, before)
    foreign = made_wal.put(vault, BEGIN, BEGIN + SEGMENT, cluster=CLUSTER + 1)
    whole = dict(vault.objects)
    for seed in SEEDS:
        vault.objects = dict(whole)
        mutation.act(WalSpecimen(vault, before.stretches, SEGMENT, random.Random(seed), foreign))
        try:
            given = replayed(vault, the_window(vault))
        except (CopyDamaged, WrongKey):
            continue
        for name, data in given.items():
            assert right[name].startswith(data.rstrip(b"\0")), f"{mutation.name} (seed {seed}): {name}"


def test_log_of_the_old_primary_is_not_taken_for_the_new_timelines() -> None:
    """After a promotion the dead primary's log has the same addresses and the same cluster; only the pages' timeline
    tells. The server was promoted in the middle of the second segment."""
    vault, switch = MemoryVault(), BEGIN + SEGMENT + HALF
    made_wal.log(vault, [BEGIN + SEGMENT])
    first, second = BEGIN + SEGMENT, BEGIN + 2 * SEGMENT
    vault.put(*parent_and_child(first, switch, second))
    made_wal.put(vault, second, second + SEGMENT, 2)
    made_wal.put_history(vault, 2, switch)
    before = the_window(vault)
    assert before.timeline == 2 and before.end == second + SEGMENT
    assert trouble(vault, before) == ""
    swapped = next(one for one in before.stretches if one.start == second)
    vault.delete(swapped.key)
    assert made_wal.put(vault, second, second + SEGMENT, 2, written_on=1) == swapped.key
    assert "is of timeline 1, not 2" in trouble(vault, before)


def parent_and_child(start: int, switch: int, end: int) -> tuple[str, bytes]:
    """The segment of the switch, as the new timeline has it: it begins with a copy of the old one's pages."""
    scratch = MemoryVault()
    key = made_wal.put(scratch, start, end, 2)
    return key, made_wal.sealed(made_wal.pages(start, switch, 1) + made_wal.pages(switch, end, 2))

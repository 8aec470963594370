"""One failure at every call of the vault, in turn: what fails says so, what is listed is whole, the next run mends.

A clean run is counted first. Then the same run is done once for every call that it made, with an error before or after
that call's effect, or with bytes that silently change on the way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from outlive.backup.copies import catalog
from outlive.backup.drill.verify import verify
from outlive.backup.restore.restore import RestorePlan, restore
from outlive.backup.restore.target import parse_target
from outlive.backup.take import take
from outlive.backup.upkeep.prune import prune
from outlive.backup.upkeep.retention import Policy
from outlive.errors import OutliveError, VaultUnreachable
from outlive.model.asset import PathAsset
from outlive.sources.path import PathSource
from outlive.testing.clock import ManualClock
from outlive.testing.faulty_vault import Damage, Fault, FaultyVault
from outlive.transport.local import LocalShell
from outlive.vault.base import Vault
from outlive.vault.memory import MemoryVault
from tests.backup.made import KEY, contents, policy, take_made

STREAMS = {"a": bytes(range(256)) * 12, "b": b"b" * 700}
EARLIER = {"a": b"the day before", "b": b""}
CHANGES = ("put", "copy", "delete")
CARRIES = ("put", "get", "holds")


def flip(data: bytes) -> bytes:
    at = len(data) // 2  # the highest bit: JSON has no checksum of its own, but is no UTF-8 any more
    return data[:at] + bytes([data[at] ^ 0x80]) + data[at + 1 :]


def cut(data: bytes) -> bytes:
    return data[:-2]  # of JSON the last byte is a newline, which nobody would miss


def error(verb: str, position: int, *, after_effect: bool) -> Fault:
    lost = VaultUnreachable(f"{verb} {position} {'had its effect, its answer is lost' * after_effect}")
    return Fault(verb, lost, skip=position, after_effect=after_effect)


def faults(calls: Counter[str]) -> Iterator[Fault]:
    """One for each call and each way in which it can go wrong."""
    for verb, count in sorted(calls.items()):
        for position in range(count):
            yield error(verb, position, after_effect=False)
            if verb in CHANGES:
                yield error(verb, position, after_effect=True)
            if verb in CARRIES:
                yield from (damage(verb, position, how) for how in (flip, cut))


def damage(verb: str, position: int, how: Damage) -> Fault:
    return Fault(verb, damage=how, skip=position)


def told(fault: Fault) -> str:
    """For a person who reads a failed assertion (before the fault is used up)."""
    what = f"{fault.error}" if fault.error else f"{getattr(fault.damage, '__name__', '')} the bytes"
    return f"{fault.verb} number {fault.skip}: {what}"


def attempt(act: Callable[[], object]) -> OutliveError | None:
    """The error of ours that it failed with; anything else fails the test."""
    try:
        act()
    except OutliveError as failure:
        return failure
    return None


@dataclass
class World:
    """A vault in memory with its keeper's folder, seen through a vault that can be made to fail."""

    state: Path
    clock: ManualClock = field(default_factory=ManualClock)

    def __post_init__(self) -> None:
        self.inner = MemoryVault(self.clock)

    def faulty(self, *faults: Fault) -> FaultyVault:
        return FaultyVault(self.inner, *faults)

    def check_all_listed_are_whole(self, what: str) -> None:
        listing = catalog.listing(self.inner, "made")
        assert listing.unreadable == (), what
        for copy in listing.copies:
            contents(self.inner, copy.manifest)


@pytest.fixture
def world(tmp_path: Path) -> Callable[[], World]:
    made = 0

    def make() -> World:
        nonlocal made
        made += 1
        return World(tmp_path / str(made))

    return make


def count(run: Callable[[Vault], object], world: World) -> Counter[str]:
    watched = world.faulty()
    run(watched)
    return Counter(verb for verb, _ in watched.calls)


def before_a_take(world: World) -> dict[str, bytes]:
    """An earlier copy, verified, and a run that was cut after four parts. The objects of the copy."""
    earlier = take_made(world.inner, world.state, EARLIER, clock=world.clock).manifest
    verify(world.inner, catalog.copies(world.inner, "made")[0], [KEY], now=world.clock.now())
    cut_at = Fault("put", VaultUnreachable("power cut"), skip=4, times=None)
    with pytest.raises(VaultUnreachable):
        take_made(world.faulty(cut_at), world.state, STREAMS, clock=world.clock)
    return {key: data for key, (data, _) in world.inner.objects.items() if earlier.id in key}


@pytest.mark.slow
def test_take(world: Callable[[], World]) -> None:
    """The calls include the parts taken over from the cut run and the removal of its litter."""

    def run(vault: Vault, world: World) -> None:
        take_made(vault, world.state, STREAMS, clock=world.clock)

    clean = world()
    before_a_take(clean)
    calls = count(lambda vault: run(vault, clean), clean)
    assert set(calls) == {"folders", "walk", "get", "put", "holds", "copy", "delete"}
    for fault in faults(calls):
        what, here = told(fault), world()
        must_fail = fault.verb in ("put", "holds", "folders")
        earlier = before_a_take(here)
        faulty = here.faulty(fault)
        failure = attempt(lambda: run(faulty, here))  # noqa: B023 - it is called at once
        assert fault.times == 0, f"{what}: it was never met"
        assert failure is not None or not must_fail, f"{what}: nobody noticed"
        assert {key: here.inner.get(key) for key in earlier} == earlier, what
        here.check_all_listed_are_whole(what)
        run(here.inner, here)
        here.check_all_listed_are_whole(what)
        copies = catalog.copies(here.inner, "made")
        assert contents(here.inner, copies[-1].manifest) == STREAMS, what
        assert len(here.inner.folders("copies/made/")) == len(copies), f"{what}: litter is left"
        assert [copy.manifest.sequence for copy in copies] == sorted({copy.manifest.sequence for copy in copies}), what


@pytest.mark.slow
def test_verify(world: Callable[[], World]) -> None:
    """A verification under failure is red, or an error; it is never green."""

    def run(vault: Vault, world: World) -> bool:
        listing = catalog.listing(vault, "made")
        record = verify(vault, listing.copies[0], [KEY], now=world.clock.now())
        return record.ok and not listing.unreadable

    clean = world()
    take_made(clean.inner, clean.state, STREAMS, clock=clean.clock)
    verify(clean.inner, catalog.copies(clean.inner, "made")[0], [KEY], now=clean.clock.now())
    calls = count(lambda vault: run(vault, clean), clean)
    for fault in (fault for fault in faults(calls) if not (fault.verb == "put" and fault.damage)):
        what, here = told(fault), world()
        take_made(here.inner, here.state, STREAMS, clock=here.clock)
        verify(here.inner, catalog.copies(here.inner, "made")[0], [KEY], now=here.clock.now())
        here.clock.advance(1)
        green = False
        with suppress(
            OutliveError, IndexError
        ):  # IndexError: the only manifest was garbled, there is no copy to verify
            green = run(here.faulty(fault), here)
        assert fault.times == 0 and not green, what
        here.clock.advance(1)
        assert run(here.inner, here), what


@pytest.mark.slow
def test_prune(world: Callable[[], World]) -> None:
    """Whatever is listed is whole, what is to stay stays, and the next run ends where an undisturbed one does."""
    kept = Policy(last=2, daily=0, weekly=0, monthly=0)

    def prepared() -> World:
        here = world()
        for number in range(4):
            take_made(here.inner, here.state, {"a": bytes([number]) * 1500}, clock=here.clock)
            here.clock.advance(86400)
        for copy in catalog.copies(here.inner, "made")[-2:]:
            verify(here.inner, copy, [KEY], now=here.clock.now())
        return here

    def run(vault: Vault, world: World) -> None:
        prune(vault, "made", kept, now=world.clock.now(), state=world.state)

    clean = prepared()
    calls = count(lambda vault: run(vault, clean), clean)
    assert len(catalog.copies(clean.inner, "made")) == 2 and calls["delete"] == 2 * 6
    for fault in (fault for fault in faults(calls) if not (fault.verb == "put" and fault.damage)):
        what, here = told(fault), prepared()
        before = catalog.copies(here.inner, "made")
        failure = attempt(lambda: run(here.faulty(fault), here))  # noqa: B023 - it is called at once
        assert failure is not None and fault.times == 0, what
        here.check_all_listed_are_whole(what)
        left = catalog.copies(here.inner, "made")
        assert all(copy in left for copy in before[-2:]), what
        if fault.damage:
            assert left == before, f"{what}: deleted although it was not known what there is"
        run(here.inner, here)
        assert catalog.copies(here.inner, "made") == before[-2:], what
        assert len(here.inner.folders("copies/made/")) == 2, f"{what}: litter is left"


@pytest.mark.slow
def test_restore_of_a_path(world: Callable[[], World], tmp_path: Path) -> None:
    """With a real source and a real target: what could not be read whole is not there at all."""
    tree = tmp_path / "tree"
    (tree / "sub").mkdir(parents=True)
    (tree / "sub/file").write_bytes(bytes(range(256)) * 90)
    (tree / "link").symlink_to("sub/file")
    here, shell = world(), LocalShell()
    asset = PathAsset(name="made", host="here", path=str(tree))
    source = PathSource(asset, shell, here.clock)
    manifest = take(asset, source, here.inner, policy(9000), state=here.state, clock=here.clock).manifest
    out = tmp_path / "out"
    out.mkdir()

    def run(vault: Vault, name: str) -> None:
        target = parse_target(str(out / name))
        restore(manifest, target, shell, RestorePlan(vault, [KEY], here.state, here.clock))

    calls = count(lambda vault: run(vault, "clean"), here)
    assert set(calls) == {"get"} and calls["get"] >= 4
    for number, fault in enumerate(faults(calls)):
        what = told(fault)
        failure = attempt(lambda: run(here.faulty(fault), f"faulted-{number}"))  # noqa: B023 - it is called at once
        assert failure is not None, what
        assert [path.name for path in out.iterdir()] == ["clean"], f"{what}: something is left"
    run(here.inner, "again")
    for name in ("clean", "again"):
        assert (out / name / "sub/file").read_bytes() == (tree / "sub/file").read_bytes()
        assert (out / name / "link").readlink() == Path("sub/file")

"""Every named mutation of a copy turns the verifier red, at the latest where the mutation says. One that stays green is a
defect of the verifier, and fails here."""

from __future__ import annotations

import io
import os
import random
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from outlive.backup.copies import catalog
from outlive.backup.drill.drill import DrillPlan, drill
from outlive.backup.drill.selftest import notices
from outlive.backup.take import take
from outlive.clock import SystemClock
from outlive.errors import OutliveError
from outlive.model.asset import PostgresAsset
from outlive.model.copy import Manifest
from outlive.sources.base import Lineage
from outlive.sources.postgres import PostgresSource
from outlive.testing.clock import ManualClock
from outlive.testing.mutations import MUTATIONS
from outlive.testing.specimen import DoesNotFit, Mutation, Seen, Specimen, copy_into
from outlive.transport.postgres import DsnWay
from outlive.vault.base import Vault
from outlive.vault.memory import MemoryVault
from tests.backup.made import ASSET, KEY, RECOVERY, Made, policy
from tests.world.postgres import PostgresServer

pytestmark = pytest.mark.slow

NOW = ManualClock().now()
SEEDS = range(12)
FILES_ONLY = [
    mutation for mutation in MUTATIONS if "cluster" not in mutation.name and "older copy" not in mutation.name
]


def archive(seed: int) -> bytes:
    """Many small files, so that every part holds a header; without the padding, of which two parts would be the same."""
    rng, sink = random.Random(seed), io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w") as tar:
        for number in range(12):
            entry = tarfile.TarInfo(f"file-{number}")
            entry.size = 300
            tar.addfile(entry, io.BytesIO(rng.randbytes(300)))
    return sink.getvalue()[: 12 * 1024 + 1024]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> tuple[MemoryVault, list[Manifest]]:
    """An older copy, the copy to be spoilt, and one of another thing."""
    vault, clock, state = MemoryVault(), ManualClock(), tmp_path_factory.mktemp("state")
    made = []
    for number, (name, lineage) in enumerate([("made", "made-1"), ("made", "made-1"), ("other", "other-1")]):
        source = Made({"files.tar": archive(number), "notes.db": b"%d" % number * 500}, Lineage(lineage, {}), clock)
        made.append(take(replace(ASSET, name=name), source, vault, policy(), state=state, clock=clock).manifest)
        clock.advance(60)
    return vault, made


def spoilt(mutation: Mutation, vault: Vault, manifest: Manifest, others: Sequence[Manifest], seed: int) -> MemoryVault:
    """The copy, and its neighbours, in a scratch vault in which the mutation was done."""
    scratch = MemoryVault()
    for one in (manifest, *others):
        copy_into(scratch, vault, one)
    mutation.act(Specimen(scratch, manifest, random.Random(seed), tuple(others)))
    return scratch


LOOKS = {"bytes": (), "drill key": (KEY,), "recovery key": (RECOVERY,)}
CASES = [
    pytest.param(mutation, keys, id=f"{mutation.name}-{look}")
    for mutation in FILES_ONLY
    for look, keys in LOOKS.items()
    if keys or mutation.seen is Seen.BYTES
]


@pytest.mark.parametrize(("mutation", "keys"), CASES)
def test_no_mutation_stays_green(
    mutation: Mutation, keys: Sequence[object], world: tuple[MemoryVault, list[Manifest]]
) -> None:
    vault, (older, ours, foreign) = world
    before = {key: data for key, (data, _) in vault.objects.items()}
    for seed in SEEDS:
        scratch = spoilt(mutation, vault, ours, [older, foreign], seed)
        assert notices(scratch, ours, list(keys), NOW), f"{mutation.name} (seed {seed}) stays green"
    assert {key: data for key, (data, _) in vault.objects.items()} == before, "the real vault is as it was"
    assert not notices(vault, ours, list(keys), NOW), "and its copy is whole"


def test_what_only_opening_shows_is_not_seen_in_the_bytes(world: tuple[MemoryVault, list[Manifest]]) -> None:
    """Else `seen` would say less than it could, and the forgeries would be no forgeries."""
    vault, (older, ours, foreign) = world
    for mutation in FILES_ONLY:
        scratch = spoilt(mutation, vault, ours, [older, foreign], 1)
        assert bool(notices(scratch, ours, [], NOW)) == (mutation.seen is Seen.BYTES), mutation.name


def test_a_mutation_that_does_not_fit_changes_nothing(tmp_path: Path) -> None:
    """One copy, alone, of single parts."""
    vault = MemoryVault()
    manifest = take(ASSET, Made({"a": b"x"}), vault, policy(), state=tmp_path, clock=ManualClock()).manifest
    unfit = 0
    for mutation in MUTATIONS:
        scratch = copy_into(MemoryVault(), vault, manifest)
        before = {info.key: scratch.get(info.key) for info in scratch.walk("")}
        try:
            mutation.act(Specimen(scratch, manifest, random.Random(1)))
        except DoesNotFit:
            unfit += 1
            assert {info.key: scratch.get(info.key) for info in scratch.walk("")} == before, mutation.name
        else:
            assert notices(scratch, manifest, [KEY], NOW), mutation.name
    assert unfit >= 5


@pytest.fixture
def scratch() -> Iterator[Path]:
    """A folder that the server's own user may enter; pytest's are closed to it."""
    with tempfile.TemporaryDirectory(prefix="outlive-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.mark.postgres
@pytest.mark.slow
@pytest.mark.parametrize("major", [16, 17])
def test_no_mutation_of_a_cluster_survives_its_drill(
    major: int,
    new_postgres: Callable[..., PostgresServer],
    tmp_path: Path,
    scratch: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """16 is the last one whose own manifest does not name the cluster: there only the drill tells."""
    vault, older, ours, foreign = clusters(new_postgres, major, tmp_path, monkeypatch)
    plan = DrillPlan(vault, [KEY], scratch, SystemClock())
    assert not notices(vault, ours, [KEY], NOW)
    assert drill(catalog.find(vault, ours.id), plan).record.ok, "unspoilt, it comes back"
    seen: dict[str, Seen] = {}
    for mutation in (one for one in MUTATIONS if one.seen is not Seen.BYTES):
        bad = spoilt(mutation, vault, ours, [older, foreign], 5)
        said = notices(bad, ours, [KEY], NOW)
        seen[mutation.name] = Seen.OPENED if said else Seen.RESTORED
        if not said:
            assert mutation.seen is Seen.RESTORED, f"{mutation.name}: opening it must show it"
            assert red_drill(bad, ours, scratch), f"{mutation.name} stays green"
    assert seen["forged: a foreign cluster"] is (Seen.RESTORED if major < 17 else Seen.OPENED)
    assert seen["forged: an older copy for a newer one"] is Seen.OPENED


def clusters(
    new_postgres: Callable[..., PostgresServer], major: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[MemoryVault, Manifest, Manifest, Manifest]:
    """Two copies of one cluster and one of another, in small parts."""
    vault, clock = MemoryVault(), SystemClock()
    servers = [new_postgres(major), new_postgres(major)]
    monkeypatch.setenv("PATH", f"{Path(servers[0].bin('postgres')).parent}:{os.environ['PATH']}")
    made = []
    for name, server in (("db", servers[0]), ("db", servers[0]), ("other", servers[1])):
        server.sql(f"create table t{len(made)} as select generate_series(1, 1000) as id")
        asset = PostgresAsset(name=name, port=server.port)
        source = PostgresSource(asset, DsnWay(server.dsn()), clock, remote=False)
        made.append(take(asset, source, vault, policy(4 << 20), state=tmp_path / "state", clock=clock).manifest)
    return vault, made[0], made[1], made[2]


def red_drill(vault: Vault, manifest: Manifest, scratch: Path) -> bool:
    plan = DrillPlan(vault, [KEY], scratch, SystemClock())
    try:
        return not drill(catalog.find(vault, manifest.id), plan).record.ok
    except OutliveError:
        return True

"""A copy that builds on others, brought back to wherever it is wanted; and what one damaged member means."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from outlive.backup.copies import catalog
from outlive.backup.copies.chain import offer
from outlive.backup.copies.manifest import dump_manifest
from outlive.backup.drill.verify import verify
from outlive.backup.restore.cluster import Cluster
from outlive.backup.restore.lay_out import MemberDamaged
from outlive.backup.restore.restore import RestorePlan, restore
from outlive.backup.restore.room import Room
from outlive.backup.restore.target import parse_target
from outlive.backup.upkeep.loss import loss
from outlive.errors import CopyDamaged, Refused
from outlive.model.chain import Full, Origin
from outlive.model.copy import Copy
from outlive.testing.specimen import replace_object
from outlive.transport.local import LocalShell
from outlive.transport.ssh import SshShell
from outlive.vault.local import LocalVault
from tests.backup.postgres_copies import DIGEST, Guard, dsn, guarding, program_folder, programs, verdicts
from tests.transport.test_postgres import ssh_shell
from tests.world.postgres import PostgresServer
from tests.world.sshd import SshServer

pytestmark = [pytest.mark.postgres, pytest.mark.slow]


@dataclass
class Chain:
    """A server, and three copies of it that build on one another."""

    server: PostgresServer
    guard: Guard
    ids: list[str]

    def copy(self, number: int = -1) -> Copy:
        """As it is now."""
        return catalog.find(self.guard.vault, self.ids[number])

    def part(self, number: int, stream: str = "base.tar") -> Path:
        assert isinstance(self.guard.vault, LocalVault)
        found = self.copy(number).manifest.stream(stream)
        assert found
        return self.guard.vault.root / f"copies/shop/{self.ids[number]}/{found.parts[-1].file}"

    def damaged(self) -> list[str]:
        return [copy.id for copy in catalog.copies(self.guard.vault, "shop") if copy.is_damaged]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    with pytest.MonkeyPatch.context() as patch, guarding(tmp_path_factory.mktemp("chain")) as guard:
        patch.setenv("OUTLIVE_POSTGRES_DIR", str(program_folder()))
        with PostgresServer(17, tablespaces=True, options={"summarize_wal": "on"}) as server:
            server.sql("create table t tablespace side as select i as id, 'x' as note from generate_series(1, 9000) i")
            ids = []
            for number in range(3):
                server.sql(f"update t set note = 'y{number}' where id = {number}; checkpoint")
                ids.append(guard.physical(dsn(server), incremental="always").id)
            yield Chain(server, guard, ids)


@pytest.fixture
def chain(made: Chain, tmp_path: Path) -> Iterator[Chain]:
    """The same in a vault of one's own, to be broken."""
    assert isinstance(made.guard.vault, LocalVault)
    shutil.copytree(made.guard.vault.root, tmp_path / "vault")
    with guarding(tmp_path / "guard") as guard:
        guard.key, guard.vault = made.guard.key, LocalVault(tmp_path / "vault")
        yield Chain(made.server, guard, made.ids)


@pytest.fixture
def over_ssh(ssh_server: SshServer, tmp_path: Path) -> Iterator[SshShell]:
    shell = ssh_shell(ssh_server.config, ssh_server.known_hosts, tmp_path)
    yield shell
    shell.close()


def rot(part: Path) -> None:
    data = part.read_bytes()
    part.chmod(0o600)
    part.write_bytes(data[:-30] + bytes([data[-30] ^ 1]) + data[-29:])


def same_rows(server: PostgresServer, data: Path) -> None:
    with Cluster(data, programs(17), "postgres") as cluster, cluster.door().connect("postgres") as connection:
        row = connection.execute(DIGEST.format("t").encode()).fetchone()
        assert row and "|".join(map(str, row)) == server.sql(DIGEST.format("t"))


# --- it comes back --------------------------------------------------------------------------------------------------


def test_into_a_directory_as_a_whole_copy_would_be(made: Chain) -> None:
    folder = made.guard.scratch / "here"
    folder.mkdir(mode=0o755)
    made.guard.restore(made.copy(), str(folder / "data"))
    assert sorted(entry.name for entry in folder.iterdir()) == ["data", "data-tablespaces"]
    assert (folder / "data").stat().st_mode & 0o777 == 0o700
    owner = (made.server.data / "PG_VERSION").stat().st_uid if os.geteuid() == 0 else os.geteuid()
    for place in ("data/PG_VERSION", "data/base", "data-tablespaces"):
        assert (folder / place).stat().st_uid == owner
    assert not list((folder / "data").rglob("INCREMENTAL.*"))
    (oid,) = [entry.name for entry in (folder / "data-tablespaces").iterdir()]
    assert (folder / "data/pg_tblspc" / oid).readlink() == folder / "data-tablespaces" / oid
    same_rows(made.server, folder / "data")


def test_to_another_host(made: Chain, over_ssh: SshShell) -> None:
    folder = made.guard.scratch / "there"
    plan = RestorePlan(made.guard.vault, [made.guard.key], made.guard.scratch / "drills", made.guard.clock)
    restore(made.copy().manifest, parse_target(f"ssh://web-1{folder}/data"), over_ssh, plan)
    assert sorted(entry.name for entry in folder.iterdir()) == ["data", "data-tablespaces"]
    assert list((made.guard.scratch / "drills").iterdir()) == []
    folder.chmod(0o755)
    same_rows(made.server, folder / "data")


def test_into_a_server(made: Chain, new_postgres: Callable[..., PostgresServer]) -> None:
    server = new_postgres(17)
    made.guard.restore(made.copy(), f"postgresql://postgres@127.0.0.1:{server.port}/postgres")
    assert server.sql(DIGEST.format("t")) == made.server.sql(DIGEST.format("t"))


def test_the_room_is_said_before_anything_is_unpacked(made: Chain) -> None:
    said: list[tuple[Room, int]] = []
    plan = RestorePlan(
        made.guard.vault,
        [made.guard.key],
        made.guard.scratch / "drills",
        made.guard.clock,
        on_room=lambda room: said.append((room, len(list(room.folder.iterdir())))),
    )
    folder = made.guard.scratch / "room"
    folder.mkdir(mode=0o755)
    restore(made.copy().manifest, parse_target(str(folder / "data")), LocalShell(), plan)
    ((room, entries),) = said
    assert (room.copy, room.members, entries) == (made.ids[-1], 3, 0)
    taken = sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file() and "pg_wal" not in path.parts)
    assert 2 * taken <= room.peak_bytes < 4 * taken and room.free_bytes > 0


def test_nothing_is_written_over(made: Chain, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "mine").write_text("mine")
    with pytest.raises(Refused):
        made.guard.restore(made.copy(), str(tmp_path / "data"))
    assert [entry.name for entry in tmp_path.iterdir()] == ["data"]


# --- one member is damaged ------------------------------------------------------------------------------------------


def test_a_damaged_member_in_the_middle_turns_the_drill_red(chain: Chain) -> None:
    rot(chain.part(1))
    drilled = chain.guard.drill(chain.copy())
    assert not drilled.record.ok and chain.ids[1] in drilled.record.checks[0].detail
    assert chain.damaged() == chain.ids[1:], "and whatever builds on it counts no longer"
    assert chain.copy(1).last_drill == replace(drilled.record, copy=chain.ids[1]) and not chain.copy(1).broken
    copies = catalog.copies(chain.guard.vault, "shop")
    assert loss(copies, chain.guard.clock.now()).since == copies[0]
    found = offer(copies, Origin(copies[0].manifest.lineage, 1, True), copies[0].manifest.recipients)
    assert isinstance(found, Full) and found.is_trouble


def test_a_damaged_member_in_the_middle_turns_verify_red_and_the_next_copy_is_full(chain: Chain) -> None:
    rot(chain.part(1))
    told = verify(chain.guard.vault, chain.copy(), [], now=chain.guard.clock.now())
    assert not told.ok and [check.name for check in told.checks if not check.ok] == ["chain"]
    assert chain.ids[1] in told.checks[0].detail and "SHA-256" in told.checks[0].detail
    assert chain.damaged() == chain.ids[1:] and chain.copy(0).proof.rank == 1
    following = chain.guard.physical(dsn(chain.server), incremental="always")
    assert following.manifest.parent is None and chain.ids[2] in following.manifest.warnings[0]


def test_a_member_that_is_gone(chain: Chain) -> None:
    chain.guard.vault.delete(f"copies/shop/{chain.ids[1]}/manifest.json")
    assert "is missing" in chain.copy().broken
    assert not verify(chain.guard.vault, chain.copy(), [], now=chain.guard.clock.now()).ok
    assert not chain.guard.drill(chain.copy()).record.ok
    with pytest.raises(CopyDamaged, match=chain.ids[1]):
        chain.guard.restore(chain.copy(), str(chain.guard.scratch / "data"))
    assert not (chain.guard.scratch / "data").exists()


def test_a_member_whose_files_are_not_its_own_is_seen_by_postgres_alone(chain: Chain) -> None:
    """Every part is as its manifest says, and opens: but the archive is that of another member."""
    guard, ours, other = chain.guard, chain.copy(1).manifest, chain.copy(2).manifest
    foreign = other.stream("base.tar")
    assert foreign
    folder = f"copies/shop/{ours.id}/"
    for part in ours.stream("base.tar").parts:  # type: ignore[union-attr]
        guard.vault.delete(folder + part.file)
    for part in foreign.parts:
        guard.vault.put(folder + part.file, guard.vault.get(f"copies/shop/{other.id}/{part.file}"))
    streams = tuple(foreign if stream.name == "base.tar" else stream for stream in ours.streams)
    replace_object(guard.vault, folder + "manifest.json", dump_manifest(replace(ours, streams=streams)))
    drilled = guard.drill(chain.copy())
    assert verdicts(drilled.record.checks) == {"restore": False}
    assert "pg_verifybackup" in drilled.record.checks[0].detail and ours.id in drilled.record.checks[0].detail
    assert chain.damaged() == chain.ids[1:]


def test_a_restore_that_meets_a_damaged_member_names_it_and_leaves_nothing(chain: Chain) -> None:
    rot(chain.part(0, "backup_manifest"))
    with pytest.raises(MemberDamaged) as caught:
        chain.guard.restore(chain.copy(), str(chain.guard.scratch / "data"))
    assert (caught.value.member, caught.value.exit_code) == (chain.ids[0], 5)
    assert not (chain.guard.scratch / "data").exists()

"""Replay by stock Postgres: to any moment, and never to a cluster that is shorter than it looks."""

from __future__ import annotations

import io
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from outlive.backup.log.wal_fetch import open_log
from outlive.backup.log.wal_names import read_stretch, stretch_key
from outlive.backup.log.windows import Window
from outlive.backup.restore.programs import LocalPrograms
from outlive.backup.restore.recover_to import pick
from outlive.backup.restore.replay import Replay, replayed
from outlive.backup.restore.restore_postgres import restore_postgres
from outlive.errors import CopyDamaged, ObjectMissing, OutliveError, RestoreFailed, VaultUnreachable
from outlive.lab.ground.process import run
from outlive.testing.faulty_vault import Fault, FaultyVault
from outlive.transport.local import LocalShell
from outlive.vault.base import ObjectInfo, Vault
from outlive.vault.encryption import encrypt
from outlive.vault.frames import compress_frame
from outlive.vault.memory import MemoryVault
from tests.backup.made import KEY
from tests.backup.streamed import (
    RECIPIENTS,
    brought_back,
    copies,
    newest_window,
    now,
    rows,
    shipping,
    take_base,
)
from tests.world.postgres import PostgresServer

pytestmark = [pytest.mark.postgres, pytest.mark.slow]
SEGMENT = 16 << 20
OTHERS = [14, 15, 16, 18]


@dataclass
class Logged:
    """A vault with a base copy (with row 0) and log (with rows 1 to 4, each in a segment of its own). `after[n]` is a
    moment after row n was committed and before the next one."""

    server: PostgresServer
    vault: MemoryVault
    after: list[datetime]

    @property
    def window(self) -> Window:
        return newest_window(self.vault)

    def spoilt(self) -> MemoryVault:
        """A copy of the vault that may be changed."""
        vault = MemoryVault()
        vault.objects.update(self.vault.objects)
        return vault


@contextmanager
def logged(major: int) -> Iterator[Logged]:
    vault, after = MemoryVault(), []
    with PostgresServer(major, options={"max_connections": "250"}) as server, tempfile.TemporaryDirectory() as state:
        # left behind by a restore years ago, in production's own configuration:
        server.sql("alter system set recovery_target_time = '2020-01-01 00:00:00+00'")
        server.sql("alter system set restore_command = '/bin/false'")
        server.sql("create table written(n bigint); insert into written values (0)")
        with shipping(server, vault, every=0.2) as shipped:
            take_base(server, vault, Path(state))
            for row in range(5):
                if row:
                    server.sql(f"insert into written values ({row})")
                time.sleep(0.2)
                after.append(now())
                time.sleep(0.2)
                server.sql("select pg_switch_wal()")
            shipped.await_until(now())
        yield Logged(server, vault, after)


@pytest.fixture(scope="module")
def on_17() -> Iterator[Logged]:
    with logged(17) as one:
        yield one


@contextmanager
def laid_out(vault: Vault, one: Logged, at: datetime | None) -> Iterator[tuple[Replay, LocalPrograms]]:
    """A base copy, ready to be replayed from that vault, and what it looks like afterwards in `control`."""
    folder = Path(tempfile.mkdtemp(prefix="ow-r-"))
    folder.chmod(0o755)
    try:
        _, manifest = pick(one.vault, copies(one.vault), None)
        restore_postgres(one.vault, manifest, [KEY], LocalShell(), str(folder / "data"))
        programs = LocalPrograms(one.server.bin("postgres").parent)
        yield Replay(vault, manifest, one.window, [KEY], folder / "data", at), programs
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def must_not_come_up(vault: Vault, one: Logged, at: datetime | None = None) -> OutliveError:
    """Replays from that vault; what it failed with. Postgres must not have left its recovery."""
    with laid_out(vault, one, at) as (replay, programs):
        with pytest.raises(OutliveError) as caught, replayed(replay, programs, one.server.superuser) as (cluster, _):
            pytest.fail(f"it came up with {rows(cluster)}")
        assert (replay.data / "recovery.signal").exists(), "it is removed when recovery is over"
        control = run([one.server.bin("pg_controldata"), "-D", replay.data])
        assert re.search(r"Latest checkpoint's TimeLineID:\s+1\n", control)
        assert not (replay.data / "postmaster.pid").exists()
    return caught.value


def wal_gets(one: Logged) -> int:
    """How often a clean replay to the end reads log."""
    watched = FaultyVault(one.vault)
    with laid_out(watched, one, None) as (replay, programs):
        with replayed(replay, programs, one.server.superuser) as (cluster, _):
            assert rows(cluster) == {0, 1, 2, 3, 4}
    return sum(verb == "get" and key.startswith("wal/") for verb, key in watched.calls)


@pytest.mark.parametrize("major", OTHERS)
def test_any_second_back_and_an_outage_is_never_the_end_of_the_log(major: int) -> None:
    """What `restore_command` may say differs by version: measured for each."""
    with logged(major) as one:
        with brought_back(one.vault, one.server, at=one.after[2]) as (cluster, reached):
            assert rows(cluster) == {0, 1, 2} and reached.doubt == ""
        outage = Fault("get", VaultUnreachable("unplugged"), skip=2, times=None, key_contains="wal/")
        assert isinstance(must_not_come_up(FaultyVault(one.vault, outage), one), VaultUnreachable)


@pytest.mark.parametrize("row", [0, 1, 3, 4])
def test_to_a_moment_between_two_commits(on_17: Logged, row: int) -> None:
    """The first is right behind the base copy, the last behind the last commit."""
    with brought_back(on_17.vault, on_17.server, at=on_17.after[row]) as (cluster, reached):
        assert rows(cluster) == set(range(row + 1))
        assert reached.doubt == ""


def test_the_first_moment_of_a_window_is_the_base_copy(on_17: Logged) -> None:
    with brought_back(on_17.vault, on_17.server, at=on_17.window.since) as (cluster, _):
        assert rows(cluster) == {0}


def test_an_outage_at_any_read_is_no_success(on_17: Logged) -> None:
    """Postgres is stopped; or, when it has all of the log and only our own reading of its end is cut, nobody believes it."""
    reads = wal_gets(on_17)
    assert reads >= 6
    for position in range(reads):
        away = Fault("get", VaultUnreachable("unplugged"), skip=position, times=None, key_contains="wal/")
        with laid_out(FaultyVault(on_17.vault, away), on_17, None) as (replay, programs):
            with pytest.raises(VaultUnreachable), replayed(replay, programs, on_17.server.superuser):
                pytest.fail(f"it was taken for good although read {position} failed")


def test_an_outage_during_a_replay_to_a_moment_stops_it_too(on_17: Logged) -> None:
    away = Fault("get", VaultUnreachable("unplugged"), skip=1, times=None, key_contains="wal/")
    assert isinstance(must_not_come_up(FaultyVault(on_17.vault, away), on_17, on_17.after[3]), VaultUnreachable)


def test_an_object_that_vanished_is_damage_and_not_the_end(on_17: Logged) -> None:
    gone = Fault("get", ObjectMissing("wal/x"), skip=2, times=None, key_contains="wal/")
    assert isinstance(must_not_come_up(FaultyVault(on_17.vault, gone), on_17), CopyDamaged)


def rewritten(one: Logged, row: int, change: bytes) -> MemoryVault:
    """The vault with some bytes of the log changed in the middle of the records around that row, by somebody who can
    encrypt: what is in the objects is still what their names say."""
    vault = one.spoilt()
    whole = [
        found for info in vault.walk("wal/") if (found := read_stretch(info.key, SEGMENT)) and found.end > found.start
    ]
    first = sorted({found.start // SEGMENT for found in whole})[row]
    piece = next(found for found in whole if found.start // SEGMENT == first)
    plain = bytearray(open_log(vault, piece.key, [KEY]))
    plain[64 : 64 + len(change)] = change
    data = encrypt(
        io.BytesIO(b"".join(compress_frame(bytes(plain[at : at + (1 << 20)])) for at in range(0, len(plain), 1 << 20))),
        RECIPIENTS,
    )
    vault.objects[piece.key] = (data, ObjectInfo(piece.key, len(data), now()))
    return vault


@pytest.mark.parametrize("at", [None, 4], ids=["to the end", "to a moment"])
def test_log_that_postgres_stops_reading_early_is_no_success(on_17: Logged, at: int | None) -> None:
    """A record with a wrong checksum is the end of the log to Postgres: it comes up, and we must see that it is early."""
    vault = rewritten(on_17, 2, b"\xff" * 16)
    moment = None if at is None else on_17.after[at]
    with laid_out(vault, on_17, moment) as (replay, programs):
        with pytest.raises(RestoreFailed, match=r"replay ended at .*, the last record in the vault ends at "):
            with replayed(replay, programs, on_17.server.superuser):
                pytest.fail("it was taken for good")


def test_a_server_whose_clock_was_off_is_told(on_17: Logged) -> None:
    """By the keeper's clock all of it was an hour later."""
    vault = on_17.spoilt()
    for info in list(vault.walk("wal/")):
        found = read_stretch(info.key, SEGMENT)
        assert found
        folder, later = info.key.rpartition("/")[0] + "/", found.until + timedelta(hours=1)
        key = stretch_key(folder, found.timeline, found.start, found.end, later, SEGMENT)
        data, _ = vault.objects.pop(info.key)
        vault.objects[key] = (data, ObjectInfo(key, len(data), info.modified_at))
    with brought_back(vault, on_17.server, at=on_17.after[2]) as (cluster, reached):
        assert rows(cluster) == {0, 1, 2}
        assert "its own clock was off" in reached.doubt

"""Log while the vault is slow, away, full, or loses its answers: the slot holds, memory is bounded, it catches up."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from outlive.backup.log import ship
from outlive.backup.log.wal_names import read_stretch
from outlive.errors import VaultFull, VaultUnreachable
from outlive.lab.ground.process import wait_until
from outlive.testing.faulty_vault import Fault, FaultyVault
from outlive.vault.local import LocalVault
from outlive.vault.memory import MemoryVault
from tests.backup.made import KEY
from tests.backup.streamed import KEEP, assert_same_log, now, shipping
from tests.world.postgres import PostgresServer

pytestmark = pytest.mark.postgres
New = Callable[..., PostgresServer]
MIB = 1 << 20


def bulk(server: PostgresServer, name: str, mebibytes: int) -> None:
    server.sql(f"create table {name} as select repeat(md5(g::text), 30) from generate_series(1, {mebibytes * 1000}) g")


class Slow(MemoryVault):
    """Takes its time over every put."""

    seconds = 0.0

    def put(self, key: str, data: bytes) -> None:
        time.sleep(self.seconds)
        super().put(key, data)


class Forgetful(MemoryVault):
    """Takes every piece, and of every second one says that it has not."""

    forgotten = 0

    def put(self, key: str, data: bytes) -> None:
        super().put(key, data)
        found = read_stretch(key, 16 * MIB)
        if found and not found.whole and len(self.objects) % 2:
            self.forgotten += 1
            raise VaultUnreachable("the answer was lost")


def test_a_vault_that_is_away_under_load(new_postgres: New, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ship, "PENDING_BYTES", 4 * MIB)
    monkeypatch.setattr(ship, "RETRY_SECONDS", (0.2,))
    server = new_postgres(17, options=KEEP)
    inner = MemoryVault()
    vault = FaultyVault(inner)
    with shipping(server, vault) as shipped:
        server.sql("create table a as select 1")
        shipped.await_until(now())
        promised, position = shipped.until, shipped.position
        vault.faults.append(Fault("put", VaultUnreachable("unplugged"), times=None))
        bulk(server, "b", 40)
        wait_until(lambda: "unplugged" in shipped.told[-1].trouble, "the trouble to be told")
        time.sleep(3)
        told = shipped.told[-1]
        assert told.position == position and told.bytes_at_risk > 30 * MIB
        assert told.until is not None and promised is not None
        assert (told.until - promised).total_seconds() < 2, "nothing is promised meanwhile"
        unread = int(server.sql("select sent_lsn - write_lsn from pg_stat_replication"))
        behind = int(server.sql("select pg_current_wal_lsn() - write_lsn from pg_stat_replication"))
        assert behind > 20 * MIB > 4 * MIB and unread >= 0, "it stopped reading: the server keeps the rest"
        vault.faults.clear()
        shipped.await_until(now())
        assert shipped.told[-1].trouble == ""
    assert_same_log(inner, server)


def test_a_slow_vault_does_not_cost_the_connection(new_postgres: New) -> None:
    """Every put takes longer than the server's patience with silent clients."""
    server = new_postgres(17, options=KEEP | {"wal_sender_timeout": "1500ms"})
    vault = Slow()
    vault.seconds = 3
    with shipping(server, vault, every=0.3) as shipped:
        pid = server.sql("select pid from pg_stat_replication")
        for number in range(3):
            server.sql(f"create table t{number} as select generate_series(1, 5000)")
            time.sleep(1)
        shipped.await_until(now(), 40)
        assert server.sql("select pid from pg_stat_replication") == pid
    assert_same_log(vault, server)


def test_answers_that_are_lost_leave_no_gap_and_no_litter(new_postgres: New, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ship, "RETRY_SECONDS", (0.05,))
    server = new_postgres(17, options=KEEP)
    vault = Forgetful()
    with shipping(server, vault, every=0.1) as shipped:
        for number in range(10):
            bulk(server, f"t{number}", 4)
            time.sleep(0.1)
        shipped.await_until(now())
        wait_until(lambda: not leftovers(vault, shipped.position), "what is stored twice to go")
    assert vault.forgotten > 5
    assert_same_log(vault, server)


def leftovers(vault: MemoryVault, position: int) -> list[str]:
    found = [read_stretch(info.key, 16 * MIB) for info in vault.walk("wal/")]
    return [one.key for one in found if one and not one.whole and one.start < position - position % (16 * MIB)]


@pytest.mark.parametrize("verb", ["holds", "delete", "get"])
def test_a_vault_that_cannot_tidy_keeps_everything(
    new_postgres: New, verb: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Locked objects, a cut while reading back: pieces stay, and say the same."""
    monkeypatch.setattr(ship, "RETRY_SECONDS", (0.05,))
    server = new_postgres(17, options=KEEP)
    inner = MemoryVault()
    vault = FaultyVault(inner)
    with shipping(server, vault, every=0.1) as shipped:
        server.sql("create table a as select 1")
        shipped.await_until(now())
        vault.faults.append(Fault(verb, VaultUnreachable("cut"), times=None))
        for number in range(6):
            bulk(server, f"t{number}", 4)
            time.sleep(0.15)
        shipped.await_until(now())
    assert_same_log(inner, server)


def test_pieces_are_only_removed_for_a_unit_that_reads_back_right(new_postgres: New) -> None:
    server = new_postgres(17, options=KEEP)
    inner = MemoryVault()
    vault = FaultyVault(inner)
    with shipping(server, vault, every=0.1) as shipped:
        server.sql("create table a as select 1")
        shipped.await_until(now())
        vault.faults.append(Fault("holds", damage=lambda data: data + b"x", times=None))
        for number in range(6):
            bulk(server, f"t{number}", 4)
            time.sleep(0.15)
        shipped.await_until(now())
    assert not [key for verb, key in vault.calls if verb == "delete" and read_end(key) > 0]
    assert_same_log(inner, server)


def read_end(key: str) -> int:
    found = read_stretch(key, 16 * MIB)
    return found.end - found.start if found else 0


def test_a_full_vault_is_told_and_tried_again(new_postgres: New, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ship, "RETRY_SECONDS", (0.1,))
    server = new_postgres(17, options=KEEP)
    inner = MemoryVault()
    vault = FaultyVault(inner, Fault("put", VaultFull("no room"), times=20))
    with shipping(server, vault) as shipped:
        wait_until(lambda: "full" in shipped.told[-1].trouble, "the trouble to be told")
        shipped.await_until(now())
    assert_same_log(inner, server)


def test_stopping_does_not_wait_for_a_vault_that_is_away(new_postgres: New, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ship, "FINISH_SECONDS", 1.0)
    server = new_postgres(17)
    vault = FaultyVault(MemoryVault())
    with shipping(server, vault) as shipped:
        vault.faults.append(Fault("put", VaultUnreachable("unplugged"), times=None))
        server.sql("create table a as select 1")
        time.sleep(1)
        began = time.monotonic()
        shipped.end()
        assert time.monotonic() - began < 8


CHILD = """\
import sys, threading
from pathlib import Path
from outlive.backup.log.ship import Shipper, ShipPolicy
from outlive.clock import SystemClock
from outlive.keeper.lean import give_memory_back
from outlive.sources.wal import open_stream
from outlive.transport.postgres import DsnWay
from outlive.vault.encryption import parse_recipients
from outlive.vault.local import LocalVault
give_memory_back()  # as the keeper does
dsn, vault, recipient = sys.argv[1:]
policy = ShipPolicy(parse_recipients([recipient]), every_seconds=0.2)
with open_stream(DsnWay(dsn), "outlive_db") as stream:
    told = lambda shipped: print(shipped.position, flush=True)
    Shipper("db", stream, LocalVault(Path(vault)), policy, SystemClock(), told).run(threading.Event())
"""


def child(server: PostgresServer, vault: Path, recipient: str) -> subprocess.Popen[bytes]:
    argv = [sys.executable, "-c", CHILD, server.dsn(), str(vault), recipient]
    return subprocess.Popen(argv, stdout=subprocess.PIPE)


@pytest.mark.slow
def test_two_hundred_megabytes_at_once(new_postgres: New, tmp_path: Path) -> None:
    """A bulk load does not leave it behind, and costs no memory."""
    server = new_postgres(17, options=KEEP)
    vault = LocalVault.create(tmp_path / "v")
    shipper = child(server, vault.root, str(KEY.to_public()))
    try:
        positions: list[int] = []
        assert shipper.stdout
        lines = shipper.stdout
        threading.Thread(target=lambda: positions.extend(int(line) for line in lines), daemon=True).start()
        wait_until(lambda: bool(positions), "the shipper to begin")
        began = time.monotonic()
        bulk(server, "b", 200)
        loaded = time.monotonic() - began
        end = int(server.sql("select pg_current_wal_flush_lsn() - '0/0'"))
        wait_until(lambda: positions[-1] >= end, "it to catch up", 60)
        behind = time.monotonic() - began - loaded
        peak = int(Path(f"/proc/{shipper.pid}/status").read_text().split("VmHWM:")[1].split()[0]) / 1024
        print(f"200 MB in {loaded:.1f} s, shipped {behind:.1f} s later, peak memory {peak:.0f} MiB")
        assert peak < 150
        assert behind < max(15, 2 * loaded)
    finally:
        shipper.kill()
        shipper.wait()
    assert_same_log(vault, server)


@pytest.mark.slow
def test_killed_at_random_moments_it_goes_on_without_a_gap_or_a_double(new_postgres: New, tmp_path: Path) -> None:
    server = new_postgres(17, options=KEEP)
    vault = LocalVault.create(tmp_path / "v")
    stop = threading.Event()

    def load() -> None:
        number = 0
        while not stop.wait(0.1):
            number += 1
            bulk(server, f"t{number}", 2)

    writing = threading.Thread(target=load)
    writing.start()
    try:
        for seconds in (0.9, 1.3, 1.1, 1.7, 1.2):
            shipper = child(server, vault.root, str(KEY.to_public()))
            time.sleep(seconds + os.urandom(1)[0] / 256)
            shipper.kill()
            shipper.wait()
    finally:
        stop.set()
        writing.join()
    wait_until(lambda: server.sql("select count(*) from pg_stat_replication") == "0", "the slot to be free")
    with shipping(server, vault) as shipped:
        shipped.await_until(now())
    end = assert_same_log(vault, server)
    found = [one for info in vault.walk("wal/") if (one := read_stretch(info.key, 16 * MIB)) and one.end > one.start]
    assert sum(one.end - one.start for one in found) < end - min(one.start for one in found) + 32 * MIB

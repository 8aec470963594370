"""`outlive backup`, killed with SIGKILL at every call of the vault: only whole copies are listed, and the next run goes on
where the dead one stood."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from outlive.backup.copies import catalog
from outlive.backup.copies.lock import only_one
from outlive.vault.local import LocalVault
from tests.backup.made import contents
from tests.cli.home import Home, environment

pytestmark = pytest.mark.slow
MIB = 1 << 20
ROOT = Path(__file__).parents[2]
IN_FLIGHT = 3  # so many senders: what they had not noted when the run died is sent again


class Keeper:
    """A home whose asset is cut into some parts, and a server of children that back it up and die when told."""

    def __init__(self, folder: Path) -> None:
        self.home = Home(folder)
        self.home.write(more=f"[keeper]\npart_bytes = {MIB}\n")
        (self.home.site / "noise").write_bytes(random.Random(1).randbytes(4 * MIB + 12345))
        self.log = folder / "log"
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.dying", str(self.home.config), str(self.log)],
            cwd=ROOT,
            env=environment({"PYTHONPATH": str(ROOT)}),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._server.stdout and self._server.stdout.readline() == "ready\n"

    @property
    def vault(self) -> LocalVault:
        return self.home.vault

    def backup(self, last: int = -1) -> int:
        """How the child ended; -9 when it was killed at call `last`."""
        assert self._server.stdin and self._server.stdout
        self._server.stdin.write(f"{last}\n")
        self._server.stdin.flush()
        return int(self._server.stdout.readline())

    def did(self, verb: str) -> list[str]:
        """The names of the parts that the last child's vault did this with, to the end."""
        lines = (line.split(" ", 1) for line in self.log.read_text().splitlines() if " " in line)
        return [key.rpartition("/")[2] for found, key in lines if found == verb and ".zst.age." in key]

    def calls(self) -> int:
        return self.log.read_text().splitlines().count("called")

    def check(self) -> int:
        """What is listed is whole, and the lock is free. How many copies there are."""
        found = catalog.copies(self.vault, "site")
        for copy in found:
            assert contents(self.vault, copy.manifest, self.home.keys["drill"])["files.tar"]
        with only_one(self.home.folder / "state/locks", "backup of site"):
            return len(found)

    def snapshot(self) -> Path:
        """A copy of the vault's folder as it is now."""
        kept = self.home.folder / "vault-then"
        shutil.copytree(self.vault.root, kept)
        return kept

    def go_back_to(self, kept: Path) -> None:
        """The vault as it was, and a keeper that remembers nothing."""
        shutil.rmtree(self.vault.root)
        shutil.rmtree(self.home.folder / "state")
        shutil.copytree(kept, self.vault.root)

    def close(self) -> None:
        assert self._server.stdin and self._server.stdout
        self._server.stdin.close()
        self._server.wait()
        self._server.stdout.close()


@pytest.fixture
def keeper(tmp_path: Path) -> Iterator[Keeper]:
    keeper = Keeper(tmp_path / "home")
    try:
        yield keeper
    finally:
        keeper.close()


def test_killed_at_every_call_and_run_again(keeper: Keeper) -> None:
    """Each time with one earlier copy in the vault."""
    assert keeper.backup() == 0
    earlier, parts = keeper.snapshot(), len(keeper.did("put"))
    assert keeper.backup() == 0
    calls = keeper.calls()
    assert parts >= 6 and calls > 2 * parts
    for last in range(calls):
        what = f"after the kill at call {last}"
        keeper.go_back_to(earlier)
        assert keeper.backup(last) == -signal.SIGKILL, what
        there = set(keeper.did("holds"))
        copies = keeper.check()
        assert copies == 1 or (copies == 2 and last > 2 * parts), f"{what}: a whole copy or none"
        assert keeper.backup() == 0, what
        sent_again = there & set(keeper.did("put")) if copies == 1 else set()
        assert len(sent_again) <= IN_FLIGHT, f"{what}: {sorted(sent_again)}"
        assert keeper.check() == copies + 1, what
        assert len(keeper.vault.folders("copies/site/")) == copies + 1, f"{what}: litter is left"
        assert not list((keeper.home.folder / "state/unfinished/site").iterdir()), what


def test_killed_again_and_again_no_part_is_sent_more_than_it_must(keeper: Keeper) -> None:
    """Each run lives a little longer than the one before."""
    sent, kills = 0, 0
    while (status := keeper.backup(4 + 3 * kills)) == -signal.SIGKILL:
        sent += len(keeper.did("put"))
        kills += 1
        if keeper.check():
            break  # only the tidying up was cut
    if not keeper.check():
        sent += len(keeper.did("put"))
    assert status == 0 or keeper.backup() == 0
    parts = sum(len(stream.parts) for stream in catalog.copies(keeper.vault, "site")[0].manifest.streams)
    assert kills >= 3
    assert parts <= sent <= parts + IN_FLIGHT * kills
    assert len(keeper.vault.folders("copies/site/")) == keeper.check()


def test_the_command_itself_killed_at_any_moment(tmp_path: Path) -> None:
    """The real process, not at a call of the vault but after a time: while it starts, reads, compresses, writes."""
    home = Home(tmp_path / "home")
    home.write(more=f"[keeper]\npart_bytes = {MIB}\n")
    (home.site / "noise").write_bytes(os.urandom(24 * MIB))
    began = time.monotonic()
    assert home.call("backup").code == 0
    usual = time.monotonic() - began
    for turn in range(6):
        process = home.spawn("backup")
        time.sleep(usual * (0.3 + 0.14 * turn))
        process.kill()
        process.communicate()
        listing = catalog.listing(home.vault, "site")
        assert listing.unreadable == ()
        for copy in listing.copies:
            contents(home.vault, copy.manifest, home.keys["drill"])
    done = home.call("backup")
    assert done.code == 0, done.err
    assert len(home.vault.folders("copies/site/")) == len(catalog.copies(home.vault, "site"))

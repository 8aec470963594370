"""One world for all rounds: a lab with so much data, a keeper that guards it, and the clouds that its runbook orders at."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.database import FILL, ROW_BYTES, TABLES
from outlive.clock import SystemClock
from outlive.lab.down import down
from outlive.lab.ground.cache import cache_root
from outlive.lab.record import WEB
from outlive.lab.up import KEY_ID, up
from outlive.lab.world import PAGES, Lab
from tests.recovery.keeper import Keeper
from tests.world.cloudflare import CloudflareApi
from tests.world.github import GithubApi
from tests.world.lab_cloud import LabCloud

FIRST_ADDRESS = 60
DISK_MEBIBYTES = 16384  # sparse: data, its log, and what is made anew of it
AT_ONCE = 2
WEEK_SECONDS = 7 * 86400
EVERY = "backup_every_seconds"
DRILLS = re.compile(r"^(# )?(?=drill_identity = )", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Round:
    """What a round works with: the keeper, and clouds in which nothing was done yet. `is_first`: its keeper has no past."""

    lab: Lab
    keeper: Keeper
    provider: LabCloud
    dns: CloudflareApi
    github: GithubApi
    runbook: str
    is_first: bool
    memory: Memory

    def remember(self) -> None:
        """What the dead keeper has is what the next round's begins with. Then whoever recovers gets the key."""
        self.memory.take(self.keeper.folder)
        _rewrite(self.keeper.folder / "outlive.toml", lambda text: DRILLS.sub("", text))


@dataclass(frozen=True, slots=True)
class Memory:
    """A dead keeper's vault and state, from before anything was recovered. The cluster that it follows has its slot still,
    so that no round but the first takes a base copy."""

    folder: Path
    names: tuple[str, ...] = ("vault", "state")

    @property
    def is_there(self) -> bool:
        return self.folder.is_dir()

    def take(self, keeper: Path) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        _copy([keeper / name for name in self.names], self.folder)

    def give(self, keeper: Path) -> None:
        for name in self.names:
            shutil.rmtree(keeper / name, ignore_errors=True)
        _copy([self.folder / name for name in self.names], keeper)


@dataclass(frozen=True, slots=True)
class Bench:
    """The lab, and the folder below which keepers live: at one path in every round, for they remember it."""

    lab: Lab
    folder: Path

    @contextmanager
    def round(self, number: int) -> Iterator[Round]:
        """Its machines are gone when it ends; the lab is as it was."""
        free = [self.lab.record.address(FIRST_ADDRESS + 2 * number + one) for one in (0, 1)]
        dns, github = CloudflareApi(), GithubApi(late=1, tells_run=False, lasts=2)
        dns.record("A", PAGES[WEB], self.lab.record.machines[WEB].address)
        memory = Memory(self.folder / "before")
        place = self.folder / "keeper"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(mode=0o755)
        with LabCloud(lab=self.lab, free=free, late=1) as provider, dns, github:
            keeper, is_first = Keeper(self.lab, place), not memory.is_there
            _rewrite(place / "outlive.toml", _only_guarding)
            if not is_first:
                memory.give(place)
            book = keeper.orders_at(provider.url, dns.url, github.url, record=PAGES[WEB], key=KEY_ID)
            yield Round(self.lab, keeper, provider, dns, github, str(book), is_first, memory)


@contextmanager
def bench_with(megabytes: int) -> Iterator[Bench]:
    """A lab whose shop has so much data besides its orders: rows as `bench.guard` has them, about 3:1 at zstd level 1."""
    folder = Path(tempfile.mkdtemp(prefix="bench-recover-", dir=cache_root() / "run"))
    folder.rmdir()
    with tempfile.TemporaryDirectory(prefix="bench-recover-", dir="/tmp", ignore_cleanup_errors=True) as keepers:
        Path(keepers).chmod(0o755)
        try:
            lab = up(folder, SystemClock(), lambda line: None, DISK_MEBIBYTES)
            _fill(lab, megabytes)
            yield Bench(lab, Path(keepers))
        finally:
            down(folder)


def _fill(lab: Lab, megabytes: int) -> None:
    shop, rows = lab.shop(WEB), megabytes * 1_000_000 // TABLES // ROW_BYTES
    with ThreadPoolExecutor(AT_ONCE) as pool:
        fills = (FILL.format(n=number, rows=rows, seed=number / 10) for number in range(1, TABLES + 1))
        list(pool.map(shop.sql, fills))
    for statement in ("vacuum (freeze, analyze)", "checkpoint"):
        shop.sql(statement)


def _only_guarding(config: str) -> str:
    """One base copy and its log, and without a key no drills, which would be in the way of what is measured."""
    return re.sub(rf"^{EVERY} = \d+", f"{EVERY} = {WEEK_SECONDS}", DRILLS.sub("# ", config), flags=re.MULTILINE)


def _rewrite(file: Path, change: Callable[[str], str]) -> None:
    file.write_text(change(file.read_text()))


def _copy(these: list[Path], into: Path) -> None:
    """With owners and modes, and quickly where the file system can."""
    subprocess.run(["cp", "--archive", "--reflink=auto", "--", *map(str, these), str(into)], check=True)

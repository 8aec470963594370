"""One world for all rounds: a lab with so much data, and the clouds that its runbook orders at."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

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
BALLAST = (
    "create table ballast (id bigint primary key, body text not null)",
    "insert into ballast select n, (select string_agg(md5(n::text || i::text), '') from generate_series(1, 30) as i) "
    "from generate_series(1, {rows}) as n",
    "vacuum analyze ballast",
    "checkpoint",
)


@dataclass(frozen=True, slots=True)
class Round:
    """What a round works with: a keeper without a past, and clouds in which nothing was done yet."""

    lab: Lab
    keeper: Keeper
    provider: LabCloud
    dns: CloudflareApi
    github: GithubApi
    runbook: str


@contextmanager
def lab_with(megabytes: int) -> Iterator[Lab]:
    folder = Path(tempfile.mkdtemp(prefix="bench-recover-", dir=cache_root() / "run"))
    folder.rmdir()
    try:
        lab = up(folder, SystemClock(), lambda line: None)
        for statement in BALLAST:
            lab.shop(WEB).sql(statement.format(rows=megabytes * 1000))
        yield lab
    finally:
        down(folder)


@contextmanager
def round_in(lab: Lab, number: int) -> Iterator[Round]:
    """Its machines are gone when it ends; the lab is as it was but for replication slots, which are dropped."""
    free = [lab.record.address(FIRST_ADDRESS + 2 * number + one) for one in (0, 1)]
    dns, github = CloudflareApi(), GithubApi(late=1, tells_run=False, lasts=2)
    dns.record("A", PAGES[WEB], lab.record.machines[WEB].address)
    with (
        tempfile.TemporaryDirectory(prefix="bench-recover-", dir="/tmp", ignore_cleanup_errors=True) as folder,
        LabCloud(lab=lab, free=free, late=1) as provider,
        dns,
        github,
    ):
        Path(folder).chmod(0o755)
        keeper = Keeper(lab, Path(folder))
        book = keeper.orders_at(provider.url, dns.url, github.url, record=PAGES[WEB], key=KEY_ID)
        yield Round(lab, keeper, provider, dns, github, str(book))

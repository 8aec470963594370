"""The machine is the same, its data is not."""

from __future__ import annotations

from outlive.lab.breaks.base import Options
from outlive.lab.record import Broken
from outlive.lab.shop import PROJECT, VOLUMES
from outlive.lab.world import PAGES, Lab

VOLUME = f"{PROJECT}_db"
KEPT = "/root/.old-volume"


def wipe_volume(lab: Lab, broken: Broken, options: Options) -> None:
    """As `docker compose down --volumes` does it to one volume: Postgres makes a new, empty cluster in the next one."""
    shop = lab.shop(broken.host)
    shop.compose("rm", "--stop", "--force", "db")
    shop.machine.inside("cp", "-a", f"{VOLUMES}/{VOLUME}/_data", KEPT)
    shop.machine.inside("docker", "volume", "rm", VOLUME)
    shop.compose("up", "--detach", "db")
    shop.wait(PAGES[broken.host], lab.authority)


def undo_wipe(lab: Lab, broken: Broken) -> None:
    """The old files come back, in a volume that stays younger than they are; a later roll-back is one of this volume."""
    shop = lab.shop(broken.host)
    shop.compose("stop", "db")
    data = f"{VOLUMES}/{VOLUME}/_data"
    shop.machine.inside("sh", "-euc", f"find {data} -mindepth 1 -delete; cp -a {KEPT}/. {data}/; rm -r {KEPT}")
    shop.compose("start", "db")
    shop.wait(PAGES[broken.host], lab.authority)
    lab.take_snapshot()

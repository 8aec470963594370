"""Every view of the page with real data: a keeper of the lab has taken copies, drilled them, and watches a break. In a real
Chromium, light, dark and on a phone; the pictures are left in $OUTLIVE_SCREENSHOTS, or with pytest's own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from outlive.lab.breaks.table import break_it
from outlive.lab.ground.process import end, free_port, wait_until
from outlive.lab.record import WEB
from outlive.lab.world import Lab
from outlive.vault.local import LocalVault
from tests.cli.home import environment
from tests.e2e.test_keep import Keep
from tests.web.browser import DESK, Visit, browsing

pytestmark = [pytest.mark.docker, pytest.mark.slow]
SLOTS = "select slot_name from pg_replication_slots"
END = "select pg_terminate_backend(active_pid) from pg_replication_slots where slot_name = '{slot}' and active"
DROP = "select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = '{slot}' and not active"
PASSWORD = "four random words here"
# What stands in a view when it has its data.
VIEWS = {
    "/": ("web-1", "preview", "shop-db", "uploads", "Would be lost", "guarded by nothing"),
    "/host/web-1": ("SHA256:", "www.shop.example", "ssh.host_key", "Answered", "pg.system_identifier of shop-db"),
    "/asset/shop-db": ("restored", "Any second", "Being back takes"),
    "/asset/shop-db/restore": ("shop-db",),
    "/incidents": ("web-1",),
    "/incident/{incident}": ("web-1", "What happened"),
    "/incident/{incident}/report": ("web-1",),
    "/recoveries": ("Recover",),
    "/vault": ("shop-db", "uploads", "page-vault"),
    "/settings": ("shop.example", "page-vault"),
    "/public": ("web-1", "preview"),
}


@pytest.fixture
def keep(lab: Lab) -> Iterator[Keep]:
    """Beside the lab's own configuration, with a state and a vault of its own, and two of its assets."""
    head, *assets = (lab.folder / "outlive.toml").read_text().split("[[assets]]")
    kept = [one for one in assets if '"shop-db"' in one or '"uploads"' in one]
    text = "[[assets]]".join([head.replace('"state"', '"page-state"').replace('"vault"', '"page-vault"'), *kept])
    LocalVault.create(lab.folder / "page-vault")
    keep = Keep(lab.folder / "page.toml")
    page = f'[page]\nlisten = "127.0.0.1:{free_port()}"\npublic = true\n'
    keep.config.write_text(text.replace("[watch]", f"{page}\n[watch]"))
    words = [sys.executable, "-m", "outlive", "page", "--config", str(keep.config)]
    subprocess.run(words, input=f"{PASSWORD}\n", text=True, check=True, env=environment({}))
    keep.call("identity", "--enrol")
    before = lab.shop(WEB).sql(SLOTS)
    yield keep
    for one in keep.keepers:
        end(one, signal.SIGKILL)
    for slot in set(lab.shop(WEB).sql(SLOTS).split()) - set(before.split()):  # or it would hold the shop's log for ever
        lab.shop(WEB).sql(END.format(slot=slot))
        wait_until(lambda slot=slot: _is_dropped(lab, slot), f"the end of the slot {slot}", 60)


def test_every_view_of_a_keeper_with_copies_drills_and_an_incident(lab: Lab, keep: Keep, tmp_path: Path) -> None:
    keep.start()
    folder = Path(os.environ.get("OUTLIVE_SCREENSHOTS") or tmp_path)
    keep.until(lambda: keep.heard("the page is at"), "the page")
    base = re.findall(r"the page is at (http://[^ ]+)/", keep.log)[-1]
    token = keep.json("token", "make", "test")["token"]
    with httpx.Client(base_url=base, headers={"Authorization": f"Bearer {token}"}, trust_env=False, timeout=60) as api:
        keep.until(lambda: all(_proven(api, one) for one in ("shop-db", "uploads")), "copies, proven")
        break_it(lab, "kill-edge")
        keep.until(lambda: _incidents(api) != [], "an incident")
        incident = _incidents(api)[0]
        keep.until(lambda: "being looked at" not in api.get("/api/status").text, "a look at what nobody guards")
    with browsing() as browser:
        visit = Visit(browser.new_page(viewport=DESK), base)
        visit.sign_in(PASSWORD)
        for view, words in VIEWS.items():
            path = view.format(incident=incident)
            visit.go(path)
            said = visit.page.locator("main").inner_text()
            assert "ANOTHER" not in said, (path, said)
            assert [one for one in words if one.lower() not in said.lower()] == [], (path, said)
            assert visit.serious_findings() == [], path
            visit.picture(folder, path)
        assert visit.complaints == []


def _is_dropped(lab: Lab, slot: str) -> bool:
    lab.shop(WEB).sql(DROP.format(slot=slot))
    return slot not in lab.shop(WEB).sql(SLOTS).split()


def _incidents(api: httpx.Client) -> list[int]:
    return [one["id"] for one in api.get("/api/incidents").json()["incidents"] if "web-1" in one["what"]]


def _proven(api: httpx.Client, asset: str) -> bool:
    return any(one["ok"] for one in api.get(f"/api/copies/{asset}").json()["drills"])

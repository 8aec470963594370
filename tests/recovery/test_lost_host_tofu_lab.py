"""A host of the lab is lost and comes back on a machine that the user's own OpenTofu module makes: the shipped runbook as a
whole, with that one step in the place of the order, killed in the middle of the apply."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from outlive.lab.breaks.table import break_it, heal
from outlive.lab.ground.process import wait_until
from outlive.lab.record import WEB
from outlive.lab.shop import Shop
from outlive.lab.up import KEY_ID
from outlive.lab.world import PAGES, Lab
from outlive.transport.tofu_errors import working_in
from tests.recovery.keeper import Keeper
from tests.recovery.test_lost_host import APPROVED, LAST_MADE, Clouds
from tests.recovery.test_lost_host import clouds as clouds  # the fixture
from tests.world import tofu
from tests.world.infrastructure import Infrastructure
from tests.world.need import need

pytestmark = [pytest.mark.docker, pytest.mark.slow]
RESOURCE = 'cherryservers_server.web["b"]'
OWN = re.compile(r'^resource "cherryservers_server" "server" .*?^}$|^output .*?$', re.MULTILINE | re.DOTALL)


def module_at(folder: Path, url: str) -> Infrastructure:
    """The user's module, in which nothing was made yet, with its provider at that API."""
    program = need("tofu", tofu.opentofu)
    need("tofu", tofu.framework)
    infra = Infrastructure(folder, program)
    infra.program.write_text(infra.program.read_text().replace(infra.cloud.url, f"{url}/v1"))
    main = infra.folder / "main.tf"
    main.write_text(OWN.sub("", main.read_text()).replace('default = "13247"', f'default = "{KEY_ID}"'))
    infra.run("init")
    infra.run("workspace", "new", "production")
    infra.run("apply", "-auto-approve")
    return infra


def ordered_by(infra: Infrastructure, runbook: Path) -> str:
    step = f"""kind = "tofu-machine"
folder = "{infra.folder}"
program = "{infra.program}"
workspace = "production"
resource = '{RESOURCE}'
vars = {{ machines = ["b"] }}
provider = "cloud"
token = {{ env = "PROVIDER_WRITE" }}
pause_seconds = 0.5
"""
    text = re.sub(r'^kind = "create-machine".*?(?=^$)', step, runbook.read_text(), count=1, flags=re.M | re.S)
    runbook.write_text(text)
    return str(runbook)


def test_a_lost_host_comes_back_on_a_machine_of_the_users_module(
    lab: Lab, keeper: Keeper, clouds: Clouds, tmp_path: Path
) -> None:
    infra = module_at(tmp_path / "infra", clouds.provider.url)
    urls = clouds.provider.url, clouds.dns.url, clouds.github.url
    runbook = ordered_by(infra, keeper.orders_at(*urls, record=PAGES[WEB], key=KEY_ID))
    keeper.run("identity", WEB, "--enrol")
    keeper.run("backup", "shop-db", "jobs-db", "uploads", "certificates", "config")
    break_it(lab, "suspend")
    words = ("recover", WEB, "--runbook", runbook, "--accept-loss", "the server is gone; the test says so")
    keeper.die_at((*words, "--yes", *APPROVED), clouds.provider, "POST", "/servers")
    wait_until(lambda: working_in(infra.folder) == [], "OpenTofu to end", seconds=120)
    done = keeper.run("recover", "--resume")
    assert all(step["done"] for step in done["steps"]) and len(clouds.provider.ordered) == 1
    ((made, machine),) = clouds.provider.machines.items()
    assert machine.address == lab.record.address(LAST_MADE) and RESOURCE in infra.run("state", "list")
    assert int(Shop(machine).sql("select count(*) from orders").strip()) > 0
    assert clouds.dns.addresses(PAGES[WEB]) == [machine.address]
    assert f'server_id = "{made}"' in (keeper.folder / "outlive.toml").read_text()
    assert keeper.run("recover", "--undo", "--yes")["state"] == "undone"
    assert clouds.provider.switched[-1] == (str(made), "power_off") and clouds.provider.deleted == []
    heal(lab)

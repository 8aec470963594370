"""The folder of the lab's keeper: a configuration that works at once, with keys, an empty vault and pinned host keys."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from string import Template

from outlive.lab import infra
from outlive.lab.ground.ssh_keys import client_config
from outlive.lab.record import PREVIEW, WEB
from outlive.lab.world import SERVER_IDS, Lab
from outlive.vault.keys import create_keys
from outlive.vault.local import LocalVault

TEMPLATE = Path(__file__).with_name("keeper.toml")
CONFIG = "outlive.toml"


def prepare(lab: Lab, now: datetime) -> None:
    """Host keys are learned by the machines' back doors, so that they are the right ones."""
    folder = lab.folder
    keys = create_keys(folder / "keys", now)
    LocalVault.create(folder / "vault")
    machines = [lab.machine(place) for place in (WEB, PREVIEW)]
    (folder / "known_hosts").write_text("".join(f"{one.address} {one.host_key}\n" for one in machines))
    files = folder / "identity", folder / "known_hosts"
    (folder / "ssh_config").write_text(
        "\n".join(client_config(one.name, one.address, 22, "root", *files) for one in machines)
    )
    servers = list(lab.record.nameservers)
    told = {"recovery_key": keys.recipients[0], "drill_key": keys.recipients[1], "ns1": servers[0], "ns2": servers[1]}
    told["provider"] = lab.record.provider_url
    addresses = {"web": machines[0].address, "preview": machines[1].address}
    infra.write(folder, SERVER_IDS[WEB], machines[0].address)
    (folder / CONFIG).write_text(Template(TEMPLATE.read_text()).substitute(told | addresses))

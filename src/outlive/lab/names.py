"""The names of the lab's hosts: two PowerDNS servers with authority over its domain."""

from __future__ import annotations

from collections.abc import Mapping

from outlive.lab.ground import images
from outlive.lab.ground.docker import DockerEngine
from outlive.lab.record import DOMAIN
from outlive.lab.shop import RECIPES
from outlive.lab.zone import zone


def image(engine: DockerEngine) -> str:
    images.debian(engine)
    return images.build(engine, RECIPES / "nameserver")


def start(engine: DockerEngine, made: str, network: str, address: str) -> str:
    """One nameserver from that image; its container."""
    container = engine.run(made, options=["--network", network, "--ip", address, "--hostname", "ns"])
    engine.wait_for_log(container, "ready to distribute questions")
    return container


def publish(engine: DockerEngine, containers: Mapping[str, str], names: Mapping[str, str], serial: int) -> None:
    """All servers (address to container) say from now on what `names` says (name to address)."""
    text = zone(list(containers), names, serial).encode()
    load = f"cat >/run/zone && exec pdnsutil load-zone {DOMAIN} /run/zone"
    for container in containers.values():
        engine.exec(container, "sh", "-euc", load, input=text)

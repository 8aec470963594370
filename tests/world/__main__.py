"""Prepares this machine for the tests, and cleans up after them.

python -m tests.world prepare        fetches, installs and builds what the tests use; one line for each thing
python -m tests.world prepare demo   only what `outlive demo` uses
python -m tests.world up             starts the Docker engine and leaves it running until `down`
python -m tests.world down           ends what tests may have left running
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress

from outlive.lab.ground import dockerd, wheels
from outlive.lab.ground import machine as machine_ground
from outlive.lab.ground.images import server
from outlive.lab.ground.process import run
from tests.world import images, journal, ledger, machine, oidc, packages, tls_proxy, tofu
from tests.world.docker import DockerEngine
from tests.world.need import Missing, is_required
from tests.world.postgres_trees import MAJORS, usable

Part = Callable[[], str]


def postgres_servers() -> str:
    return ", ".join(usable(major).removeprefix("postgres (PostgreSQL) ") for major in MAJORS)


def rclone() -> str:
    return run([wheels.program(wheels.RCLONE, "rclone"), "version"]).splitlines()[0]


TOFU: dict[str, Part] = {
    "tofu packages": packages.for_tofu,
    "tofu: opentofu": lambda: tofu.opentofu().version,
    "tofu: terraform": lambda: tofu.terraform().version,
    "oidc provider": lambda: oidc.installed().name,  # by npm, which came with tofu's packages
    "tofu: framework": lambda: tofu.framework().name,
}


def docker_parts(engine: DockerEngine) -> dict[str, Part]:
    """One part for each image, so that the first time, which takes minutes, shows how far it is."""

    def postgres_images() -> str:
        return ", ".join(images.postgres(engine, major) for major in MAJORS)

    def server_disk() -> str:
        machine.seed(engine)
        return "a server's disk with the stack's images"

    def temporal_disk() -> str:
        machine_ground.seed(engine, [images.temporal(engine)])
        return "a server's disk with Temporal's image"

    return {
        "docker": lambda: engine.start().docker("version", "-f", "engine {{.Server.Version}}"),
        "docker: debian": lambda: images.debian(engine),
        "docker: postgres": postgres_images,
        "docker: busybox": lambda: images.busybox(engine),
        "docker: sqlite": lambda: images.sqlite(engine),
        "docker: alpine-like": lambda: images.alpine_like(engine),
        "docker: hand-restore": lambda: images.hand_restore(engine),
        "docker: server": lambda: server(engine),
        "docker: temporal": temporal_disk,
        "docker: disk": server_disk,
        "s3: ceph": lambda: images.ceph(engine),
        "s3: swift": lambda: images.swift(engine),
    }


def prepare_all() -> int:
    engine = DockerEngine()
    try:
        parts = {
            "packages": packages.for_servers,
            "journal": lambda: journal.writer().name,
            "browser": packages.for_browser,
            "postgres": postgres_servers,
            "s3: rclone": rclone,
            "caddy": lambda: wheels.program(tls_proxy.CADDY, "caddy").parts[-3],
        }
        status = prepare({**parts, **TOFU, "docker packages": packages.for_docker})
        return max(status, prepare(docker_parts(engine), stop_at="docker"))
    finally:
        engine.close()


def prepare(parts: dict[str, Part], stop_at: str = "") -> int:
    """Says what is here and what will be skipped. Fails only where the missing thing is required (CI).

    Without the part `stop_at` those after it make no sense.
    """
    status = 0
    for name, get in parts.items():
        began = time.monotonic()
        try:
            print(f"world: {name}: {get()} ({time.monotonic() - began:.1f} s)", flush=True)
        except Missing as lack:
            print(f"world: {name}: SKIPPED: {lack.detail}", flush=True)
            status |= is_required(name.partition(":")[0])
            if name == stop_at:
                break
    return status


def down() -> int:
    for line in ledger.sweep():
        print(f"world: ended {line}")
    with suppress(Missing, OSError):
        subprocess.run(
            [dockerd.client(), "network", "rm", machine.NETWORK], capture_output=True
        )  # stays while it is in use
    print("world: the Docker engine was ended" if dockerd.let_go("tests") else "world: no Docker engine of ours to end")
    return 0


def up() -> int:
    engine = DockerEngine().start()
    dockerd.keep("tests")
    engine.close()
    print("world: a Docker engine runs; `python -m tests.world down` ends it")
    return 0


def main(arguments: list[str]) -> int:
    match arguments:
        case ["prepare"]:
            return prepare_all()
        case ["prepare", "demo"]:
            prepare({"packages": packages.for_postgres})  # the demo itself fetches Postgres, and says what it lacks
            return 0
        case ["up"]:
            return up()
        case ["down"]:
            return down()
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

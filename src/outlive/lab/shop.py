"""The stack on a machine: brought up, asked whether it serves, and made to fall ill. All by the machine's back door."""

from __future__ import annotations

import io
import json
import secrets
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from outlive.lab.ground import images
from outlive.lab.ground.docker import DockerEngine
from outlive.lab.ground.machine import Machine
from outlive.lab.ground.process import wait_until
from outlive.lab.visit import visit

STACK = Path(__file__).parent / "stack"
RECIPES = Path(__file__).parent / "recipes"
PROJECT = "shop"
FOLDER = "/srv/shop"
MODE = f"{FOLDER}/mode/app"
VOLUMES = "/var/lib/docker/volumes"
PATIENCE_SECONDS = 120
ORDERS = 5000  # so many are there from the beginning; further ones come from the scheduler, after a row for its own job


def stack_images(engine: DockerEngine) -> tuple[str, ...]:
    """The images that the stack runs, made where they are missing."""
    images.debian(engine)
    made = images.postgres(engine, 17), images.build(engine, RECIPES / "edge"), images.build(engine, RECIPES / "app")
    return made


class Shop:
    """The compose project on one machine."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine

    def deploy(self, sites: Sequence[str], authority: Path) -> None:
        """Copies the stack over, with fresh passwords and the certificate authority in that folder, and starts it."""
        settings = {name: secrets.token_hex(12) for name in ("DB_PASSWORD", "SHOP_PASSWORD", "JOBS_PASSWORD")}
        settings["SITES"] = ", ".join(sites)
        lines = "".join(f'{name}="{value}"\n' for name, value in settings.items())
        private = {f"ca/{name}": (authority / name).read_bytes() for name in ("root.crt", "root.key")}
        self._shell(f"mkdir -p {FOLDER}/mode && tar -x -C {FOLDER}", _archive(private | {".env": lines.encode()}))
        self.compose("up", "--detach", "--quiet-pull")
        uploads = f"{VOLUMES}/{PROJECT}_uploads/_data"
        self._shell(f'cd {uploads}; for n in $(seq 40); do echo "receipt $n" >"receipt $n.txt"; done; chmod 600 *1.txt')

    def compose(self, *words: str) -> str:
        return self.machine.inside(
            "docker", "compose", "--project-name", PROJECT, "--file", f"{FOLDER}/compose.yml", *words
        )

    def fall_ill(self, mode: str) -> None:
        """`hang`, `crash`, `leak`, `flood`, `child`, `blab`, `environ`: see stack/programs/shop.py."""
        self._shell(f"cat >{MODE}.new && mv {MODE}.new {MODE}", mode.encode())

    def get_well(self) -> None:
        """In a new container: also out of the pause that Docker makes between two attempts to start it, and without the log
        of what it had."""
        self.machine.inside("rm", "-f", MODE)
        self.compose("up", "--detach", "--force-recreate", "--no-deps", "app")

    def sql(self, query: str, service: str = "db", database: str = "shop") -> str:
        """What psql prints, unaligned."""
        psql = ("psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-d", database, "-c", query)
        return self.machine.inside("docker", "exec", f"{PROJECT}-{service}-1", *psql)

    def wait(self, name: str, authority: Path) -> None:
        """Returns when a user is served through the edge, and the scheduler has written into both clusters."""

        def serves() -> bool:
            page = visit(self.machine.address, name, "/status.json", authority / "root.crt")
            return page.status == 200 and json.loads(page.body)["orders"] > ORDERS

        wait_until(serves, f"the shop on {self.machine.name} to serve", seconds=PATIENCE_SECONDS, every=0.2)

    def _shell(self, script: str, input: bytes = b"") -> str:
        return self.machine.inside("sh", "-euc", script, input=input)


def _archive(private: Mapping[str, bytes]) -> bytes:
    """The stack's files and those private ones, as a tar; all of it root's."""

    def of_root(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
        if "__pycache__" in member.name:
            return None
        member.uid = member.gid = 0
        member.uname = member.gname = "root"
        return member

    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        archive.add(STACK, ".", filter=of_root)
        for name, data in private.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(data), 0o600
            archive.addfile(member, io.BytesIO(data))
    return content.getvalue()

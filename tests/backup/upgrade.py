"""A cluster brought to a newer major by stock pg_upgrade, behind the same port."""

from __future__ import annotations

from outlive.lab.ground.process import run
from tests.world.postgres import PostgresServer


def upgrade(old: PostgresServer, new: PostgresServer) -> PostgresServer:
    """`new` (a fresh server of a newer major) has what `old` had, and answers in its place; `old` stays stopped."""
    old.stop()
    new.stop()
    words = [new.bin("pg_upgrade"), "-b", old.bin("postgres").parent, "-B", new.bin("postgres").parent]
    places = ["-d", old.data, "-D", new.data, "-s", new.socket_dir, "-U", old.superuser]
    shell = ["sh", "-c", 'cd "$1" && shift && exec "$@"', "sh", new.socket_dir]  # it leaves scripts where it runs
    run([*shell, *words, *places], unprivileged=True)
    new.port = old.port
    return new.start()

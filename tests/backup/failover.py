"""A standby of a real server, made by stock pg_basebackup, that can be promoted."""

from __future__ import annotations

import shutil

from outlive.lab.ground.process import give_to_nobody, run, wait_until
from tests.world.postgres import PostgresServer


def make_standby(server: PostgresServer, standby: PostgresServer) -> PostgresServer:
    """Turns `standby`, a fresh server of the same major, into a streaming standby."""
    standby.stop()
    shutil.rmtree(standby.data)
    standby.data.mkdir(mode=0o700)
    give_to_nobody(standby.data)
    where = ["-h", str(server.socket_dir), "-p", str(server.port), "-U", server.superuser]
    run(
        [server.bin("pg_basebackup"), *where, "-D", standby.data, "-R", "-X", "stream", "-c", "fast"], unprivileged=True
    )
    # of all that -R writes only this: the server may be linked with an older libpq than pg_basebackup
    info = f"host={server.socket_dir} port={server.port} user={server.superuser}"
    with (standby.data / "postgresql.auto.conf").open("a") as settings:
        settings.write(f"primary_conninfo = '{info}'\n")
    standby.start()
    wait_until(
        lambda: server.sql("select count(*) from pg_stat_replication where application_name = 'walreceiver'") == "1",
        "the standby to stream",
    )
    return standby


def caught_up(server: PostgresServer, standby: PostgresServer) -> None:
    end = server.sql("select pg_current_wal_lsn()")
    wait_until(lambda: standby.sql(f"select pg_last_wal_replay_lsn() >= '{end}'") == "t", "the standby to catch up")


def promote(standby: PostgresServer) -> None:
    assert standby.sql("select pg_promote()") == "t"
    wait_until(lambda: standby.sql("select pg_is_in_recovery()") == "f", "the promotion")

"""A container's cluster leaves its host as a person does it: the services run with the new address, and with the old one
again when it is taken back."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from outlive.lab.ground.process import wait_until
from tests.backup.postgres_copies import program_folder
from tests.cli.home import Home
from tests.world.machine import Machine
from tests.world.postgres import PostgresServer

pytestmark = [pytest.mark.docker, pytest.mark.postgres, pytest.mark.slow]
ENV = b"DATABASE_URL=postgresql://shop:old-shop-word@db/app\n"
HOST = """\
identity_file = "{identity}"
containers = false
logs = false
[keeper]
known_hosts = "{known_hosts}"
"""
ASSET = """\
[[assets]]
name = "app-db"
kind = "postgres"
host = "web-1"
container = "app/db"
[[assets]]
name = "config"
kind = "config"
host = "web-1"
paths = ["/srv/app"]
"""


@pytest.fixture
def vm(new_vm: Callable[..., Machine]) -> Machine:
    """Its web service is told where the database is, as `.env` says."""
    machine = new_vm()
    machine.sql("drop database analytics")
    machine.sql("create role shop login password 'old-shop-word'; alter database app owner to shop")
    machine.ssh("cat >>/srv/app/.env", input=ENV)
    told = '/image: outlive-test.busybox/a\\    environment: { DATABASE_URL: "${DATABASE_URL}" }'
    machine.ssh(f"cd /srv/app && sed -i '{told}' compose.yml && docker compose -p app up -d 2>&1")
    return machine


def open_to_the_provider(vm: Machine) -> str:
    """What replication wants beforehand (docs/how-to/move-postgres.md); the address as the target reaches it."""
    told = 'ports: ["5432:5432"]\\n    command: ["postgres", "-c", "wal_level=logical"]'
    more = f"sed -i 's|image: outlive-test/postgres:17|&\\n    {told}|' compose.yml"
    vm.ssh(f"cd /srv/app && {more} && docker compose -p app up -d 2>&1")
    wait_until(lambda: vm.sql("show wal_level").strip() == "logical", "Postgres with the new setting")
    vm.sql("create role mover login replication password 'mover-word'; grant pg_read_all_data to mover")
    return f"postgresql://mover:mover-word@{vm.address}:5432/app"


@pytest.mark.parametrize("runbook", ["move-postgres", "move-postgres-live"])
def test_there_and_back(vm: Machine, new_postgres: Callable[..., PostgresServer], tmp_path: Path, runbook: str) -> None:
    target = new_postgres(17, auth="scram")
    target.sql(
        f"create role boss login createrole createdb password '{target.password}'; create database cloud owner boss"
    )
    home = Home(tmp_path / "home")
    host = HOST.format(identity=vm.identity, known_hosts=vm.known_hosts)
    home.write(ASSET, hosts=f'[[hosts]]\nname = "web-1"\naddress = "ssh://root@{vm.address}"\n{host}')
    env = {"OUTLIVE_TARGET_DSN": target.dsn("cloud", user="boss"), "OUTLIVE_POSTGRES_DIR": str(program_folder(17))}

    if runbook == "move-postgres-live":
        target.sql("grant pg_create_subscription to boss")
        env["OUTLIVE_SOURCE_DSN"] = open_to_the_provider(vm)

    def run(*words: str) -> None:
        done = home.call(*words, env=env)
        assert done.code == 0, f"{done.out}{done.err}"
        assert target.password not in f"{done.out}{done.err}"

    before, container = address(vm), vm.docker("inspect", "app-db-1", "--format", "{{.Id}}")
    run("backup", "app-db")
    run("recover", "--asset", "app-db", "--runbook", runbook, "--yes")
    assert address(vm) == f"postgresql://shop:old-shop-word@127.0.0.1:{target.port}/cloud"
    assert vm.docker("inspect", "app-db-1", "--format", "{{.Id}} {{.State.Running}}").split() == [
        container.strip(),
        "true",
    ]
    assert vm.sql("show default_transaction_read_only").strip() == "on"
    count = "select count(*) from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace"
    assert vm.sql(count).strip() == target.sql(count, "cloud") != "0"

    run("recover", "--undo", "--yes")
    assert address(vm) == before
    vm.sql("create table written_again ()")
    states = vm.docker("ps", "--format", "{{.State}}").split()
    assert states == ["running", "running"]


def address(vm: Machine) -> str:
    """As the web service's container was told it."""
    found = json.loads(vm.docker("inspect", "app-web-1", "--format", "{{json .Config.Env}}"))
    return next(one.partition("=")[2] for one in found if one.startswith("DATABASE_URL="))

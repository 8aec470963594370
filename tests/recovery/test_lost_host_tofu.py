"""A lost host whose new machine is made by the user's own module, from the command line: shown, approved, killed in the
middle of the apply, resumed, taken back. The state is in a Postgres; what comes after the machine is tried in the lab
(`test_lost_host.py`), with a machine that the provider's API makes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from outlive.lab.ground.process import wait_until
from outlive.transport.tofu_errors import working_in
from tests.cli.home import Done, Home
from tests.recovery.steps.test_tofu import MADE, WEB
from tests.world import tofu
from tests.world.cloud import TOKEN
from tests.world.infrastructure import FIRST_ADDRESS, FIRST_ID, Infrastructure, Remote
from tests.world.need import need
from tests.world.postgres import PostgresServer

pytestmark = [
    pytest.mark.slow,
    pytest.mark.postgres,
    pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="wants ssh-keygen"),
]
RUNBOOK = """
name = "mine"
title = "lost host to a new machine of our own module"
[[steps]]
name = "keep the evidence"
kind = "evidence"
[[steps]]
name = "gate"
kind = "take-over"
[[steps]]
name = "order"
kind = "tofu-machine"
folder = "{folder}"
program = "{program}"
workspace = "production"
resource = '{resource}'
vars = {{ machines = ["b"] }}
provider = "cloud"
environment = {{ PG_CONN_STR = {{ file = "state-address" }} }}
pause_seconds = 0.2
[[steps]]
name = "outlive.toml"
kind = "repoint"
[[steps]]
name = "deployed"
kind = "ci-run"
repo = "shop/web"
token = {{ file = "token" }}
attempts = 1
"""


def home(folder: Path, infra: Infrastructure, database: str) -> Home:
    """Its one host is the server that the module made long ago, which answers nobody."""
    made = Home(folder)
    for name, secret in (("token", TOKEN), ("state-address", database)):
        (folder / name).write_text(secret)
        (folder / name).chmod(0o600)
    provider = f'[[providers]]\nname = "cloud"\nkind = "cherryservers"\nproject = "100200"\nurl = "{infra.cloud.url}"\n'
    watch = '[watch]\nresolvers = ["127.0.0.1"]\ntimeout_seconds = 1\n'
    lost = f'[[hosts]]\nname = "web-1"\naddress = "ssh://root@{FIRST_ADDRESS}"\nserver_id = "{FIRST_ID}"\n'
    made.write(more=f'[keeper]\nstate = "state"\n{watch}{provider}token = {{ file = "token" }}\n{lost}')
    (folder / "mine.toml").write_text(RUNBOOK.format(folder=infra.folder, program=infra.program, resource=WEB))
    return made


def called(made: Home, *words: str, code: int = 0) -> Done:
    done = made.call("recover", *words)
    assert done.code == code, done
    return done


def test_a_lost_host_comes_to_a_machine_of_the_users_module(postgres: PostgresServer, tmp_path: Path) -> None:
    program = need("tofu", tofu.opentofu)
    need("tofu", tofu.framework)
    postgres.sql("create database lost_host_state", "postgres")
    database = f"postgres://{postgres.superuser}:unseen@127.0.0.1:{postgres.port}/lost_host_state?sslmode=disable"
    with Infrastructure(tmp_path / "infra", program, Remote("pg", "", {"PG_CONN_STR": database})) as infra:
        infra.changes.did.clear()
        made = home(tmp_path / "home", infra, database)
        begin = ("web-1", "--runbook", "mine.toml", "--accept-loss", "the server is gone; the test says so")
        shown = called(made, *begin, "--yes", code=4)
        assert f"+ {WEB}: create" in shown.out and '--approve "order"' in shown.err and infra.changes.did == []

        die_in_the_apply(made, infra, "--resume", "--approve", "order")
        stopped = called(made, "--resume", "--json", code=5)
        assert "no earlier step began a run" in json.loads(stopped.out)["error"], "all before it is done"
        assert infra.changes.did == [MADE]
        text = made.config.read_text()
        assert 'address = "ssh://root@192.0.2.17"' in text and f'server_id = "{FIRST_ID + 1}"' in text
        seen = [one for one in made.folder.rglob("*") if one.is_file() and b"unseen" in one.read_bytes()]
        assert [one.name for one in seen] == ["state-address"], "the way to the state is nowhere else"

        called(made, "--undo", "--yes")
        assert infra.cloud.provider.known.servers[-1].power == "off" and len(infra.cloud.provider.known.servers) == 2
        text = made.config.read_text()
        assert f'address = "ssh://root@{FIRST_ADDRESS}"' in text and f'server_id = "{FIRST_ID}"' in text


def die_in_the_apply(made: Home, infra: Infrastructure, *words: str) -> None:
    """Outlive is killed when the provider has made the machine and has not said so yet; OpenTofu goes on."""
    with infra.made_and_silent() as ordered:
        process = made.spawn("recover", *words)
        assert ordered.wait(120), process.communicate(timeout=60)
        process.kill()
        process.communicate()
    wait_until(lambda: working_in(infra.folder) == [], "OpenTofu to end", seconds=60)

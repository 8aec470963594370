"""`outlive plan-guard --named`: the plan of the outage (tainted, to be replaced) before a machine that still answers. A real
sshd."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.home import Done, Home
from tests.world.sshd import SshServer

pytestmark = pytest.mark.slow
Call = Callable[..., Done]
RECORDED = Path(__file__).parents[1] / "recorded/tofu/tainted.json"


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    """Of the server that is guarded as web-1."""
    made = json.loads(RECORDED.read_text())
    for one in made["resource_changes"]:
        if one["type"] == "cherryservers_server":
            one["change"]["before"]["ip"] = "127.0.0.1"
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(made))
    return file


@pytest.fixture
def stack(home: Home, ssh_server: SshServer) -> Home:
    """`web-1`, whose key is pinned; and nothing else."""
    (home.folder / "known_hosts").write_text(ssh_server.known_hosts.read_text())
    home.write("", more="[watch]\ntimeout_seconds = 5\ncanaries = []\n")
    where = f'address = "ssh://web-1"\nssh_config = "{ssh_server.config}"\ncontainers = false\n'
    host = f'[[hosts]]\nname = "web-1"\n{where}server_id = "811287"\n'
    home.config.write_text(
        home.config.read_text().replace('[[hosts]]\nname = "here"\naddress = "local"\ncontainers = false\n', host)
    )
    return home


def test_it_names_the_address_that_still_answers_as_what_would_be_destroyed(
    stack: Home, outlive: Call, plan: Path, ssh_server: SshServer
) -> None:
    """Whatever is given up in writing."""
    outlive("identity", "--enrol")
    waived = [word for what in ("loss", "kept", "order") for word in ("--waive", f"{what}=nobody needs it")]
    done = outlive("plan-guard", str(plan), "--json", "--named", "811287,127.0.0.1,production-app", *waived)
    (reason,) = done.document["reasons"]
    assert (done.code, reason["action"]) == (4, "replace")
    assert f"127.0.0.1:{ssh_server.port} still answers as " in reason["why"]

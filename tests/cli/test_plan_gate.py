"""`outlive plan-guard --gate`: the plan of the outage (tainted, to be replaced) before a machine that still answers. A real
sshd, a real copy, a real drill."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.home import Done, Home
from tests.world.sshd import SshServer

pytestmark = pytest.mark.slow
Call = Callable[..., Done]
RECORDED = Path(__file__).parents[1] / "recorded/tofu/tainted.json"
NAMED = "811287 127.0.0.1 production-app"


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
    """`web-1`, whose key is pinned, with a folder to be guarded; and nothing else."""
    (home.folder / "known_hosts").write_text(ssh_server.known_hosts.read_text())
    home.write("", more="[watch]\ntimeout_seconds = 5\ncanaries = []\n")
    host = f'[[hosts]]\nname = "web-1"\naddress = "ssh://web-1"\nssh_config = "{ssh_server.config}"\nserver_id = "811287"\n'
    asset = f'[[assets]]\nname = "site"\nkind = "path"\nhost = "web-1"\npath = "{home.site}"\n'
    home.config.write_text(
        home.config.read_text().replace('[[hosts]]\nname = "here"\naddress = "local"\n', host) + asset
    )
    return home


def asked(outlive: Call, plan: Path, *words: str) -> tuple[int, dict[str, Any], dict[str, str]]:
    """Exit code, the document, and why of each condition that is not met."""
    done = outlive("plan-guard", str(plan), "--gate", "--json", *words)
    (one,) = done.document["gate"]
    return done.code, done.document, {each["name"]: each["why"] for each in one["conditions"] if not each["is_met"]}


def test_it_names_the_address_that_still_answers_as_what_would_be_destroyed(
    stack: Home, outlive: Call, plan: Path, ssh_server: SshServer
) -> None:
    outlive("identity", "--enrol")
    code, document, unmet = asked(outlive, plan)
    assert (code, document["refused"], document["gate"][0]["host"]) == (4, True, "web-1")
    where = f"127.0.0.1:{ssh_server.port}"
    assert unmet["silent"] == f"{where} still answers as production-app: its data is there"
    assert set(unmet) >= {"named", "silent", "lost or proven", "kept"} and "seen" not in unmet
    told = outlive("plan-guard", str(plan), "--gate").out
    assert "SHUT" in told and f"do not destroy it: take a copy (`outlive backup`) from {where}" in " ".join(
        told.split()
    )


def test_it_opens_for_who_has_a_proven_copy_names_it_in_full_and_gives_up_its_disk(
    stack: Home, outlive: Call, plan: Path
) -> None:
    outlive("identity", "--enrol")
    words = ("--named", NAMED, "--may-lose", "1h", "--waive-order", "x", "--waive-disk", "moved to another plan")
    assert outlive("backup").code == 0
    assert asked(outlive, plan, *words)[2].keys() >= {"silent", "lost or proven"}, (
        "a copy is a claim until it is proven"
    )
    assert outlive("drill").code == 0
    code, document, unmet = asked(outlive, plan, *words)
    assert (code, document["refused"], document["reasons"], unmet) == (0, False, [], {})
    for others in (("--named", "811287 127.0.0.1 web-1", *words[2:]), words[:6]):
        assert asked(outlive, plan, *others)[0] == 4, others


def test_what_no_guarded_host_is_known_to_be_stays_refused(stack: Home, outlive: Call, plan: Path) -> None:
    stack.config.write_text(stack.config.read_text().replace('"811287"', '"700001"'))
    code, document, _ = asked(outlive, plan, "--named", NAMED, "--accept-loss", "x", "--waive-disk", "x")
    assert (code, document["gate"][0]["host"], document["gate"][0]["open"]) == (4, None, False)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--named", NAMED), "Add --gate"),
        (("--gate", "--named", "811287"), "is not three names"),
        (("--gate", "--may-lose", "soon"), "it is no duration"),
    ],
)
def test_a_wrong_call_is_said_before_anybody_is_asked(
    stack: Home, outlive: Call, plan: Path, words: tuple[str, ...], says: str
) -> None:
    done = outlive("plan-guard", str(plan), *words)
    assert done.code == 2 and says in done.err

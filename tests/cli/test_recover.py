"""What `outlive recover` refuses before anything is begun, and the runbooks that it prints."""

from __future__ import annotations

import tomllib
from collections.abc import Callable

import pytest

from tests.cli.home import Done, Home

HOST = '\n[[hosts]]\nname = "web-1"\naddress = "ssh://root@203.0.113.9"\n'
ASSET = '[[assets]]\nname = "uploads"\nkind = "docker_volume"\nhost = "web-1"\nvolume = "uploads"\n'
HEAD = 'name = "mine"\ntitle = "mine"\n'
ORDER = '[[steps]]\nname = "order"\nkind = "create-machine"\nrehearse = false\n'
VOLUME = '[[steps]]\nname = "volume {asset}"\nkind = "volume"\neach = "docker_volume"\n'
Call = Callable[..., Done]


@pytest.fixture
def runbook(home: Home) -> Callable[[str], str]:
    home.config.write_text(f"{home.config.read_text()}{HOST}{ASSET}")

    def write(text: str) -> str:
        file = home.folder / "mine.toml"
        file.write_text(text)
        return str(file)

    return write


def test_a_plan_without_a_machine_but_the_host_itself_is_refused(outlive: Call, runbook: Callable[[str], str]) -> None:
    done = outlive("recover", "web-1", "--runbook", runbook(HEAD + VOLUME), "--yes")
    assert done.code == 2 and "no machine to restore to but the host itself" in done.err


def test_a_rehearsal_that_leaves_the_order_out_wants_a_scratch_machine(
    outlive: Call, runbook: Callable[[str], str]
) -> None:
    words = ("recover", "web-1", "--runbook", runbook(HEAD + ORDER + VOLUME), "--rehearse", "--yes")
    done = outlive(*words)
    assert done.code == 2 and "no machine to work on but the host itself" in done.err and "--to" in done.err
    done = outlive(*words, "--to", "ssh://root@203.0.113.9")
    assert done.code == 2 and "is web-1 itself" in done.err
    assert outlive(*words, "--to", "ssh://root@198.51.100.7").code == 3, "its key is not pinned"


def test_shipped_runbooks_are_printed(outlive: Call) -> None:
    for name in ("lost-host", "lost-host-new-machine"):
        done = outlive("recover", "--runbook", name, "--print")
        assert done.code == 0 and tomllib.loads(done.out)["name"] == name
    done = outlive("recover", "web-1", "--runbook", "lost-host-new-machine", "--yes")
    assert done.code == 2 and "--print" in done.err
    assert outlive("recover", "--named", "1,2,3").code == 2, "only what is taken back is given back"

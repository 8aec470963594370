"""The steps `tofu-machine` and `tofu-replace` with the real OpenTofu, at a CherryServers that hands addresses out again."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from outlive.errors import Failed, NoData, Refused, UsageError
from outlive.lab.ground.process import wait_until
from outlive.lab.provider.api import Answer, refusal
from outlive.lab.provider.documents import Knowledge
from outlive.recovery.gate import Target
from outlive.recovery.host_key import host_key
from outlive.recovery.opentofu import replacing
from outlive.recovery.opentofu.module import module
from outlive.recovery.opentofu.orphan import SETTLE_SECONDS
from outlive.recovery.steps.base import Done, Inputs, Unknown, World
from outlive.recovery.steps.registry import STEPS
from tests.recovery.steps.carrying import BEGAN, _child, apart, carry, inputs, taken_back, world
from tests.world import tofu
from tests.world.infrastructure import FIRST_ADDRESS, FIRST_ID, SERVER, Infrastructure
from tests.world.need import need

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="wants ssh-keygen"),
]
WEB = 'cherryservers_server.web["b"]'
MADE = "POST projects/100200/servers"
MAKE, REPLACE = STEPS["tofu-machine"], STEPS["tofu-replace"]
OLD = {"id": str(FIRST_ID), "address": FIRST_ADDRESS, "hostname": "production-app"}
WORD = {"who": "ops", "at": BEGAN.isoformat(), "text": "it is gone"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Infrastructure]:
    program = need("tofu", tofu.opentofu)
    need("tofu", tofu.framework)
    with Infrastructure(tmp_path_factory.mktemp("infrastructure"), program) as infrastructure:
        yield infrastructure


@pytest.fixture
def infra(made: Infrastructure) -> Infrastructure:
    made.restore()
    return made


def there(infra: Infrastructure, folder: Path, *, asked: bool = True) -> World:
    """With the old machine as the host; its provider can be asked, or not."""
    folder.mkdir(exist_ok=True)
    url = infra.cloud.url
    provider = f'[[providers]]\nname = "cloud"\nkind = "cherryservers"\nproject = "100200"\nurl = "{url}"\n'
    (folder / "more.toml").write_text(provider + 'token = { file = "token" }\n' if asked else "")
    return the_host(folder)


def the_host(folder: Path) -> World:
    found = world(folder, new="")
    return replace(found, host=replace(found.host, server_id=str(FIRST_ID), address=f"ssh://root@{FIRST_ADDRESS}"))


def args(infra: Infrastructure, **more: Any) -> dict[str, Any]:
    found = {"folder": str(infra.folder), "program": str(infra.program), "workspace": "production", "resource": WEB}
    return {**found, "vars": {"machines": ["b"]}, "provider": "cloud", **more}


def servers(infra: Infrastructure) -> dict[str, str]:
    return {one.hostname: one.address for one in infra.cloud.provider.known.servers}


def of_the_run(here: World) -> dict[str, str]:
    return {
        str(path.relative_to(here.folder)): path.read_text("utf-8", "replace")
        for path in here.folder.rglob("*")
        if path.is_file()
    }


def words_of(process: Path) -> bytes:
    try:
        return (process / "cmdline").read_bytes()
    except OSError:
        return b""


def test_a_machine_is_made_beside_the_old_one_and_its_key_is_known(infra: Infrastructure, tmp_path: Path) -> None:
    here = there(infra, tmp_path)
    assert MAKE.changes(here, inputs(args(infra))) == [f"+ {WEB}: create"]
    assert infra.changes.did == [] and not list(here.folder.glob("tofu-*")), "a plan leaves nothing"
    processes, modes = [], {}

    def look(method: str, path: str, body: dict[str, Any], known: Knowledge) -> Answer:
        processes.extend(words_of(one) for one in Path("/proc").glob("[0-9]*"))
        room = next(here.folder.glob("tofu-*"))
        modes.update(
            {"room" if one == room else one.name: one.stat().st_mode & 0o777 for one in (room, *room.iterdir())}
        )
        return infra.changes(method, path, body, known)

    infra.cloud.changes = look
    done = carry(MAKE, here, args(infra))
    assert servers(infra) == {"production-app": FIRST_ADDRESS, "web-b": "192.0.2.17"}
    public, private = host_key(here.folder).public, host_key(here.folder).private
    assert (here.folder / "known_hosts").read_text() == f"192.0.2.17 {public}\n"
    assert done.facts["made_address"] == "192.0.2.17" and done.facts["hostname"] == "web-b"
    assert "write machines into your own variables, else your next apply" in done.said
    resources = json.loads(infra.state_file.read_text())["resources"]
    told = next(one for one in resources if one["name"] == "web")["instances"][0]["attributes"]["user_data"]
    assert json.loads(told.removeprefix("#cloud-config\n"))["ssh_keys"]["ed25519_public"] == public
    assert [name for name, text in of_the_run(here).items() if "PRIVATE KEY" in text] == ["new_host_key"]
    assert modes == {"room": 0o700, "plan": 0o600, "apply.log": 0o600}, "looked at while it was made"
    assert not [one for one in processes if private.splitlines()[2].encode() in one]
    assert [one for one in processes if b"apply" in one]
    assert isinstance(MAKE.look(here, inputs(args(infra))), Done) and infra.changes.did == [MADE]


@pytest.mark.parametrize(
    ("more", "said", "cure"),
    [
        ({"workspace": "preview"}, "is 'production', and should be 'preview'", "workspace select preview"),
        ({"resource": SERVER, "vars": {"plan": "cloud_vps_2"}}, f"replaces id {FIRST_ID}", "outlive check"),
        ({"vars": {"machines": ["b"], "told": True}}, "user_data reinstalls id", "allow_reinstall = false"),
        ({"vars": {"machines": ["b", "c"]}}, 'web["c"] (create): nobody named it', "also = ["),
        ({"resource": SERVER}, "it is there already, and this run did not make it", "another key"),
        (
            {"vars": {"machines": ["deaf"]}, "resource": 'cherryservers_server.web["deaf"]'},
            "does not hand",
            "the lines",
        ),
    ],
    ids=["workspace", "replace", "reinstall", "another", "there", "deaf"],
)
def test_what_is_refused_before_anything_is_made(
    infra: Infrastructure, tmp_path: Path, more: dict[str, Any], said: str, cure: str
) -> None:
    here = there(infra, tmp_path)
    with pytest.raises(Refused) as caught:
        carry(MAKE, here, args(infra, **more))
    assert said in caught.value.detail and cure in caught.value.hint
    assert infra.changes.did == [] and "PRIVATE KEY" not in str({**of_the_run(here), "new_host_key": ""})


def test_undo_keeps_it_switched_off_or_gives_it_back_by_a_plan_of_its_own(
    infra: Infrastructure, tmp_path: Path
) -> None:
    here = there(infra, tmp_path)
    done = carry(MAKE, here, args(infra))
    assert "is switched off and kept" in str(MAKE.undo(here, inputs(args(infra))))
    assert infra.cloud.provider.known.servers[-1].power == "off"
    wrong = args(infra, named=[str(FIRST_ID), FIRST_ADDRESS, "production-app"])
    with pytest.raises(Refused, match="named"):
        MAKE.undo(here, Inputs("run-1", "it", wrong, {"it": done.facts}))
    infra.run("taint", SERVER)
    assert len(servers(infra)) == 2
    rehearsed = replace(here, rehearsal=True)
    taken_back(MAKE, rehearsed, args(infra))
    assert servers(infra) == {"production-app": FIRST_ADDRESS}, "what is tainted beside it is left alone"
    assert MAKE.undo(rehearsed, inputs(args(infra))) == "no machine of this run is there"


def killed_while_it_is_made(infra: Infrastructure, here: World, step: dict[str, Any], *, tofu_too: bool) -> None:
    """The step in a process that is killed when the provider has made the machine and has not said so yet."""
    folder = here.folder
    with infra.made_and_silent() as ordered:
        process = apart(_child, "tofu-machine", step, str(folder), 0.0, False)
        process.start()
        assert ordered.wait(120) and process.pid
        os.kill(process.pid, signal.SIGKILL)
        process.join(60)
        for one in Path("/proc").glob("[0-9]*"):
            if tofu_too and b"apply" in words_of(one) and f"{folder}/tofu-".encode() in words_of(one):
                os.killpg(int(one.name), signal.SIGKILL)  # it leads a group: its provider goes too
        if not tofu_too:
            seen = MAKE.look(here, inputs(step))
            assert isinstance(seen, Unknown) and "still makes" in seen.why


def test_killed_while_it_is_made_no_second_one_is_made(infra: Infrastructure, tmp_path: Path) -> None:
    """OpenTofu goes on by itself: what it made is in the state. What is half made is left to a person."""
    here, step = there(infra, tmp_path), args(infra)
    killed_while_it_is_made(infra, here, step, tofu_too=False)
    own = module(here, inputs(step)).tofu
    wait_until(lambda: not own.is_applying(), "OpenTofu to end", seconds=60)
    carry(MAKE, here, step)
    assert infra.changes.did == [MADE] and not list(here.folder.glob("tofu-*"))
    infra.run("taint", WEB)
    with pytest.raises(Refused, match="is half made") as caught:
        carry(MAKE, here, step)
    assert f"untaint '{WEB}'" in caught.value.hint and infra.changes.did == [MADE]


def test_a_machine_that_the_state_never_heard_of_is_found_and_taken_in(infra: Infrastructure, tmp_path: Path) -> None:
    """OpenTofu itself was killed too."""
    here, step = there(infra, tmp_path), args(infra)
    killed_while_it_is_made(infra, here, step, tofu_too=True)
    wait_until(lambda: not module(here, inputs(step)).tofu.is_applying(), "OpenTofu to end", seconds=60)
    with pytest.raises(Refused, match=r"web-b \(id \d+\) was made, and the state does not know it") as caught:
        carry(MAKE, here, step)
    assert f"step.tfvars.json '{WEB}' " in caught.value.hint and infra.changes.did == [MADE]
    with pytest.raises(Refused, match="it may be there, or not") as caught:
        carry(MAKE, here, {name: one for name, one in step.items() if name != "provider"})
    assert "Look for web-b in the provider's console" in caught.value.hint and infra.changes.did == [MADE]
    with pytest.raises(Refused, match="was made"):
        MAKE.undo(here, inputs(step))


def test_what_the_provider_refused_is_tried_again_when_it_is_surely_not_there(
    infra: Infrastructure, tmp_path: Path
) -> None:
    here = there(infra, tmp_path)
    infra.cloud.changes = lambda method, path, body, known: refusal(402, "No credit.")
    with pytest.raises(Failed, match="could not make"):
        carry(MAKE, here, args(infra))
    infra.cloud.changes = infra.changes
    seen = MAKE.look(here, inputs(args(infra)))
    assert isinstance(seen, Unknown) and "not listed yet" in seen.why
    here.clock.sleep(SETTLE_SECONDS)
    carry(MAKE, here, args(infra))
    assert infra.changes.did == [MADE]


def checked(here: World, verdict: str, *, confirmed: bool, answers: str | None) -> World:
    hosts = [{"host": "web-1", "verdict": verdict, "confirmed": confirmed}]
    document = {"hosts": hosts, "addresses": [{"address": FIRST_ADDRESS, "answers_as": answers}]}
    return replace(here, outlive=lambda argv, seconds: {"document": document})


@pytest.mark.parametrize(
    ("verdict", "answers", "said", "shut"),
    [
        ("machine_replaced", "unknown", {"approved": WORD}, set()),
        ("unreachable_unproven", None, {"approved": WORD, "waiver": WORD}, set()),
        ("unreachable_unproven", None, {"approved": WORD}, {"lost or proven"}),
        ("same_machine_app_down", "web-1", {"approved": WORD, "waiver": WORD}, {"silent"}),
        ("machine_replaced", "unknown", {}, {"kept", "replaced first"}),
        ("machine_replaced", "unknown", {"approved": WORD, "old": {**OLD, "id": "1"}}, {"named"}),
    ],
)
def test_the_gate_of_a_replacement(
    tmp_path: Path, verdict: str, answers: str | None, said: dict[str, Any], shut: set[str]
) -> None:
    here = checked(the_host(tmp_path), verdict, confirmed=answers is not None, answers=answers)
    gate = replacing.gate_of(here, inputs({"old": OLD, **said}))
    target = Target(str(FIRST_ID), FIRST_ADDRESS, "production-app")
    assert {one.name for one in gate(target) if not one.is_met} == shut
    other = Target("5", "192.0.2.99", "db-1")
    assert {"the host itself", "named", "seen"} <= {one.name for one in gate(other) if not one.is_met}


def test_replace_passes_the_gate_or_nothing_is_destroyed(infra: Infrastructure, tmp_path: Path) -> None:
    def gated(**said: Any) -> Inputs:
        step = args(infra, resource=SERVER, vars={"told": True}, old=OLD)
        return Inputs("run-1", "it", {**step, **said})

    here = there(infra, tmp_path)
    assert "DESTROYS production-app" in REPLACE.plan(here, gated())
    (line, *_) = REPLACE.changes(here, gated())
    assert line.startswith(f"- {SERVER}: id {FIRST_ID}, production-app, at {FIRST_ADDRESS} is destroyed")
    lost = checked(here, "machine_replaced", confirmed=True, answers="unknown")
    with pytest.raises(Refused) as caught:
        REPLACE.do(lost, gated(), 60)
    assert "The gate is shut: kept: " in caught.value.detail and "replaced first: " in caught.value.detail
    with pytest.raises(Refused, match="rehearsal"):
        REPLACE.do(replace(lost, rehearsal=True), gated(approved=WORD), 60)
    assert infra.changes.did == []
    REPLACE.do(lost, gated(approved=WORD), 60)
    assert infra.changes.did == [f"DELETE servers/{FIRST_ID}", MADE]
    seen = REPLACE.look(here, gated())
    assert isinstance(seen, Done) and seen.facts["made_address"] == FIRST_ADDRESS, "the address was given again"
    assert host_key(here.folder).public in (here.folder / "known_hosts").read_text()


def test_a_lock_of_somebody_else_is_told_with_its_cure_and_never_broken(
    infra: Infrastructure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("outlive.commands.tofu_apply.LOCK_SECONDS", 0)
    lock = {"ID": "5f0c", "Operation": "OperationTypeApply", "Who": "ops@laptop", "Created": "2026-02-07T08:00:00Z"}
    info = infra.state_file.with_name(".terraform.tfstate.lock.info")
    info.write_text(json.dumps(lock))
    try:
        with infra.state_file.open("r+b") as state:
            fcntl.lockf(state, fcntl.LOCK_EX)
            with pytest.raises(NoData, match=r"is locked by ops@laptop \(apply, since 2026-02-07") as caught:
                MAKE.do(there(infra, tmp_path), inputs(args(infra)), 60)
    finally:
        info.unlink()
    assert "force-unlock 5f0c" in caught.value.hint and "Outlive never does that" in caught.value.hint


def test_a_wrong_runbook_is_said_with_the_plan(infra: Infrastructure, tmp_path: Path) -> None:
    here = there(infra, tmp_path)
    for wrong in ({"folder": "nowhere"}, {"names": {"colour": "x"}}, {"vars": ["b"]}, {"also": "x"}):
        with pytest.raises(UsageError):
            MAKE.changes(here, inputs(args(infra, **wrong)))
    with pytest.raises(UsageError, match="all its names"):
        REPLACE.plan(here, inputs(args(infra, old={"id": "1"})))

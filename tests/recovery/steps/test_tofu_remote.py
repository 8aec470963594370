"""`tofu-machine` where the state is kept elsewhere: OpenTofu with a real Postgres, Terraform with a real S3 that locks by a
file (OpenTofu does that from 1.10; npm has 1.6.2)."""

from __future__ import annotations

import asyncio
import json
import re
import shlex
import shutil
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from outlive.errors import Failed, NoData, Refused
from outlive.lab.ground.process import wait_until
from outlive.lab.provider.api import Answer
from outlive.lab.provider.documents import Knowledge
from outlive.recovery.opentofu.module import module
from outlive.recovery.opentofu.orphan import SETTLE_SECONDS
from outlive.recovery.steps.base import Done, World
from outlive.testing.clock import ManualClock
from outlive.transport.tofu_errors import working_in
from outlive.witnesses.tofu_plan import TofuPlanWitness
from outlive.witnesses.tofu_state import TofuStateWitness
from tests.recovery.steps.carrying import BEGAN, carry, inputs
from tests.recovery.steps.test_tofu import MADE, MAKE, WEB, args, killed_while_it_is_made, servers, there, words_of
from tests.world import tofu
from tests.world.infrastructure import FIRST_ADDRESS, FIRST_ID, SERVER, Infrastructure, Remote
from tests.world.need import need
from tests.world.postgres import PostgresServer
from tests.world.s3 import CephGateway

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="wants ssh-keygen"),
]
SCHEMA = "states"


@pytest.fixture(scope="module")
def database(postgres: PostgresServer) -> str:
    postgres.sql("create database tofu_state", "postgres")
    return f"postgres://{postgres.superuser}:not-to-be-shown@127.0.0.1:{postgres.port}/tofu_state?sslmode=disable"


@pytest.fixture(scope="module")
def in_postgres(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Infrastructure]:
    program = need("tofu", tofu.opentofu)
    need("tofu", tofu.framework)
    remote = Remote("pg", f'schema_name = "{SCHEMA}"\n', {"PG_CONN_STR": database})
    with Infrastructure(tmp_path_factory.mktemp("in-postgres"), program, remote) as infrastructure:
        yield infrastructure


@pytest.fixture
def infra(in_postgres: Infrastructure) -> Infrastructure:
    in_postgres.restore()
    return in_postgres


def stepped(infra: Infrastructure, folder: Path, **more: Any) -> tuple[World, dict[str, Any]]:
    """The secrets of the backend are in files; no process of ours has them in its environment."""
    here = there(infra, folder)
    assert infra.remote
    for name, secret in infra.remote.secrets.items():
        (folder / name).write_text(secret)
        (folder / name).chmod(0o600)
    named = {name: {"file": name} for name in infra.remote.secrets}
    return here, args(infra, environment=named, **more)


def said_anywhere(here: World, secret: str) -> list[str]:
    files = [one for one in here.folder.rglob("*") if one.is_file() and one.name != "PG_CONN_STR"]
    return [one.name for one in files if secret in one.read_text("utf-8", "replace")]


def test_a_machine_is_made_and_its_state_is_where_the_team_keeps_it(
    infra: Infrastructure, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a lock in Postgres OpenTofu prints the one that it wanted itself, not the one that is held."""
    monkeypatch.setattr("outlive.commands.tofu_apply.LOCK_SECONDS", 0)
    here, step = stepped(infra, tmp_path)
    with psycopg.connect(database, autocommit=True) as other:
        other.execute(f"select pg_advisory_lock(id) from {SCHEMA}.states where name = 'production'")
        with pytest.raises(NoData, match="another connection to its Postgres, which does not say whose") as caught:
            MAKE.do(here, inputs(step), 60)
        (query,) = re.findall('"(select .*?)"', caught.value.hint)
        assert other.info.backend_pid in [row[0] for row in other.execute(query)]
    assert "force-unlock` does nothing" in caught.value.hint
    processes: list[bytes] = []

    def look(method: str, path: str, body: dict[str, Any], known: Knowledge) -> Answer:
        processes.extend(words_of(one) for one in Path("/proc").glob("[0-9]*"))
        return infra.changes(method, path, body, known)

    infra.cloud.changes = look
    carry(MAKE, here, step)  # the lock went with the connection
    assert servers(infra) == {"production-app": FIRST_ADDRESS, "web-b": "192.0.2.17"} and infra.changes.did == [MADE]
    assert WEB in infra.run("state", "list") and not infra.state_file.exists()
    assert said_anywhere(here, "not-to-be-shown") == [] and not [one for one in processes if b"not-to-be-shown" in one]
    infra.run("workspace", "select", "default")
    with pytest.raises(Refused, match="is 'default', and should be 'production'"):
        MAKE.look(here, inputs(step))


def does_as_told(infra: Infrastructure, hint: str, verb: str, *more: str) -> None:
    """The command of the hint, as a person would copy it."""
    (line,) = [one for one in re.findall(r"`([^`]+)`", hint) if f" {verb} " in one]
    words = shlex.split(line)[2:]
    infra.run(words[0], *more, *words[1:])


def test_a_state_that_the_backend_did_not_take_is_pushed_and_no_second_one_is_bought(
    infra: Infrastructure, database: str, tmp_path: Path
) -> None:
    here, step = stepped(infra, tmp_path)

    def closed(method: str, path: str, body: dict[str, Any], known: Knowledge) -> Answer:
        statement(database, f"alter schema {SCHEMA} rename to away")
        return infra.changes(method, path, body, known)

    infra.cloud.changes = closed
    try:
        with pytest.raises(Failed, match="could not make"):
            MAKE.do(here, inputs(step), 120)
    finally:
        statement(database, f"alter schema away rename to {SCHEMA}")
    here.clock.sleep(SETTLE_SECONDS)
    with pytest.raises(Refused, match=r"did not take the state afterwards: it is in .*errored\.tfstate") as caught:
        carry(MAKE, here, step)
    does_as_told(infra, caught.value.hint, "push")
    carry(MAKE, here, step)
    assert infra.changes.did == [MADE]
    (infra.folder / "errored.tfstate").unlink()


def statement(database: str, text: str) -> None:
    with psycopg.connect(database, autocommit=True) as other:
        other.execute(text)


def test_a_state_that_changed_meanwhile_is_planned_and_judged_anew(infra: Infrastructure, tmp_path: Path) -> None:
    """Somebody marks a thing as broken between our plan and its apply."""
    here, step = stepped(infra, tmp_path)
    once, program = tmp_path / "once", tmp_path / "tofu"
    once.touch()
    taint = f"{infra.program} -chdir={infra.folder} taint terraform_data.note"
    program.write_text(
        f'#!/bin/sh\n{infra.program} "$@"; status=$?\n'
        f"[ $2 = show ] && rm {once} 2>/dev/null && {taint} >&2\nexit $status\n"
    )
    program.chmod(0o755)
    step["program"] = str(program)
    with pytest.raises(NoData, match="changed by somebody between the plan and its apply; nothing was applied"):
        MAKE.do(here, inputs(step), 120)
    assert not once.exists() and infra.changes.did == [] and list(here.folder.glob("tofu-*/plan")) == []
    with pytest.raises(Refused, match=r"terraform_data.note \(.*\): nobody named it"):
        carry(MAKE, here, step)
    assert infra.changes.did == []


def test_a_state_that_is_not_reached_is_no_data_and_shows_no_secret(
    infra: Infrastructure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, step = stepped(infra, tmp_path)
    secret = tmp_path / "PG_CONN_STR"
    good = secret.read_text()
    for wrong, why in (
        (re.sub(r":\d+/", ":1/", good), "connection refused"),
        (good.replace("tofu_state", "none"), "does not exist"),
        (good.replace("127.0.0.1", "[::1"), "parse"),
    ):
        secret.write_text(wrong)
        for ask in (lambda: module(here, inputs(step)).standing(), lambda: MAKE.do(here, inputs(step), 60)):
            with pytest.raises(NoData, match=why) as caught:
                ask()
            assert "not-to-be-shown" not in f"{caught.value} {caught.value.hint}"
            assert "-lock=false" in caught.value.hint and " apply" not in caught.value.hint
        (line,) = MAKE.changes(here, inputs(step))
        assert why in line
    with socket.create_server(("127.0.0.1", 0)) as mute:
        secret.write_text(re.sub(r":\d+/", f":{mute.getsockname()[1]}/", good))
        monkeypatch.setattr("outlive.transport.tofu.ASK_SECONDS", 0.5)
        with pytest.raises(NoData, match=r"state in .* did not end within"):
            module(here, inputs(step)).standing()
    (infra.folder / ".terraform").rename(tmp_path / "made-ready")
    try:
        with pytest.raises(Refused, match="is not initialised on this machine"):
            module(here, inputs(step)).standing()
        with pytest.raises(Refused, match="is not initialised on this machine") as refused:
            MAKE.changes(here, inputs(step))
        assert "init -input=false`, with the `-backend-config=FILE`" in refused.value.hint
    finally:
        (tmp_path / "made-ready").rename(infra.folder / ".terraform")


def test_watching_reads_a_state_that_is_kept_elsewhere(
    infra: Infrastructure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert infra.remote
    clock = ManualClock(BEGAN)
    drift = TofuPlanWitness("web", infra.folder, str(infra.program), "production", clock)
    state = TofuStateWitness("web-1", infra.folder, SERVER, clock, str(infra.program))
    (seen,) = asyncio.run(state.look())
    assert seen.value["error"] == "unreadable" and "environment" in str(seen.value), "without the credentials"
    (seen,) = asyncio.run(drift.look())
    assert seen.value["error"] == "plan_failed"
    for name, secret in infra.remote.secrets.items():
        monkeypatch.setenv(name, secret)
    (seen,) = asyncio.run(drift.look())
    assert seen.value["exit_code"] == 0 and seen.value["resource_drift"] == []
    (seen,) = asyncio.run(state.look())
    assert seen.value == {"server_id": str(FIRST_ID), "addresses": [FIRST_ADDRESS], "workspace": "production"}
    left = infra.folder / "terraform.tfstate"
    left.write_text(infra.run("state", "pull"))  # as it lies there from before the state was moved
    try:
        (seen,) = asyncio.run(replace(state, path=left).look())
    finally:
        left.unlink()
    assert seen.value["error"] == "unreadable" and "kept in pg" in str(seen.value)


@pytest.mark.docker
@pytest.mark.s3
def test_a_lock_in_s3_that_our_own_apply_left_is_told_at_once_with_its_command(
    rgw: CephGateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("outlive.commands.tofu_apply.LOCK_SECONDS", 0)
    program = need("tofu", tofu.terraform)
    need("tofu", tofu.framework)
    settings = {"bucket": rgw.bucket(), "key": "web.tfstate", "region": rgw.region, "use_lockfile": True}
    skipped = (
        "credentials_validation",
        "metadata_api_check",
        "region_validation",
        "requesting_account_id",
        "s3_checksum",
    )
    settings |= {"use_path_style": True, "max_retries": 1} | {f"skip_{one}": True for one in skipped}
    lines = [f"{name} = {json.dumps(value)}" for name, value in settings.items()]
    text = "\n".join([*lines, f'endpoints = {{ s3 = "{rgw.endpoint}" }}', ""])
    secrets = {"AWS_ACCESS_KEY_ID": rgw.access_key, "AWS_SECRET_ACCESS_KEY": rgw.secret_key}
    with Infrastructure(tmp_path / "infrastructure", program, Remote("s3", text, secrets)) as infra:
        infra.changes.did.clear()
        here, step = stepped(infra, tmp_path / "run")
        killed_while_it_is_made(infra, here, step, tofu_too=True)
        wait_until(lambda: working_in(infra.folder) == [], "Terraform to end", seconds=60)
        with pytest.raises(Refused, match="was made, and the state does not know it") as orphan:
            MAKE.look(here, inputs(step))
        with pytest.raises(
            Refused, match=r"is locked by .* \(apply, since .*nothing of it works there any more"
        ) as caught:
            module(here, inputs(step)).planned("")
        assert "pgrep -af" in caught.value.hint
        does_as_told(infra, caught.value.hint, "force-unlock", "-force")
        does_as_told(infra, orphan.value.hint, "import")
        MAKE.do(here, inputs(step), 60)
        assert isinstance(MAKE.look(here, inputs(step)), Done) and infra.changes.did == [MADE]
        key = next(one for one in rgw.keys(str(settings["bucket"])) if one.endswith("production/web.tfstate"))
        other = {
            "ID": "5f0c",
            "Operation": "OperationTypeApply",
            "Who": "ops@laptop",
            "Created": "2026-02-07T08:00:00Z",
        }
        rgw.client().put_object(Bucket=settings["bucket"], Key=f"{key}.tflock", Body=json.dumps(other).encode())
        with pytest.raises(NoData, match=r"is locked by ops@laptop \(apply, since 2026-02-07") as held:
            module(here, inputs(step)).planned("")
        assert "Ask ops@laptop" in held.value.hint
        (tmp_path / "run" / "AWS_SECRET_ACCESS_KEY").write_text("wrong")
        with pytest.raises(NoData, match="SignatureDoesNotMatch"):
            module(here, inputs(step)).standing()

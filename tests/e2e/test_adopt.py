"""The host and the keeper are gone; a vault, the recovery key and a laptop are left. By the commands that a person types."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from outlive.lab.ground.cache import cache_root
from tests.cli.home import Home
from tests.e2e.test_moments import running, short_folder
from tests.world.postgres import PostgresServer

pytestmark = [pytest.mark.slow, pytest.mark.postgres]


def test_a_database_and_files_come_back_when_the_keeper_is_gone_too(postgres: PostgresServer, tmp_path: Path) -> None:
    env = {"TEST_DSN": postgres.dsn("postgres"), "OUTLIVE_POSTGRES_DIR": str(cache_root() / "postgres")}
    postgres.sql("create table adopted as select i from generate_series(1, 1000) i")
    old = Home(tmp_path / "keeper")
    old.write(old.path_asset() + '[[assets]]\nname = "db"\nkind = "postgres"\ndsn = { env = "TEST_DSN" }\n')
    done = old.call("backup", env=env)
    assert done.code == 0, done.err
    before = old.call("copies", "--json", env=env).document
    vault, key = tmp_path / "vault", tmp_path / "recovery.txt"
    shutil.move(old.folder / "vault", vault)
    shutil.move(old.folder / "recovery.key", key)
    shutil.rmtree(old.folder)
    postgres.sql("drop table adopted")

    with short_folder() as folder:
        laptop = Home(folder / "laptop")
        shutil.rmtree(laptop.folder)
        laptop.folder.mkdir()
        adopted = laptop.call("adopt", str(vault), "--identity", str(key), "--json")
        assert adopted.code == 0, adopted.err
        assert {"kind": "variable", "what": "TEST_DSN", "wanted_by": "assets[db].dsn"} in adopted.document["missing"]
        assert laptop.call("copies", "--json").document == before
        status = laptop.call("status", "--no-look", "--json").document
        assert {one["asset"] for one in status["assets"] if one["last_copy"]} == {"site", "db"}
        for asset in ("site", "db"):
            done = laptop.call("restore", asset, "--to", str(folder / asset), "--identity", str(key), env=env)
            assert done.code == 0, done.err
        assert (folder / "site/index.html").read_text() == "hello"
        with running(postgres, folder / "db") as sql:
            assert sql("select count(*), max(i) from adopted") == "1000|1000"

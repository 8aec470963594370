"""Any second back, by the commands that a person types, of a cluster that the keeper streams."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from outlive import wiring_state
from outlive.cli.app import rfc3339
from outlive.config.load import load
from outlive.lab.ground.cache import cache_root
from outlive.lab.ground.process import end, give_to_nobody, run, wait_until
from tests.e2e.test_keep import Keep
from tests.keeper.homes import ALLOWED, home
from tests.world.postgres import PostgresServer

pytestmark = [pytest.mark.slow, pytest.mark.postgres]


@dataclass
class Streamed:
    """A vault with a base copy and log; `between` is after the first ten rows and before the next ten. `by_itself` is what
    the keeper's daily drill has left in the vault."""

    keep: Keep
    server: PostgresServer
    between: str
    by_itself: dict[str, Any]

    def json(self, *words: str) -> tuple[int, Any]:
        done = self.keep.call(*words, "--json")
        assert done.stdout, done.stderr
        print(done.stderr)  # shown when a test fails
        return done.returncode, json.loads(done.stdout)


def make_due(keep: Keep, job: str) -> None:
    """As if its day were over."""
    store = wiring_state.store(load(keep.config))
    store.set_due(replace(store.dues()[job], next_due=datetime.now(UTC)))
    store.close()


@contextmanager
def short_folder() -> Iterator[Path]:
    """A Unix socket's path may have only 107 bytes, and servers are started below here, by another user."""
    with TemporaryDirectory(prefix="om-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture
def place() -> Iterator[Path]:
    """For what is restored."""
    with short_folder() as folder:
        yield folder


@pytest.fixture(scope="module")
def streamed() -> Iterator[Streamed]:
    with short_folder() as folder, PostgresServer(17) as server:
        more = '[[assets]]\nname = "db"\nkind = "postgres"\ndsn = { env = "DB" }\n'
        env = {"DB": server.dsn(), "OUTLIVE_POSTGRES_DIR": str(cache_root() / "postgres")}
        keep = Keep(home(folder / "h", keeper=ALLOWED, schedule="ship_every_seconds = 0.5", more=more), env)
        keeper = keep.start()
        try:
            server.sql("create table t (i int)")
            keep.until(lambda: keep.heard("ended backup db: done"), "the base copy")
            server.sql("insert into t select generate_series(1, 10)")
            time.sleep(1.5)
            between = server.sql("select to_char(now() at time zone 'utc', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')")
            time.sleep(1.5)
            server.sql("insert into t select generate_series(11, 20)")
            time.sleep(1)
            keep.until(lambda: (keep.loss("db") or 1e9) < 5, "the log")
            make_due(keep, "drill:db")
            keep.until(lambda: keep.heard("ended drill db: done"), "the daily drill")
            assert keep.stop(keeper) == 0
            (by_itself,) = (keep.config.parent / "vault" / "proofs" / "db" / "log").iterdir()
            yield Streamed(keep, server, between, json.loads(by_itself.read_text()))
        finally:
            end(keeper)


@contextmanager
def running(server: PostgresServer, data: Path) -> Iterator[Callable[[str], str]]:
    """A stock server on a restored directory, as its next steps say."""
    give_to_nobody(data)
    control = [server.bin("pg_ctl"), "-D", data, "-w", "-s"]
    options = f"-p 5999 -k {server.socket_dir} -c listen_addresses='' -c archive_mode=off"
    run([*control, "-l", data / "restored.log", "-o", options, "start"], unprivileged=True)
    door = f"host={server.socket_dir} port=5999 user=postgres dbname=postgres"
    try:
        yield lambda sql: run([server.bin("psql"), "-XAtq", "-d", door, "-c", sql], unprivileged=True).strip()
    finally:
        run([*control, "-m", "fast", "stop"], unprivileged=True)


def test_the_keeper_drills_a_random_second_by_itself(streamed: Streamed) -> None:
    found = {check["name"]: check["ok"] for check in streamed.by_itself["checks"]}
    assert streamed.by_itself["ok"] is True and found["replay"] is True and found["moment"] is not False
    assert streamed.by_itself["rto_seconds"] > 0


def test_the_window_is_listed(streamed: Streamed) -> None:
    code, document = streamed.json("copies", "db")
    (window,) = document["windows"]
    assert code == 0 and window["base"] == document["copies"][0]["id"] and window["gap"] is None
    since, until = (datetime.fromisoformat(window[key]) for key in ("from", "to"))
    assert since < datetime.fromisoformat(streamed.between) < until
    assert f"any second from {since:%Y-%m-%d %H:%M:%S}Z to " in streamed.keep.call("copies", "db").stdout


def told(moment: str) -> str:
    """As documents tell it: to the millisecond."""
    return rfc3339(datetime.fromisoformat(moment))


def test_restored_to_a_moment_it_has_what_was_there_then(streamed: Streamed, place: Path) -> None:
    code, document = streamed.json("restore", "db", "--to", str(place / "a"), "--at", streamed.between)
    assert code == 0
    assert told(document["target_time"]) == told(document["reached_time"]) == told(streamed.between)
    with running(streamed.server, place / "a") as sql:
        assert sql("select count(*), max(i) from t") == "10|10"


def test_restored_without_a_moment_it_has_everything_that_reached_the_vault(streamed: Streamed, place: Path) -> None:
    """Not only what the base copy has: `status` has promised seconds. And to a path that is too long for any socket."""
    to = place / ("long" * 30)
    code, _ = streamed.json("restore", "db", "--to", str(to))
    assert code == 0
    with running(streamed.server, to) as sql:
        assert sql("select count(*), max(i) from t") == "20|20"


def test_a_named_copy_is_restored_as_it_is(streamed: Streamed, place: Path) -> None:
    copy = next(one["id"] for one in streamed.keep.copies() if one["asset"] == "db")
    code, document = streamed.json("restore", "db", "--to", str(place / "a"), "--copy", copy)
    assert (code, document["copy"]) == (0, copy)


def test_a_moment_that_nothing_reaches_is_refused_with_those_that_are(streamed: Streamed, place: Path) -> None:
    done = streamed.keep.call("restore", "db", "--to", str(place / "a"), "--at", "2020-01-01T00:00:00Z")
    assert done.returncode == 2
    assert "These do" in done.stderr
    assert not (place / "a").exists()


def test_a_moment_needs_a_directory_here(streamed: Streamed) -> None:
    done = streamed.keep.call("restore", "db", "--to", "ssh://elsewhere/srv/a", "--at", streamed.between)
    assert done.returncode == 2
    assert "on this machine only" in done.stderr


def test_what_is_there_is_not_written_over(streamed: Streamed, place: Path) -> None:
    (place / "kept").write_text("mine")
    done = streamed.keep.call("restore", "db", "--to", str(place), "--at", streamed.between)
    assert done.returncode == 4
    assert [one.name for one in place.iterdir()] == ["kept"]


@pytest.mark.parametrize("at", ["between", "random"])
def test_a_drill_of_a_moment_is_green_and_counts(streamed: Streamed, at: str) -> None:
    moment = streamed.between if at == "between" else at
    code, document = streamed.json("drill", "db", "--at", moment)
    (drill,) = document["drills"]
    assert (code, drill["ok"]) == (0, True), drill
    assert drill["target_time"] is not None and drill["rto_seconds"] > 0
    if at == "between":
        assert told(drill["target_time"]) == told(drill["reached_time"]) == told(moment)


def test_a_drill_of_a_moment_wants_one_asset(streamed: Streamed) -> None:
    assert streamed.keep.call("drill", "--at", "random").returncode == 2
    assert streamed.keep.call("drill", "db", "--at", "yesterday").returncode == 2


def test_where_there_is_no_log_a_random_moment_is_that_of_the_copy(streamed: Streamed) -> None:
    code, document = streamed.json("drill", "files", "--at", "random")
    assert (code, document["drills"][0]["ok"]) == (0, True)


def test_log_that_has_rotted_is_red_and_the_base_copy_goes_on_counting(streamed: Streamed) -> None:
    log = sorted((streamed.keep.config.parent / "vault").rglob("wal/**/*"))
    pieces = [one for one in log if one.is_file() and one.stat().st_size > 1000]
    data = {piece: piece.read_bytes() for piece in pieces}
    for piece, content in data.items():
        piece.chmod(0o600)
        piece.write_bytes(content[:-20] + bytes([content[-20] ^ 1]) + content[-19:])
    try:
        code, document = streamed.json("drill", "db", "--at", streamed.between)
        assert (code, document["drills"][0]["ok"]) == (1, False)
        _, told = streamed.json("status", "--no-look")
        asset = next(one for one in told["assets"] if one["asset"] == "db")
        assert any("red drill" in risk for risk in asset["risks"])
        assert asset["loss"]["everything"] is False
        assert asset["last_drill"]["ok"] is False
    finally:
        for piece, content in data.items():
            piece.write_bytes(content)
    wait_until(lambda: streamed.json("drill", "db", "--at", "random")[0] == 0, "a green one", 60)
    _, told = streamed.json("status", "--no-look")
    asset = next(one for one in told["assets"] if one["asset"] == "db")
    assert not any("red drill" in risk for risk in asset["risks"])

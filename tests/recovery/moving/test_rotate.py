"""Passwords of roles are changed in the server and in the stack's `.env`, killed on the way; nobody gets to see one."""

from __future__ import annotations

import psycopg
import pytest

from outlive.commands import env_file
from outlive.recovery.rotating import verifiers
from outlive.recovery.steps.base import NotYet
from outlive.recovery.steps.registry import STEPS
from tests.recovery.moving.carrying import Move, killed_on_the_way
from tests.world.postgres import PostgresServer

pytestmark = [pytest.mark.postgres, pytest.mark.slow]
ASSET = '[[assets]]\nname = "shop-db"\nkind = "postgres"\nhost = "web-1"\ndsn = { file = "own" }\n'
ENV = """\
# the shop
DB_PASSWORD="old-worker-word"
APP_PASSWORD=old-app-word
export APP_URL='postgresql://app:old-app-word@db/shop?sslmode=disable'
SAME_URL=postgresql://app:${APP_PASSWORD}@db/shop
STRIPE_API_KEY=old-stripe-word
DEBUG=1
"""


@pytest.fixture
def move(tmp_path_factory: pytest.TempPathFactory) -> Move:
    folder = tmp_path_factory.mktemp("rotate")
    (folder / "more.toml").write_text(ASSET)
    (folder / ".env").write_text(ENV)
    (folder / ".env").chmod(0o640)
    return Move(folder, "rotate-secrets")


def test_roles_and_env_change_together_whatever_is_killed(move: Move) -> None:
    with PostgresServer(17, auth="scram", options={"log_statement": "all"}) as server:
        server.sql("create role app login password 'old-app-word'; create role lonely login password 'old-lonely-word'")
        server.sql("set password_encryption = md5; create role worker login password 'old-worker-word'")
        before = server.log_text()
        (move.folder / "own").write_text(server.dsn())
        (move.folder / "own").chmod(0o600)
        intruder = psycopg.connect(login(server, "app", "old-app-word"))
        assert killed_on_the_way(move, first=3, more=3) >= 4
        with pytest.raises(psycopg.OperationalError):
            intruder.execute("select 1")

        found = env_file.values((move.folder / ".env").read_text())
        new = {"app": found["APP_PASSWORD"], "worker": found["DB_PASSWORD"]}
        assert found["APP_URL"] == f"postgresql://app:{new['app']}@db/shop?sslmode=disable"
        assert found["SAME_URL"] == f"postgresql://app:{new['app']}@db/shop"
        assert (found["STRIPE_API_KEY"], found["DEBUG"]) == ("old-stripe-word", "1")
        psycopg.connect(login(server, "app", new["app"])).close()
        with pytest.raises(psycopg.OperationalError, match="authentication failed"):
            psycopg.connect(login(server, "app", "old-app-word"))
        kept = server.sql("select rolpassword from pg_authid where rolname = 'worker'")
        assert kept.startswith("md5") and verifiers.is_of(kept, new["worker"], "worker")
        _nobody_saw_any(move, server.log_text().removeprefix(before), new)
        listed = move.facts()["secrets"]
        assert [one["name"] for one in listed["by_hand"]] == [
            "STRIPE_API_KEY",
            "role lonely of shop-db",
            "role postgres of shop-db",
        ]

        move.take_back()
        assert (move.folder / ".env").read_text() == ENV
        psycopg.connect(login(server, "app", "old-app-word")).close()
        kept = server.sql("select rolpassword from pg_authid where rolname = 'worker'")
        assert verifiers.is_of(kept, "old-worker-word", "worker")


def _nobody_saw_any(move: Move, log: str, new: dict[str, str]) -> None:
    """In the journal, the notes, the server's log; and no file lies about with another mode."""
    told = log + "".join(one.read_text() for one in move.folder.glob("*.json"))
    assert "ALTER ROLE" in told and "app" in told
    for word in (*new.values(), "old-app-word", "old-worker-word", "old-stripe-word"):
        assert word not in told
    files = sorted(one.name for one in move.folder.glob(".env*"))
    assert files == [".env", ".env.before-run-1"]
    assert [(move.folder / one).stat().st_mode & 0o777 for one in files] == [0o640, 0o640]


def login(server: PostgresServer, user: str, password: str) -> str:
    return f"host=127.0.0.1 port={server.port} user={user} password={password} dbname=postgres"


def test_a_persons_word_is_waited_for_only_where_there_is_something_to_do(move: Move) -> None:
    step = STEPS["by-hand"]
    assert step.approval
    entry = next(one for one in move.entries() if one.kind == "by-hand")
    assert not isinstance(step.look(move.world(), move.inputs(entry)), NotYet)
    (move.folder / "facts.json").write_text('{"secrets": {"by_hand": [{"name": "STRIPE_API_KEY"}]}}')
    assert step.look(move.world(), move.inputs(entry)) == NotYet("you change: STRIPE_API_KEY")

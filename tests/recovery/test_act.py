"""How a run treats a step: it looks before it does, does nothing when it cannot tell, and every turn is in the journal."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from outlive.engine.port import Interrupted
from outlive.errors import Failed, OutliveError, Refused
from outlive.model.recovery import Recovery, What, begun_steps, facts_of
from outlive.recovery.act import Actor, CannotTell
from outlive.recovery.steps.base import Done, Inputs, Look, Manners, NotYet, Unknown, World
from outlive.state.recovering import Recovering
from outlive.state.store import Store
from outlive.testing.clock import ManualClock
from tests.engine.databases import sqlite_url

NOON = datetime(2026, 2, 7, 12, tzinfo=UTC)
RUN = Recovery("run-1", NOON, "web-1", "mine", "my own", "ssh://root@new", "ops", ())


class Server(Manners):
    """Buys servers, in a world that is a list of them; `blind` hides the world, `fails` spoils the order."""

    def __init__(self) -> None:
        self.bought: list[str] = []
        self.blind = self.fails = self.loses = False

    def plan(self, world: World, inputs: Inputs) -> str:
        return "buys a server"

    def look(self, world: World, inputs: Inputs) -> Look:
        if self.blind:
            return Unknown("429")
        return Done("there", {"server": inputs.key}) if inputs.key in self.bought else NotYet("none")

    def do(self, world: World, inputs: Inputs, timeout_seconds: float) -> Mapping[str, Any] | None:
        if self.fails:
            raise Failed("no credit", hint="pay")
        if not self.loses:
            self.bought.append(inputs.key)
        return None

    def undo(self, world: World, inputs: Inputs) -> None:
        self.bought = [one for one in self.bought if one != inputs.key]


class Once(Server):
    """Its answer is given once."""

    def look(self, world: World, inputs: Inputs) -> Look:
        return Done(facts=inputs.facts[inputs.step]) if inputs.step in inputs.facts else NotYet()

    def do(self, world: World, inputs: Inputs, timeout_seconds: float) -> Mapping[str, Any]:
        self.bought.append(inputs.key)
        said = {name: inputs.args.get(name, {}).get("text") for name in ("waiver", "approved")}
        return {"verdict": "machine_replaced", **said}


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Recovering]:
    store = Store(sqlite_url(tmp_path))
    found = Recovering(store)
    found.begin(RUN)
    yield found
    store.close()


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def actor(journal: Recovering, server: Server) -> Actor:
    world = cast(World, SimpleNamespace(clock=ManualClock(NOON)))
    return Actor(journal, lambda run, facts: world, {"server": server, "once": Once()}, "ops@desk")


def args(step: str = "buy", kind: str = "server", *, approval: bool = False, **more: object) -> dict[str, Any]:
    return {"run": "run-1", "step": step, "kind": kind, "args": more, "approval": approval}


def told(journal: Recovering) -> list[tuple[What, str]]:
    return [(one.what, one.said) for one in journal.entries("run-1")]


def test_it_is_done_once_and_remembered(actor: Actor, server: Server, journal: Recovering) -> None:
    act = actor.acts()["recover"]
    assert act(args(), 60) == {"server": "run-1:buy"}
    assert act(args(), 60) == {"server": "run-1:buy"}
    assert server.bought == ["run-1:buy"]
    assert told(journal) == [(What.DOING, "none"), (What.DONE, "there"), (What.DONE, "there")]
    assert {one.by for one in journal.entries("run-1")} == {"ops@desk"}
    assert facts_of(journal.entries("run-1")) == {"buy": {"server": "run-1:buy"}}


def test_a_kill_between_the_effect_and_its_record_buys_no_second_one(
    actor: Actor, server: Server, journal: Recovering, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = journal.write

    def killed(run: str, at: datetime, step: str, what: What, *rest: Any) -> None:
        if what is What.DONE:
            raise KeyboardInterrupt
        write(run, at, step, what, *rest)

    monkeypatch.setattr(journal, "write", killed)
    with pytest.raises(KeyboardInterrupt):
        actor.acts()["recover"](args(), 60)
    monkeypatch.undo()
    actor.acts()["recover"](args(), 60)
    assert server.bought == ["run-1:buy"]


@pytest.mark.parametrize(("refused", "bought"), [("doing", 0), ("done", 1)])
def test_a_journal_that_cannot_be_written_cuts_the_act_off_and_doubles_nothing(
    actor: Actor, server: Server, tmp_path: Path, refused: str, bought: int
) -> None:
    """No failure, which the engine would try again: `Interrupted`, after which somebody goes on when there is room."""
    database = sqlite3.connect(tmp_path / "state.db", isolation_level=None)
    raises = f"when new.what = '{refused}' begin select raise(fail, 'database or disk is full'); end"
    database.execute(f"create trigger full before insert on recovery_journal {raises}")
    with pytest.raises(Interrupted, match="disk is full"):
        actor.acts()["recover"](args(), 60)
    assert len(server.bought) == bought
    database.execute("drop trigger full")
    database.close()
    actor.acts()["recover"](args(), 60)
    assert server.bought == ["run-1:buy"]


def test_nothing_is_done_when_it_cannot_be_told(actor: Actor, server: Server, journal: Recovering) -> None:
    server.blind = True
    for _ in range(3):
        with pytest.raises(CannotTell, match="429"):
            actor.acts()["recover"](args(), 60)
    assert server.bought == []
    assert [what for what, _ in told(journal)] == [What.FAILED], "what is said again is noted once"
    (entry,) = journal.entries("run-1")
    assert entry.facts == {"exit_code": 3, "cure": CannotTell.hint}


def test_a_bug_of_a_step_is_told_and_ends_in_no_silence(actor: Actor, server: Server, journal: Recovering) -> None:
    server.bought = None  # type: ignore[assignment]
    with pytest.raises(Failed, match="TypeError"):
        actor.acts()["recover"](args(), 60)
    assert journal.entries("run-1")[-1].what is What.FAILED


def test_what_fails_says_the_cure(actor: Actor, server: Server, journal: Recovering) -> None:
    server.fails = True
    with pytest.raises(Failed):
        actor.acts()["recover"](args(), 60)
    assert journal.entries("run-1")[-1].facts == {"exit_code": 5, "cure": "pay"}


def test_an_effect_that_does_not_show_is_not_taken_for_done(actor: Actor, server: Server) -> None:
    server.loses = True
    with pytest.raises(Failed, match="it was done, and yet: none"):
        actor.acts()["recover"](args(), 60)


def test_an_approval_is_wanted_before_and_given_by_name(actor: Actor, server: Server, journal: Recovering) -> None:
    act = actor.acts()["recover"]
    with pytest.raises(Refused) as refused:
        act(args(approval=True), 60)
    assert '--approve "buy"' in refused.value.hint and server.bought == []
    journal.write("run-1", NOON, "another", What.APPROVED, "ops")
    with pytest.raises(Refused):
        act(args(approval=True), 60)
    journal.write("run-1", NOON, "buy", What.APPROVED, "ops")
    act(args(approval=True), 60)
    assert server.bought == ["run-1:buy"]


def test_an_answer_that_is_given_once_is_remembered_by_the_run(actor: Actor, journal: Recovering) -> None:
    act = actor.acts()["recover"]
    journal.write("run-1", NOON, "", What.WAIVED, "ops", "it burnt down")
    journal.write("run-1", NOON, "gate", What.APPROVED, "ops", "approved")
    journal.write("run-1", NOON, "other", What.APPROVED, "ops", "not this one")
    found = {"verdict": "machine_replaced", "waiver": "it burnt down", "approved": "approved"}
    assert act(args("gate", "once"), 60) == found == act(args("gate", "once"), 60)
    assert [what for what, _ in told(journal)] == [
        What.WAIVED,
        What.APPROVED,
        What.APPROVED,
        What.DOING,
        What.DONE,
        What.DONE,
    ]


def test_undo_takes_back_what_was_begun(actor: Actor, server: Server, journal: Recovering) -> None:
    actor.acts()["recover"](args(), 60)
    assert begun_steps(journal.entries("run-1")) == ["buy"]
    actor.acts()["undo"](args(), 60)
    assert server.bought == [] and begun_steps(journal.entries("run-1")) == []
    assert facts_of(journal.entries("run-1")) == {}


def test_a_step_whose_undo_was_cut_off_is_looked_at_anew(actor: Actor, journal: Recovering) -> None:
    """What it had found is no longer so: else a service that the undo has started would be thought stopped."""
    act = actor.acts()["recover"]
    act(args("gate", "once"), 60)
    journal.write("run-1", NOON, "gate", What.UNDOING, "ops")
    act(args("gate", "once"), 60)
    assert [what for what, _ in told(journal)].count(What.DOING) == 2


def test_what_cannot_be_taken_back_is_left_only_when_that_was_said(
    actor: Actor, server: Server, journal: Recovering, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(self: Server, world: World, inputs: Inputs) -> None:
        raise Failed("the machine is gone", hint="look for it")

    actor.acts()["recover"](args(), 60)
    monkeypatch.setattr(Server, "undo", gone)
    with pytest.raises(Failed, match="gone"):
        actor.acts()["undo"](args(), 60)
    assert begun_steps(journal.entries("run-1")) == ["buy"]
    assert actor.acts()["undo"](args() | {"give_up": True}, 60) == {}
    last = journal.entries("run-1")[-1]
    assert (last.what, last.facts) == (What.LEFT, {"cure": "look for it"}) and "the machine is gone" in last.said
    assert begun_steps(journal.entries("run-1")) == []


def test_a_kind_that_this_version_does_not_know_fails(actor: Actor) -> None:
    with pytest.raises(OutliveError, match="'tea'"):
        actor.acts()["recover"](args(kind="tea"), 60)


def test_a_run_that_has_ended_is_not_gone_on_with(actor: Actor, server: Server, journal: Recovering) -> None:
    """The engine may find it again at a later launch, when it was killed and then taken back."""
    journal.write("run-1", NOON, "", What.ENDED, "ops", "undone")
    with pytest.raises(Refused, match="has ended"):
        actor.acts()["recover"](args(), 60)
    assert server.bought == [] and told(journal) == [(What.ENDED, "undone")]

"""On which machine a run works: the one that was named or made, and never the host itself for want of another."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from outlive.errors import UsageError
from outlive.model.host import Host
from outlive.model.recovery import Destination, Entry, Recovery, What
from outlive.recovery.destination import A_MACHINE, decide, machine, made, where
from outlive.recovery.runbook import Recipe, read
from outlive.recovery.steps.registry import STEPS

NOON = datetime(2026, 2, 7, 12, tzinfo=UTC)
HOST = Host(
    name="web-1", address="ssh://ops@203.0.113.9:2222", sudo=True, identity_file="id", addresses=("web.example",)
)
OTHER = Host(name="db", address="ssh://root@203.0.113.10")
NEW = "ssh://root@198.51.100.7"
VOLUME = "[[steps]]\nname = 'v {asset}'\nkind = 'volume'\neach = 'docker_volume'\n"
ORDER = "[[steps]]\nname = 'order'\nkind = 'create-machine'\n"
QUIET = ORDER + "rehearse = false\n"


def book(steps: str, more: str = "") -> Recipe:
    return read(f"name = 'mine'\ntitle = 'my own'\n{more}\n{steps}", STEPS)


ORDERS, NAMED, ASSET, NAME_ONLY = (
    book(ORDER + VOLUME),
    book(VOLUME, "to = true"),
    book(VOLUME, "asset = true"),
    book("[[steps]]\nname = 'dns'\nkind = 'dns'\n"),
)


@pytest.mark.parametrize(
    ("recipe", "to", "rehearsal", "expected"),
    [
        (ORDERS, "", False, Destination.MADE),
        (ORDERS, "", True, Destination.MADE),
        (ORDERS, NEW, False, Destination.NAMED),  # somebody has made one already
        (ORDERS, NEW, True, Destination.NAMED),
        (book(QUIET + VOLUME), "", False, Destination.MADE),
        (book(QUIET + VOLUME), NEW, True, Destination.NAMED),
        (NAMED, NEW, False, Destination.NAMED),
        (NAMED, "ssh://root@203.0.113.9", False, Destination.NAMED),  # the same hardware, installed anew
        (NAMED, NEW, True, Destination.NAMED),
        (NAMED, "ssh://root@203.0.113.10:2201", False, Destination.NAMED),  # another machine behind the same address
        (ASSET, "", False, Destination.ITSELF),
        (NAME_ONLY, "", False, Destination.ITSELF),
    ],
)
def test_where_to(recipe: Recipe, to: str, rehearsal: bool, expected: Destination) -> None:
    assert decide(recipe, to, (HOST, OTHER), recovered="web-1", rehearsal=rehearsal) is expected


@pytest.mark.parametrize(
    ("recipe", "to", "rehearsal", "said"),
    [
        (NAMED, "", False, "wants --to"),
        (ASSET, NEW, False, "wants no --to"),
        (book(QUIET + VOLUME), "", True, "no machine to work on but the host itself"),
        (NAME_ONLY, "", True, "no machine to work on but the host itself"),
        (ASSET, "", True, "no machine to work on but the host itself"),
        (NAMED, "ssh://root@203.0.113.9", True, "is web-1 itself"),
        (ORDERS, "web.example", True, "is web-1 itself"),
        (NAMED, "ssh://203.0.113.10:22", True, "is db itself"),
        (NAMED, "ssh://203.0.113.10:22", False, "is db, another host of outlive.toml; web-1 would be put over it"),
    ],
)
def test_what_is_refused(recipe: Recipe, to: str, rehearsal: bool, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        decide(recipe, to, (HOST, OTHER), recovered="web-1", rehearsal=rehearsal)


def run(to: str = "", destination: str = "", *kinds: str, **args: Any) -> Recovery:
    steps = tuple({"name": kind, "act": "recover", "args": {"kind": kind, "args": args}} for kind in kinds)
    return Recovery("r", NOON, "web-1", "mine", "mine", to, "ops", steps, destination=destination)


def test_the_machine_is_the_one_that_was_made_and_none_before() -> None:
    ordered = run("", Destination.MADE, "evidence", "create-machine", "volume")
    assert machine(ordered, HOST, {}) is None
    assert machine(ordered, HOST, {"evidence": {"made_address": "203.0.113.9"}}) is None, "another step's word"
    found = machine(ordered, HOST, {"create-machine": {"made_address": "198.51.100.7"}})
    assert found is not None and found.address == "ssh://ops@198.51.100.7", "its own port, the host's user"
    assert (found.identity_file, found.sudo) == ("id", True)
    as_root = run("", Destination.MADE, "create-machine", user="root")
    found = machine(as_root, HOST, {"create-machine": {"made_address": "2001:db8::7"}})
    assert found is not None and found.address == "ssh://root@[2001:db8::7]"


def test_a_run_that_should_have_made_one_and_orders_none_has_no_machine() -> None:
    """However such a run came about: it does not work on the host."""
    assert machine(run("", Destination.MADE, "volume"), HOST, {}) is None


def test_a_machine_that_was_named_and_the_host_itself() -> None:
    named = machine(run(NEW, Destination.NAMED, "volume"), HOST, {})
    assert named is not None and named.address == NEW
    assert machine(run("", Destination.ITSELF, "volume"), HOST, {}) == HOST
    assert machine(run("", "", "volume"), HOST, {}) == HOST, "one asset, begun by an earlier version"


def test_a_local_host_is_reached_as_root_elsewhere() -> None:
    assert made(Host(name="here", address="local"), "198.51.100.7").address == "ssh://root@198.51.100.7"


def test_where_it_is_in_words() -> None:
    ordered = run("", Destination.MADE, "create-machine")
    done = Entry("r", 1, NOON, "create-machine", What.DONE, "ops", facts={"made_address": "198.51.100.7"})
    undone = Entry("r", 2, NOON, "create-machine", What.UNDONE, "ops")
    assert [where(ordered, one) for one in ((), (done,), (done, undone))] == [A_MACHINE, "198.51.100.7", A_MACHINE]
    assert where(run(NEW), ()) == NEW and where(run(), ()) == "web-1"

"""Is the keeper on what it guards?"""

from __future__ import annotations

import pytest

from outlive.keeper.apart import Identity, NotApart, insist, why_beside, why_same
from outlive.keeper.whereabouts import read_identity

ONE, TWO = "3d1219c7c4c5404aaa1f6d2a48adfda4", "91d3a2b0f6e14c0c8f0ac3c1c2d3e4f5"
BOOT, OTHER_BOOT = "6baee436-792a-4a98-a38b-afcf76059031", "11111111-792a-4a98-a38b-afcf76059031"


@pytest.mark.parametrize(
    ("own", "there", "says"),
    [
        (Identity(ONE, BOOT), Identity(ONE, BOOT), "machine-id"),
        (Identity(ONE, BOOT), Identity(TWO, BOOT), "same kernel"),  # a container beside it
        (Identity("", BOOT), Identity("", BOOT), "same kernel"),  # Alpine has no machine-id
        (Identity(ONE, BOOT), Identity(ONE, OTHER_BOOT), "machine-id"),  # or a clone: as bad
        (Identity(ONE, BOOT), Identity(TWO, OTHER_BOOT), ""),
        (Identity("", ""), Identity("", ""), ""),
        (Identity("uninitialized", BOOT), Identity("uninitialized", OTHER_BOOT), ""),
    ],
)
def test_why_same(own: Identity, there: Identity, says: str) -> None:
    found = why_same(own, there)
    assert says in found
    assert bool(found) == bool(says)


def test_what_the_keeper_depends_on_may_be_beside_it() -> None:
    assert "the vault" in why_beside("the vault", ["203.0.113.9"], ["203.0.113.9", "2001:db8::1"])
    assert why_beside("the vault", ["203.0.113.8"], ["203.0.113.9"]) == ""
    assert why_beside("the vault", ["127.0.0.1"], ["127.0.0.1"]) == "", "a tunnel's end tells nothing"


def test_it_refuses_unless_that_is_allowed_in_writing() -> None:
    insist({}, None)
    insist({"web-1": "it has this machine's machine-id"}, "a trial until March")
    with pytest.raises(NotApart) as told:
        insist({"web-1": "it has this machine's machine-id"}, None)
    assert told.value.exit_code == 4
    assert "web-1" in str(told.value)
    assert "allow_same_host" in told.value.hint


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{ONE}\n{BOOT}\n", Identity(ONE, BOOT)),
        (f"{BOOT}\n", Identity("", BOOT)),
        ("", Identity("", "")),
        (f"Welcome to web-1\n{ONE}\n{BOOT}\n", Identity(ONE, BOOT)),
    ],
)
def test_what_a_host_answers(text: str, expected: Identity) -> None:
    assert read_identity(text) == expected

"""A file or a state that somebody's job wrote badly: read whole, or a ValueError. Never another error."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outlive.commands.tofu_state import read_state
from outlive.providers.static import read_file

STATE = (Path(__file__).parents[1] / "recorded" / "tofu" / "state.json").read_text()
SERVERS = (
    'credit_hours = 720\n[[servers]]\nid = "4711"\nhostname = "web-1"\nstate = "active"\naddresses = ["203.0.113.9"]\n'
    '[[servers]]\nid = "4712"\nhostname = "web-2"\nstate = "active"\naddresses = ["203.0.113.10"]\n[end]\n'
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
DEEP = 100_000


def static(content: str) -> bool:
    try:
        read_file(content)
    except ValueError:
        return False
    return True


def state(content: bytes) -> bool:
    try:
        read_state(content, None)
    except ValueError:
        return False
    return True


@settings(max_examples=100, deadline=None)
@given(st.integers(0, len(SERVERS)), st.text(max_size=6))
def test_a_file_spoilt_anywhere(at: int, put: str) -> None:
    static(SERVERS[:at] + put + SERVERS[at + len(put) :])


def test_a_file_that_was_cut_off_anywhere_is_no_data() -> None:
    """Also at the end of a line, where what is left is good TOML with fewer servers."""
    assert static(SERVERS) and static(SERVERS.rstrip())
    assert not any(static(SERVERS[:at]) for at in range(len(SERVERS.rstrip())))


@pytest.mark.parametrize("more", ["[end]\nat = 1\n[other]\n", "credit = 3\n", '[[servers]]\nid = "1"\n[end]\n'])
def test_what_nobody_knows_or_follows_the_end_is_no_data(more: str) -> None:
    assert not static(more + SERVERS) and not static(SERVERS + more)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(STATE.rstrip()) - 1))
def test_a_state_that_was_cut_off_is_no_data(at: int) -> None:
    assert not state(STATE.rstrip()[:at].encode())


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["version", "resources", "outputs", "serial", "lineage", "terraform_version"]), JSON)
def test_a_state_with_any_value_anywhere(name: str, value: Any) -> None:
    state(json.dumps(json.loads(STATE) | {name: value}).encode())


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=40))
def test_what_is_no_text_at_all(content: bytes) -> None:
    assert not state(content)


@pytest.mark.parametrize("content", ["[" * DEEP, "a = " + "[" * DEEP, "a = " + "{b = " * DEEP])
def test_a_file_that_is_deeper_than_anybody_reads(content: str) -> None:
    assert not static(content)


@pytest.mark.parametrize("content", ["[" * DEEP, '{"a":' * DEEP])
def test_a_state_that_is_deeper_than_anybody_reads(content: str) -> None:
    assert not state(content.encode())


def test_credit_that_is_used_up_is_told() -> None:
    found = read_file(SERVERS.replace("720", "0"))
    assert (found.credit_hours, found.credit_why) == (0, "")

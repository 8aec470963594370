"""What is fuzzed (`make fuzz`) holds on its seeds, and on a few texts that Hypothesis makes; and each text that once broke
something is tried again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuzz import seeds
from fuzz.targets import TARGETS, _docker
from outlive.commands import docker_look

QUICK = [name for name in TARGETS if name != "leaks"]


@pytest.mark.parametrize("name", TARGETS)
def test_targets_hold_on_their_seeds(name: str) -> None:
    for seed in getattr(seeds, name)()[:5]:
        TARGETS[name](seed)
        TARGETS[name](seed[: len(seed) // 2])


@pytest.mark.parametrize("name", QUICK)
@given(data=st.binary(max_size=200))
def test_targets_hold_on_anything(name: str, data: bytes) -> None:
    TARGETS[name](data)


@pytest.mark.parametrize(
    "text",
    [
        "now\nend\t",  # found by atheris: an answer that was cut within its first line
        'now\t1\ncontainer\t{"state": {"Health": {"Log": 1.5}}}\nend\t',  # found by atheris
        'now\t1\nevent\t{"action": "die", "nano": 1000000000000000000000000000000}\nend\t',
        'now\t1\nevent\t{"action": "die", "nano": -1}\nend\t',
        'now\t1\ncontainer\t{"number": "\u00b2"}\noom\tc1\t\u00b2\nend\t',
        f'now\t1\nevent\t{{"action": "die", "nano": 1, "exit": "{"9" * 5000}"}}\nend\t',
        f"now\t1\ncontainer\t{'[' * 100_000}\nend\t",
    ],
)
def test_an_odd_answer_of_docker_is_no_data_and_nothing_worse(text: str) -> None:
    _docker(text)
    if "now\t1\n" not in text:
        with pytest.raises(ValueError):
            docker_look.read_look(text)

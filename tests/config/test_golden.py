"""Each mistake in tests/golden/config/<mistake>.toml earns exactly the words in the .txt beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from outlive.config.load import parse
from outlive.errors import ConfigError

GOLDEN = Path(__file__).parent.parent / "golden" / "config"
MISTAKES = sorted(path.stem for path in GOLDEN.glob("*.toml"))


def words(mistake: str) -> str:
    """What a person would read on the terminal."""
    with pytest.raises(ConfigError) as caught:
        parse((GOLDEN / f"{mistake}.toml").read_text(), Path("outlive.toml"))
    return f"outlive: {caught.value}\n  cure: {caught.value.hint}\n"


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_earns_these_words(mistake: str) -> None:
    assert words(mistake) == (GOLDEN / f"{mistake}.txt").read_text()


@pytest.mark.parametrize("mistake", MISTAKES)
def test_every_message_says_where_and_no_secret(mistake: str) -> None:
    said = words(mistake)
    assert "outlive.toml" in said
    assert "verysecret" not in said


def test_there_are_many_and_each_has_its_words() -> None:
    assert len(MISTAKES) >= 15
    assert {path.stem for path in GOLDEN.glob("*.txt")} == set(MISTAKES)

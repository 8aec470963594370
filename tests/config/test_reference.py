"""reference.toml is example, documentation and test at once."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from outlive.config.load import REFERENCE, load
from outlive.config.words import KINDS, TABLES

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "configuration.md"
OWNERS = {**{name: owner for name, owner in TABLES.items() if name}, **KINDS}


def test_it_loads() -> None:
    settings = load(REFERENCE)
    assert {asset.kind for asset in settings.assets} == set(KINDS), "every kind is shown"
    assert settings.unguarded and settings.hosts


@pytest.mark.parametrize("owner", OWNERS)
def test_it_shows_every_key(owner: str) -> None:
    text = REFERENCE.read_text()
    missing = [field.name for field in fields(OWNERS[owner]) if not re.search(rf"\b{field.name}\b ?=?", text)]
    assert missing == []


def test_the_page_holds_it_word_for_word() -> None:
    """When this is red: paste src/outlive/config/reference.toml into the page."""
    assert f"```toml\n{REFERENCE.read_text()}```\n" in PAGE.read_text()

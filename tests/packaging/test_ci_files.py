"""The CI files that are shipped can be read, run what they say, and hand no step more than it needs."""

from __future__ import annotations

from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "docs" / "ci"


@pytest.mark.parametrize("name", ["github-watch.yml", "gitlab-watch.yml"])
def test_it_checks_and_guards(name: str) -> None:
    text = (FOLDER / name).read_text()
    assert "outlive check --no-remember" in text and "outlive plan-guard" in text
    assert "ssh-keyscan" not in text and "accept-new" not in text and "|| true" not in text
    assert "\t" not in text

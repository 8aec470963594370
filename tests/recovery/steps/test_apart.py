"""A process apart has the environment that its test has set, whichever test was the first to start one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.recovery.steps.carrying import apart

pytestmark = pytest.mark.slow


def tell(path: str) -> None:
    Path(path).write_text(os.environ["SAID"])


def test_each_has_what_is_set_by_then(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for value in ("first", "second"):
        monkeypatch.setenv("SAID", value)
        process = apart(tell, str(tmp_path / value))
        process.start()
        process.join(60)
        assert (tmp_path / value).read_text() == value

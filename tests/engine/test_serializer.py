"""What is in the database is JSON, exceptions included, and never code."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outlive.engine.dbos_engine import DbosEngine
from outlive.engine.port import RunStatus
from outlive.engine.serializer import JsonSerializer, StepFailed
from outlive.errors import SourceFailed
from outlive.lab.ground.process import wait_until
from outlive.model.runbook import Runbook, Step
from tests.engine.databases import sqlite_url

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@pytest.mark.slow
@given(json_values)
def test_json_comes_back(value: Any) -> None:
    serializer = JsonSerializer()
    assert serializer.deserialize(serializer.serialize(value)) == value


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (StepFailed("in its own words"), "in its own words"),
        (ValueError("boom"), "ValueError: boom"),
        (SourceFailed("disk full"), f"SourceFailed: {SourceFailed('disk full')}"),
    ],
)
def test_exceptions_come_back_as_what_they_said(error: Exception, said: str) -> None:
    serializer = JsonSerializer()
    back = serializer.deserialize(serializer.serialize({"error": error}))["error"]
    assert isinstance(back, StepFailed)
    assert str(back) == said


def test_anything_else_is_refused() -> None:
    with pytest.raises(TypeError, match="Path"):
        JsonSerializer().serialize({"x": Path("x")})


@pytest.mark.slow
def test_no_pickle_is_in_the_database(tmp_path: Path) -> None:
    """Of runs that went well and of runs that failed: every stored value is JSON in clear."""

    def fails(args: dict[str, Any], timeout: float) -> dict[str, Any]:
        raise ValueError("boom")

    engine = DbosEngine(sqlite_url(tmp_path), {"ok": lambda args, timeout: {"fine": True}, "bad": fails})
    engine.launch()
    for act in ("ok", "bad"):
        engine.start(act, Runbook(act, (Step("step", act, {"secret": "none"}),)))
        wait_until(lambda act=act: engine.status(act).status is not RunStatus.RUNNING, act)
    engine.drain(5)
    engine.close()
    stored = _all_text(tmp_path / "state.db")
    assert any("fine" in text for text in stored), "the values were found"
    assert any("boom" in text for text in stored)
    for text in stored:
        assert not text.startswith(("gAS", "gAN", "\x80")), f"pickle: {text[:40]}"


def _all_text(path: Path) -> list[str]:
    connection = sqlite3.connect(path)
    try:
        tables = [row[0] for row in connection.execute("select name from sqlite_master where type = 'table'")]
        cells = [cell for table in tables for row in connection.execute(f'select * from "{table}"') for cell in row]
    finally:
        connection.close()
    return [
        cell.decode("latin-1") if isinstance(cell, bytes) else cell for cell in cells if isinstance(cell, str | bytes)
    ]

"""`outlive diagnose`: the document, the words in 80 columns, and what it makes of a directory that is not as it should."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from outlive.cli.diagnose_words import words
from outlive.cli.main import run
from outlive.model.verdict import MEANING, Name
from outlive.verdict.judge import judge
from outlive.verdict.judging import Judging
from outlive.verdict.recorded import observations
from tests.cli.home import Done
from tests.cli.shapes import ERROR, SHAPES, differences

STORIES = Path(__file__).parent.parent / "stories"
GOLDEN = Path(__file__).parent.parent / "golden" / "diagnose"
LINE = json.dumps(
    {
        "at": "2026-03-14T12:00:00Z",
        "witness": "w",
        "channel": "outside",
        "subject": "web-1",
        "fact": "ssh.login",
        "value": 1,
    }
)


@pytest.fixture
def diagnose(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Calls the command from an empty directory: it needs no configuration."""
    monkeypatch.chdir(tmp_path)

    def call(*argv: str) -> Done:
        code = run(["diagnose", *argv])
        return Done(code, *capsys.readouterr())

    return call


@pytest.mark.parametrize(
    ("story", "code"),
    [("same-machine-ok", 0), ("expected-reinstall", 0), ("outage", 1), ("only-silence", 3), ("nobody-looked", 3)],
)
def test_one_document_and_the_exit_code(story: str, code: int, diagnose: Any) -> None:
    done = diagnose(str(STORIES / story), "--json")
    assert done.code == code
    assert differences(done.document, SHAPES["diagnose"]) == []
    assert done.err == ""


def test_the_words_for_the_outage(diagnose: Any) -> None:
    """tests/golden/diagnose/outage.txt; UPDATE_GOLDEN=1 writes it anew: read the diff."""
    done = diagnose(str(STORIES / "outage"))
    file = GOLDEN / "outage.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(done.out)
    assert (done.code, done.out) == (1, file.read_text())


@pytest.mark.parametrize(
    "story", sorted(one.parent for one in STORIES.glob("*/evidence.jsonl")), ids=lambda one: one.name
)
def test_eighty_columns(story: Path) -> None:
    evidence = observations((story / "evidence.jsonl").read_text())
    at = max(one.at for one in evidence)
    told = list(words(judge(evidence, now=at, settings=Judging.recorded()), at))
    assert [line for line in told if len(line) > 80] == []
    assert not re.search("\x1b|None|Channel\\.|Name\\.", "\n".join(told))


def test_every_verdict_has_a_meaning() -> None:
    assert set(MEANING) == set(Name)


def test_nothing_recorded_is_no_data(diagnose: Any, tmp_path: Path) -> None:
    (tmp_path / "evidence.jsonl").write_text("\n\n")
    assert diagnose(".") == Done(3, "The evidence is empty: nothing can be told.\n", "")
    document = diagnose(".", "--json").document
    assert differences(document, SHAPES["diagnose"]) == []
    assert document["at"] is None and document["hosts"] == []


def test_no_host_in_it_is_no_data(diagnose: Any, tmp_path: Path) -> None:
    (tmp_path / "evidence.jsonl").write_text(LINE.replace("web-1", "192.0.2.16") + "\n")
    done = diagnose(".")
    assert done.code == 3 and "No host is named" in done.out and "192.0.2.16" in done.out


@pytest.mark.parametrize(
    ("content", "where", "why"),
    [
        (f"{LINE}\n{{\n", "line 2", "no JSON"),
        (f"{LINE}\n{LINE.replace('2026-03-14T12:00:00Z', 'noon')}\n", "line 2", "'noon' is no RFC 3339 time"),
        (f'{LINE}\n\n{{"at": "2026-03-14T12:00:00Z"}}\n', "line 3", "witness, channel, subject, fact, value missing"),
        (b'{}\n"\xff"\n', "line 2", "no UTF-8"),
    ],
)
def test_a_line_that_cannot_be_read_ends_it(
    content: str | bytes, where: str, why: str, diagnose: Any, tmp_path: Path
) -> None:
    (tmp_path / "evidence.jsonl").write_bytes(content if isinstance(content, bytes) else content.encode())
    done = diagnose(".", "--json")
    assert done.code == 2
    assert differences(done.document, ERROR) == []
    assert f"evidence.jsonl, {where}: " in done.document["error"] and why in done.document["error"]
    assert "cure: " in done.err


@pytest.mark.parametrize("folder", ["nowhere", "."])
def test_without_evidence_it_says_what_to_name(folder: str, diagnose: Any) -> None:
    done = diagnose(folder)
    assert done.code == 2 and done.out == ""
    assert "evidence.jsonl: No such file or directory." in done.err
    assert "Name the directory that holds evidence.jsonl" in done.err


def test_a_mark_at_the_beginning_of_the_file_is_no_mistake(diagnose: Any, tmp_path: Path) -> None:
    (tmp_path / "evidence.jsonl").write_bytes(b"\xef\xbb\xbf" + LINE.encode())
    assert json.loads(diagnose(".", "--json").out)["timeline"]

"""How commands speak: one JSON document, plain words in a pipe, help that is short and true."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from outlive.cli import main
from outlive.cli.overview import COMMANDS
from tests.cli.home import Done, Home, environment
from tests.cli.shapes import ERROR, MOMENT, SHAPES, differences

pytestmark = pytest.mark.slow

Call = Callable[..., Done]
ANSI = re.compile(r"\x1b")

CALLS: dict[str, list[str]] = {
    "backup": ["backup"],
    "copies": ["copies"],
    "verify": ["verify"],
    "drill": ["drill"],
    "restore": ["restore", "site", "--to", "NEW"],
    "prune": ["prune"],
    "status": ["status", "--no-look"],
    "keys show": ["keys", "show"],
    "keys test": ["keys", "test", "--identity", "KEY"],
    "vault check": ["vault", "check"],
}


def words_of(name: str, home: Home) -> list[str]:
    places = {"NEW": str(home.folder / "new"), "KEY": str(home.folder / "recovery.key")}
    return [places.get(word, word) for word in CALLS[name]]


@pytest.mark.parametrize("name", CALLS)
def test_with_json_there_is_one_document_of_the_documented_shape(name: str, home: Home, outlive: Call) -> None:
    for _ in range(2):
        assert outlive("backup").code == 0
    assert outlive("verify").code == 0
    done = outlive(*words_of(name, home), "--json")
    assert differences(done.document, SHAPES[name]) == []
    assert done.code in (0, 1), done.err


@pytest.mark.parametrize("name", CALLS)
def test_for_people_there_is_none_and_no_colour_in_a_pipe(name: str, home: Home, outlive: Call) -> None:
    assert outlive("backup").code == 0
    done = outlive(*words_of(name, home))
    assert done.out.strip() and not done.out.startswith("{")
    assert not ANSI.search(done.out + done.err)


def test_what_failed_is_in_the_document_too(home: Home, outlive: Call) -> None:
    home.write(home.path_asset("gone", home.folder / "gone") + home.path_asset())
    done = outlive("backup", "--json")
    assert done.code == 5 and differences(done.document, SHAPES["backup"]) == []
    assert [copy["asset"] for copy in done.document["copies"]] == ["site"]
    assert [(one["asset"], one["exit_code"]) for one in done.document["failed"]] == [("gone", 5)]


@pytest.mark.parametrize("words", [["restore", "site", "--to", "x"], ["copies", "nothing"], ["verify", "nothing"]])
def test_where_nothing_could_be_done_it_says_why(words: list[str], outlive: Call) -> None:
    done = outlive(*words, "--json")
    assert done.code == 2
    assert differences(done.document, ERROR) == [] and done.document["exit_code"] == 2


@pytest.mark.parametrize(
    ("value", "shape"),
    [
        ("yesterday", MOMENT),
        (True, int),
        (None, str),
        ({"copies": [{}]}, SHAPES["copies"]),
        ([], SHAPES["copies"]),
        ({"copies": {}, "unreadable": []}, SHAPES["copies"]),
    ],
)
def test_the_checker_can_fail(value: Any, shape: Any) -> None:
    assert differences(value, shape)


def on_a_terminal(home: Home, *words: str, columns: int = 80, **env: str) -> str:
    """What a person sees in a terminal of that width."""
    leader, follower = pty.openpty()
    subprocess.run(["stty", "cols", str(columns), "rows", "25"], stdin=follower, check=True)
    changes = {"TERM": "xterm", "COLUMNS": str(columns), **env}
    process = subprocess.Popen(
        [sys.executable, "-m", "outlive", *words],
        cwd=home.folder,
        env=environment(changes),
        stdin=follower,
        stdout=follower,
        stderr=follower,
    )
    os.close(follower)
    seen = b""
    while chunk := _read(leader):
        seen += chunk
    process.wait()
    os.close(leader)
    return seen.decode().replace("\r\n", "\n")


def _read(leader: int) -> bytes:
    try:
        return os.read(leader, 65536)
    except OSError:  # the other end is closed
        return b""


def plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text)


def test_on_a_terminal_of_80_columns_nothing_is_lost(home: Home) -> None:
    assert home.call("backup").code == 0
    (copy,) = home.call("copies", "--json").document["copies"]
    seen = on_a_terminal(home, "copies")
    assert copy["id"] in plain(seen) and "stored" in plain(seen)
    assert all(len(line) <= 80 for line in plain(seen).splitlines())


def test_with_no_color_a_terminal_gets_no_colour(home: Home) -> None:
    seen = on_a_terminal(home, "backup", NO_COLOR="1")
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]m", seen)


def test_a_pipe_gets_whole_lines_however_long(home: Home) -> None:
    long = home.folder / ("a" * 200)
    assert home.call("backup").code == 0
    done = home.call("restore", "site", "--to", str(long))
    assert done.code == 0 and len(done.out.splitlines()) == 1 and str(long) in done.out


def test_words_with_brackets_and_colons_stay_as_they_are(home: Home, outlive: Call) -> None:
    """No markup, no emoji: a path may be called [/red] or :warning:."""
    assert outlive("backup").code == 0
    odd = home.folder / "[red]x[/red] :warning:"
    done = outlive("restore", "site", "--to", str(odd))
    assert done.code == 0 and str(odd) in done.out and (odd / "index.html").exists()


GROUPS = {
    "keys": ["init", "show", "recovery-kit", "test"],
    "vault": ["check"],
    "temporal": ["diff", "restore", "release"],
    "rules": ["prometheus", "loki", "alloy", "grafana"],
    "token": ["make", "list", "revoke"],
}
EVERY = [[name] for name in COMMANDS] + [[group, name] for group, names in GROUPS.items() for name in names]


@pytest.mark.parametrize("words", EVERY, ids=" ".join)
def test_help_is_short_and_names_what_there_is(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run([*words, "--help"]) == 0
    said = capsys.readouterr().out
    assert said.startswith(f"Usage: outlive {' '.join(words)} ")
    assert len(said.splitlines()) <= 40
    assert not re.search(r"\[/?(bold|red|cyan)", said)


def test_the_reference_names_every_command_and_option(capsys: pytest.CaptureFixture[str]) -> None:
    """docs/reference/commands.md is compared with what the help says."""
    text = (Path(__file__).parents[2] / "docs/reference/commands.md").read_text()
    for words in EVERY:
        assert main.run([*words, "--help"]) == 0
        said = capsys.readouterr().out
        if words[0] in GROUPS and len(words) == 1:
            continue
        title = f"### `outlive {' '.join(words)}"
        assert title in text, title
        section = text.partition(title)[2].partition("\n### ")[0]
        for option in set(re.findall(r"^  (--[a-z-]+)", said, re.MULTILINE)) - {"--help", "--config", "--json"}:
            assert f"`{option}" in section or f" {option}" in section, f"{title}: {option}"

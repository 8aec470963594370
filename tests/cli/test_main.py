"""Errors become words and exit codes in one place; what nobody foresaw is told without its insides."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest

import outlive as package
from outlive import errors
from outlive.cli import main
from outlive.cli.app import app
from outlive.cli.overview import COMMANDS
from outlive.cli.several import Tally
from outlive.errors import OutliveError
from tests.cli.home import Done, Home

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
SECRET = "postgresql://app:hunter2@db/app"
Call = Callable[..., Done]


@pytest.fixture
def breaks() -> Iterator[Callable[[BaseException], list[str]]]:
    """Adds a command that raises what it is given, and says how it is called."""
    registered = list(app.registered_commands)

    def add(error: BaseException) -> list[str]:
        def breaking() -> NoReturn:
            raise error

        app.command("breaking")(breaking)
        return ["breaking"]

    yield add
    app.registered_commands[:] = registered


def call(argv: list[str], capsys: pytest.CaptureFixture[str]) -> Done:
    code = main.run(argv)
    out, err = capsys.readouterr()
    return Done(code, out, err)


def test_without_arguments_the_help_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    done = call([], capsys)
    assert done.code == 0 and done.out.startswith("Usage: ") and done.err == ""
    for command in COMMANDS:
        assert f"\n  {command} " in done.out


def test_the_help_loads_no_command_and_fits_a_narrow_terminal() -> None:
    """What a person sees first comes at once."""
    program = "import sys\nfrom outlive.cli import main\nmain.run(['--help'])\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.splitlines()[-1].split())
    assert not loaded & {"sqlalchemy", "psycopg", "cryptography", *(f"outlive.cli.{one}" for one in COMMANDS)}
    assert max(map(len, done.stdout.splitlines()[:-1])) <= 80


def test_a_slip_of_the_finger_is_told_from_what_is_meant(capsys: pytest.CaptureFixture[str]) -> None:
    done = call(["statsu"], capsys)
    assert done.code == 2 and "Is `outlive status` meant?" in done.err
    assert "meant" not in call(["quux"], capsys).err


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["--version"], capsys) == Done(0, f"outlive {package.__version__}\n", "")


@pytest.mark.parametrize("argv", [["nope"], ["backup", "--nope"], ["restore"], ["restore", "x"], ["copies", "a", "b"]])
def test_a_wrong_call_is_told_with_where_to_look(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    done = call(argv, capsys)
    assert done.code == 2 and done.out == ""
    assert done.err.startswith("outlive: The call is wrong. ") and "--help`." in done.err


@pytest.mark.parametrize("words", [[], ["--json"]], ids=["for people", "for machines"])
def test_on_failure_too_there_is_one_document(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    done = call(["backup", "--config", "/nowhere/outlive.toml", *words], capsys)
    assert done.code == 2 and "/nowhere/outlive.toml is not there" in done.err
    if words:
        assert done.document["exit_code"] == 2 and "/nowhere" in done.document["error"] and done.document["cure"]
    else:
        assert done.out == ""


def test_a_bug_is_one_line_without_a_secret(
    breaks: Callable[[BaseException], list[str]], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OUTLIVE_DEBUG", raising=False)
    done = call(breaks(ValueError(f"invalid dsn {SECRET}")), capsys)
    assert done.code == 5
    assert "hunter2" not in done.err and "Traceback" not in done.err
    assert "ValueError at " in done.err and "OUTLIVE_DEBUG=1" in done.err
    assert len(done.err.splitlines()) == 2


def test_its_traceback_is_there_for_who_asks(
    breaks: Callable[[BaseException], list[str]], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUTLIVE_DEBUG", "")  # restored at the end: --debug sets it
    done = call(["--debug", *breaks(ValueError("odd"))], capsys)
    assert done.code == 5 and "Traceback" in done.err and "ValueError: odd" in done.err


def test_what_the_machine_refuses_names_the_path(
    breaks: Callable[[BaseException], list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    done = call(breaks(OSError(28, os.strerror(28), "/var/lib/x")), capsys)
    assert done.code == 5 and "/var/lib/x: No space left on device." in done.err and "cure: " in done.err


def test_an_interruption(breaks: Callable[[BaseException], list[str]], capsys: pytest.CaptureFixture[str]) -> None:
    done = call(breaks(KeyboardInterrupt()), capsys)
    assert done == Done(130, "", "outlive: interrupted; nothing half-done is counted as done.\n")


def every_error() -> dict[str, tuple[int, str]]:
    """Each of our errors, wherever in the source it stands: its exit code and its message."""
    classes = [
        node
        for file in sorted((ROOT / "src/outlive").rglob("*.py"))
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.ClassDef)
    ]
    found = {"OutliveError": (OutliveError.exit_code, OutliveError.__doc__ or "")}
    grew = True
    while grew:
        fresh = {node.name: _told(node, found) for node in classes if _base(node) in found and node.name not in found}
        found |= fresh
        grew = bool(fresh)
    return found


def _base(node: ast.ClassDef) -> str:
    return next((base.id for base in node.bases if isinstance(base, ast.Name)), "")


def _told(node: ast.ClassDef, known: dict[str, tuple[int, str]]) -> tuple[int, str]:
    own = [
        line.value for line in node.body if isinstance(line, ast.Assign) and ast.unparse(line.targets) == "exit_code"
    ]
    code = ast.literal_eval(own[0]) if own else known[_base(node)][0]
    return code, (ast.get_docstring(node) or "").splitlines()[0]


def test_every_error_has_a_sentence_and_a_code_of_the_contract() -> None:
    for name, (code, sentence) in every_error().items():
        assert sentence.endswith(".") and code in (2, 3, 4, 5), name


def test_the_documented_table_is_the_one_in_the_code() -> None:
    """docs/reference/exit-codes.md names every error with its code and message, and no other."""
    text = (ROOT / "docs/reference/exit-codes.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| (\d) \| (.*) \|$", text, re.MULTILINE)
    documented = {name: (int(code), sentence) for name, code, sentence in rows}
    missing = [
        f"| `{name}` | {code} | {sentence} |"
        for name, (code, sentence) in every_error().items()
        if documented.get(name) != (code, sentence)
    ]
    assert not missing, "add these lines to docs/reference/exit-codes.md:\n" + "\n".join(missing)
    assert documented.keys() == every_error().keys()


def test_the_gravest_code_wins(capsys: pytest.CaptureFixture[str]) -> None:
    outcomes = {"a": errors.HostUnreachable("x"), "b": errors.VaultFull("y"), "c": errors.Refused("z"), "d": None}

    def act(name: str) -> None:
        if failure := outcomes[name]:
            raise failure

    for names, code in (("d", 0), ("dc", 4), ("ca", 3), ("abcd", 5)):
        tally = Tally()
        tally.each(names, str, act)
        assert tally.exit_code == code
    assert [entry["asset"] for entry in tally.failed] == ["a", "b", "c"]
    assert "b: The vault is full." in capsys.readouterr().err


def test_a_bug_in_one_asset_costs_the_others_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    done = []

    def act(name: str) -> None:
        if name == "bad":
            raise KeyError(SECRET)
        done.append(name)

    tally = Tally()
    tally.each(["one", "bad", "two"], str, act)
    assert done == ["one", "two"] and tally.exit_code == 5
    assert "hunter2" not in capsys.readouterr().err + str(tally.failed)


def test_a_reader_that_goes_away_is_no_error(home: Home) -> None:
    """As `outlive copies | head -0` does."""
    assert home.call("backup").code == 0
    reader, writer = os.pipe()
    os.close(reader)
    done = home.call("copies", stdout=writer)
    os.close(writer)
    assert done.code == 0 and done.err == ""


def test_what_could_not_be_written_is_an_error(home: Home) -> None:
    with Path("/dev/full").open("w") as full:
        done = home.call("copies", "--json", stdout=full)
    assert done.code == 5 and "No space left" in done.err


def test_a_full_disk_below_the_log_costs_no_copy(home: Home) -> None:
    """The copies are taken; only then is it said that the words could not be written."""
    home.write(home.path_asset("one") + home.path_asset("two"))
    with Path("/dev/full").open("w") as full:
        done = home.call("backup", stdout=full)
    assert done.code == 5 and "No space left" in done.err
    assert home.vault.folders("copies/") == ["one", "two"]

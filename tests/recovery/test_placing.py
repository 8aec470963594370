"""A directory comes to its place whole or not at all, whatever is killed; nothing is ever written over."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from outlive.commands import placing as words
from outlive.commands.placing import Place
from outlive.errors import Refused
from outlive.recovery import placing
from outlive.recovery.steps.base import Done, NotYet, Unknown
from outlive.transport.local import LocalShell

HERE = LocalShell()
FACTS = {"asset": "uploads", "copy": "c1", "until": "2026-02-07T08:00:00+00:00"}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setattr(words, "ROOM", str(tmp_path / "room"))
    (tmp_path / "volume").mkdir()
    return Place(str(tmp_path / "volume/_data"), "run-1:volume uploads")


def stage(path: str) -> None:
    Path(path).mkdir()
    (Path(path) / "receipt 1").write_text("restored")


def broken(path: str) -> None:
    Path(path).with_name(f".{Path(path).name}.outlive-partial-x1").mkdir()
    raise KeyboardInterrupt


def bring(place: Place, *, aside: bool = False) -> None:
    placing.bring(HERE, place, stage, FACTS, aside=aside)


def content(place: Place) -> list[str]:
    return sorted(path.name for path in Path(place.final).iterdir())


def beside(place: Place) -> list[str]:
    return sorted(path.name for path in Path(place.final).parent.iterdir())


def test_absent_then_placed_with_its_receipt(place: Place) -> None:
    assert isinstance(placing.look(HERE, place), NotYet)
    bring(place)
    assert placing.look(HERE, place) == Done("", FACTS)
    assert content(place) == ["receipt 1"] and beside(place) == ["_data"]


def test_an_empty_volume_is_filled(place: Place) -> None:
    Path(place.final).mkdir()
    bring(place)
    assert content(place) == ["receipt 1"]


def test_what_a_service_wrote_since_is_not_written_over(place: Place) -> None:
    bring(place)
    (Path(place.final) / "receipt 2").write_text("new")
    bring(place)
    assert content(place) == ["receipt 1", "receipt 2"]


def test_killed_while_it_is_filled(place: Place) -> None:
    with pytest.raises(KeyboardInterrupt):
        placing.bring(HERE, place, broken, FACTS)
    assert isinstance(placing.look(HERE, place), NotYet)
    bring(place)
    assert content(place) == ["receipt 1"] and beside(place) == ["_data"], "the half is gone"


@pytest.mark.parametrize("receipt", [False, True])
def test_killed_between_whole_and_placed(place: Place, receipt: bool) -> None:
    stage(place.staging)
    if receipt:
        Path(place.receipt).parent.mkdir(parents=True)
        Path(place.receipt).write_text("{}")
    assert isinstance(placing.look(HERE, place), NotYet)
    placing.bring(HERE, place, broken, FACTS)  # not filled again
    assert placing.look(HERE, place) == Done("", FACTS)
    assert content(place) == ["receipt 1"]


def test_what_is_there_is_never_written_over(place: Place) -> None:
    Path(place.final).mkdir()
    (Path(place.final) / "mine").write_text("precious")
    assert isinstance(placing.look(HERE, place), Unknown)
    with pytest.raises(Refused):
        bring(place)
    assert content(place) == ["mine"] and beside(place) == ["_data"]


def test_aside_and_back(place: Place) -> None:
    Path(place.final).mkdir()
    (Path(place.final) / "mine").write_text("precious")
    assert isinstance(placing.look(HERE, place, aside=True), NotYet)
    bring(place, aside=True)
    assert content(place) == ["receipt 1"]
    assert [path.name for path in Path(place.aside).iterdir()] == ["mine"]
    placing.take_back(HERE, place)
    assert content(place) == ["mine"]
    assert [path.name for path in Path(place.undone).iterdir()] == ["receipt 1"], "kept, never removed"
    placing.take_back(HERE, place)
    assert content(place) == ["mine"]


def test_killed_after_it_went_aside(place: Place) -> None:
    Path(place.final).mkdir()
    (Path(place.final) / "mine").write_text("precious")
    with pytest.raises(KeyboardInterrupt):
        placing.bring(HERE, place, broken, FACTS, aside=True)
    bring(place, aside=True)
    assert content(place) == ["receipt 1"]
    assert [path.name for path in Path(place.aside).iterdir()] == ["mine"]


def test_what_somebody_wrote_since_it_went_aside_is_kept_too(place: Place) -> None:
    """They started the service by hand: neither way ends there, and what was there first is what comes back."""
    Path(place.final).mkdir()
    (Path(place.final) / "mine").write_text("precious")
    with pytest.raises(KeyboardInterrupt):
        placing.bring(HERE, place, broken, FACTS, aside=True)
    Path(place.final).mkdir()
    (Path(place.final) / "since").write_text("precious, too")
    bring(place, aside=True)
    assert content(place) == ["receipt 1"]
    placing.take_back(HERE, place)
    assert content(place) == ["mine"]
    assert [path.name for path in Path(f"{place.aside}.2").iterdir()] == ["since"]


@pytest.mark.parametrize("aside", [False, True])
def test_what_came_there_once_it_was_staged_is_never_written_over(place: Place, aside: bool) -> None:
    stage(place.staging)
    Path(place.final).mkdir()
    (Path(place.final) / "since").write_text("precious")
    if aside:
        bring(place, aside=True)
        assert content(place) == ["receipt 1"]
        assert [path.name for path in Path(place.aside).iterdir()] == ["since"]
        placing.take_back(HERE, place)
    else:
        with pytest.raises(Refused):
            bring(place)
    assert content(place) == ["since"]


CUT = """\
#!/bin/sh
echo >> "$CUT_COUNT"
if [ "$(wc -l < "$CUT_COUNT")" = "$CUT_AT" ]; then
  for last; do :; done
  [ NAME != cp ] || { mkdir -- "$last"; echo half > "$last/half"; }
  kill -9 $PPID
  exit 1
fi
PATH=$CUT_PATH exec NAME "$@"
"""


def cut(script: tuple[str, ...], folder: Path, at: int) -> int:
    """The machine's shell is killed at the program of that number that it begins; a `cp` has copied some by then. Returns
    how many it has begun."""
    programs, count = folder / "programs", folder / "count"
    programs.mkdir(exist_ok=True)
    for name in ("mv", "cp", "rm", "rmdir", "mkdir", "cat", "sync"):
        (programs / name).write_text(CUT.replace("NAME", "true" if name == "sync" else name))
        (programs / name).chmod(0o755)
    count.write_text("")
    told = {"CUT_COUNT": str(count), "CUT_AT": str(at), "CUT_PATH": os.environ["PATH"]}
    env = {**told, "PATH": f"{programs}:{os.environ['PATH']}"}
    subprocess.run(script, env=env, input=b"{}", check=False, capture_output=True)
    return len(count.read_text().splitlines())


@pytest.fixture
def on_another_disk(place: Place, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What goes aside is kept there: a move is a copy, then."""
    other = Path("/dev/shm")
    if not other.is_dir() or other.stat().st_dev == Path(place.final).parent.stat().st_dev:
        pytest.skip("there is no other disk here")
    with tempfile.TemporaryDirectory(prefix="outlive-test-", dir=other) as folder:
        monkeypatch.setattr(words, "ROOM", f"{folder}/room")
        yield


@pytest.mark.slow
@pytest.mark.parametrize("name", ["aside", "put", "back"])
@pytest.mark.parametrize("after", ["resume", "undo"])
def test_cut_off_in_the_middle_of_any_of_its_scripts(
    place: Place, on_another_disk: None, tmp_path: Path, name: str, after: str
) -> None:
    """What was there before is whole, and back where it was once that is taken back."""
    for at in range(1, 100):
        mine = Path(place.final) / "mine"
        mine.parent.mkdir()
        mine.write_text("precious")
        script = prepared(place, name)
        is_cut = cut(script, tmp_path, at) >= at
        where = f"{name} cut off at {at}, then {after}"
        if after == "resume":
            bring(place, aside=True)
            assert content(place) == ["receipt 1"], where
        placing.take_back(HERE, place)
        assert content(place) == ["mine"] and mine.read_text() == "precious", where
        assert beside(place) == ["_data"], where
        shutil.rmtree(place.final)
        shutil.rmtree(words.ROOM, ignore_errors=True)
        if not is_cut:
            break
    assert at > 3


def prepared(place: Place, name: str) -> tuple[str, ...]:
    """All that comes before that script is done."""
    if name == "aside":
        return words.move_aside(place)
    HERE.run(words.move_aside(place)).check("aside")
    stage(place.staging)
    if name == "put":
        return words.put(place)
    HERE.run(words.put(place), stdin=b"{}").check("put")
    return words.take_back(place)


def test_a_file_tree_is_copied_once_and_never_over_another(tmp_path: Path) -> None:
    staged, final = tmp_path / "staged", tmp_path / "srv/shop"
    staged.mkdir()
    (staged / ".env").write_text("A=1")
    for _ in range(2):
        assert HERE.run(words.copy_file_tree(str(staged), str(final))).status == 0
    assert (final / ".env").read_text() == "A=1"
    (final / ".env").write_text("A=2")
    assert HERE.run(words.copy_file_tree(str(staged), str(final))).status == words.TAKEN
    assert (final / ".env").read_text() == "A=2" and [path.name for path in final.parent.iterdir()] == ["shop"]


def test_what_a_rehearsal_had_brought_is_forgotten_and_nothing_else(place: Place) -> None:
    for _ in range(2):
        bring(place)
        placing.take_back(HERE, place)
    other = Place(place.final, "run-2:volume uploads")
    bring(other)
    placing.take_back(HERE, other)
    undone = Path(place.undone).parent
    assert len(list(undone.iterdir())) == 3
    HERE.run(words.forget(place)).check("forget")
    assert list(undone.iterdir()) == [Path(other.undone)]


def test_files_that_are_still_those_of_the_copy_go_and_others_stay(place: Place, tmp_path: Path) -> None:
    """`path` as the host has it; below the place it stands in full."""
    mine, edited = tmp_path / "srv/mine", tmp_path / "srv/edited"
    for path in (mine, edited):
        for copy in (path, Path(f"{place.final}{path}")):
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_text("as in the copy")
    edited.write_text("by hand")
    HERE.run(words.forget_copied(place, [str(mine), str(edited), str(tmp_path / "gone")])).check("forget")
    assert not mine.exists() and edited.read_text() == "by hand" and not Path(place.final).exists()

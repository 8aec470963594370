"""Each situation earns exactly these words and this exit code (tests/golden/cli)."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from outlive.backup.copies import catalog
from outlive.backup.copies.lock import only_one
from outlive.backup.copies.manifest import dump_manifest
from outlive.cli.main import run
from outlive.model.copy import Copy
from tests.backup.chains import member, row
from tests.cli.golden import GOLDEN, check, transcript
from tests.cli.home import Done, Home

pytestmark = pytest.mark.slow

Call = Callable[..., Done]
CASES: dict[str, tuple[Callable[[Home, Call], None], list[str]]] = {}


def case(*words: str) -> Callable[[Callable[[Home, Call], None]], Callable[[Home, Call], None]]:
    """The function prepares the situation; `words` are then called. HOME stands for the folder."""

    def note(prepare: Callable[[Home, Call], None]) -> Callable[[Home, Call], None]:
        CASES[prepare.__name__.replace("_", "-")] = (prepare, list(words))
        return prepare

    return note


def nothing(home: Home, call: Call) -> None:
    """As it is."""


def taken(home: Home, call: Call) -> None:
    assert call("backup").code == 0


def part(home: Home, copy: int = -1) -> Path:
    found = catalog.copies(home.vault, "site")[copy].manifest
    return home.vault.root / f"copies/site/{found.id}/{found.streams[0].parts[0].file}"


def newest_manifest(home: Home) -> Path:
    return part(home).parent / "manifest.json"


def become_another(home: Home) -> None:
    """The same path, made anew: another directory behind the same name."""
    home.site.rename(home.folder / "old-site")
    home.site.mkdir()
    (home.site / "index.html").write_text("It works!")


def put_chain(home: Home, copies: list[Copy]) -> None:
    """Their manifests, under the name of the asset; the last is the smallest."""
    for copy in copies:
        manifest = replace(copy.manifest, asset="site")
        home.vault.put(f"copies/site/{manifest.id}/manifest.json", dump_manifest(manifest))


# --- all is well ------------------------------------------------------------------------------------------------------


@case("backup")
def first_backup(home: Home, call: Call) -> None:
    nothing(home, call)


@case("copies")
def no_copy_yet(home: Home, call: Call) -> None:
    nothing(home, call)


@case("copies")
def two_copies_that_build_on_a_full_one(home: Home, call: Call) -> None:
    first = member(0, plain_bytes=7_000_000)
    second = member(1, first, plain_bytes=30_000)
    put_chain(home, [first, second, member(2, second, plain_bytes=200_000), member(3, plain_bytes=7_100_000)])


@case("copies")
def the_full_copy_is_gone(home: Home, call: Call) -> None:
    put_chain(home, row(3)[1:])


@case("copies")
def two_copies_one_verified(home: Home, call: Call) -> None:
    taken(home, call)
    assert call("verify").code == 0
    taken(home, call)


@case("verify")
def whole(home: Home, call: Call) -> None:
    taken(home, call)


@case("restore", "site", "--to", "HOME/new")
def restored(home: Home, call: Call) -> None:
    taken(home, call)


# --- 2: the call or the configuration is wrong ------------------------------------------------------------------------


@case("copies")
def no_configuration(home: Home, call: Call) -> None:
    home.config.unlink()


@case("backup")
def bad_toml(home: Home, call: Call) -> None:
    home.config.write_text(home.config.read_text() + '\n[[assets]]\nname = "x\n')


@case("backup", "sites")
def unknown_asset(home: Home, call: Call) -> None:
    nothing(home, call)


@case("copies", "sites")
def copies_of_an_unknown_asset(home: Home, call: Call) -> None:
    taken(home, call)


@case("restore", "../site", "--to", "HOME/new")
def restore_of_no_name(home: Home, call: Call) -> None:
    taken(home, call)


@case("restore", "site", "--to", "HOME/new")
def restore_without_a_copy(home: Home, call: Call) -> None:
    nothing(home, call)


@case("restore", "site", "--to", "HOME/new", "--copy", "2026")
def no_such_copy(home: Home, call: Call) -> None:
    nothing(home, call)


@case("restore", "site", "--to", "HOME/new", "--at", "yesterday")
def no_time(home: Home, call: Call) -> None:
    taken(home, call)


@case("restore", "site", "--to", "HOME/new", "--at", "2001-01-01")
def before_the_first_copy(home: Home, call: Call) -> None:
    taken(home, call)


@case("restore", "site", "--to", "HOME/new", "--at", "2001-01-01", "--copy", "x")
def at_and_copy(home: Home, call: Call) -> None:
    taken(home, call)


@case("restore", "site", "--to", "s3://bucket/place")
def no_target(home: Home, call: Call) -> None:
    taken(home, call)


@case("restore", "site", "--to", "postgresql://nobody:hunter2@127.0.0.1/x")
def files_into_a_database(home: Home, call: Call) -> None:
    taken(home, call)


@case("verify", "--identity", "HOME/nothing.key")
def key_file_missing(home: Home, call: Call) -> None:
    taken(home, call)


@case("verify", "--identity", "HOME/site/index.html")
def key_file_is_none(home: Home, call: Call) -> None:
    taken(home, call)


@case("restore", "site", "--to", "HOME/new")
def two_things_behind_one_name(home: Home, call: Call) -> None:
    """Which of them is meant? The newest is perhaps the empty one that took the place of what was lost."""
    taken(home, call)
    become_another(home)
    assert call("backup").code == 1


# --- 1: done, and something is at risk --------------------------------------------------------------------------------


@case("backup")
def new_lineage(home: Home, call: Call) -> None:
    taken(home, call)
    become_another(home)


@case("prune", "--yes")
def frozen_after_a_new_lineage(home: Home, call: Call) -> None:
    home.write(more="[retention]\nlast = 1\ndaily = 0\nweekly = 0\nmonthly = 0\n")
    for _ in range(3):
        taken(home, call)
    become_another(home)
    assert call("backup").code == 1


@case("backup")
def emptied(home: Home, call: Call) -> None:
    """The same directory, and nothing in it any more."""
    taken(home, call)
    for entry in home.site.iterdir():
        entry.unlink()


@case("verify")
def flipped_part(home: Home, call: Call) -> None:
    taken(home, call)
    data = bytearray(part(home).read_bytes())
    data[500] ^= 1
    part(home).write_bytes(data)


@case("verify", "--bytes-only")
def missing_part(home: Home, call: Call) -> None:
    taken(home, call)
    part(home).unlink()


@case("copies")
def rotten_manifest(home: Home, call: Call) -> None:
    taken(home, call)
    taken(home, call)
    newest_manifest(home).write_bytes(newest_manifest(home).read_bytes()[:200])


@case("restore", "site", "--to", "HOME/new")
def restore_beside_a_rotten_manifest(home: Home, call: Call) -> None:
    rotten_manifest(home, call)


@case("backup")
def backup_beside_a_rotten_manifest(home: Home, call: Call) -> None:
    rotten_manifest(home, call)


# --- 3: could not tell ------------------------------------------------------------------------------------------------


@case("backup")
def vault_not_mounted(home: Home, call: Call) -> None:
    home.vault.root.rename(home.folder / "elsewhere")


# --- 4: refused -------------------------------------------------------------------------------------------------------


@case("restore", "site", "--to", "HOME/site")
def restore_over_what_is_there(home: Home, call: Call) -> None:
    taken(home, call)


# --- 5: failed --------------------------------------------------------------------------------------------------------


@case("backup")
def source_gone(home: Home, call: Call) -> None:
    shutil.rmtree(home.site)


@case("backup")
def one_of_two_gone(home: Home, call: Call) -> None:
    home.write(home.path_asset("gone", home.folder / "gone") + home.path_asset())


@case("restore", "site", "--to", "HOME/new", "--identity", "HOME/stranger.key")
def wrong_key(home: Home, call: Call) -> None:
    taken(home, call)


@case("restore", "site", "--to", "HOME/new")
def restore_of_a_damaged_copy(home: Home, call: Call) -> None:
    taken(home, call)
    part(home).write_bytes(part(home).read_bytes()[:-1])


@case("restore", "site", "--to", "HOME/new")
def every_copy_is_marked_damaged(home: Home, call: Call) -> None:
    flipped_part(home, call)
    assert call("verify").code == 1


@case("backup")
def state_is_no_folder(home: Home, call: Call) -> None:
    (home.folder / "state").write_text("")


@pytest.mark.parametrize("name", CASES)
def test_words_and_exit_code(name: str, home: Home, outlive: Call) -> None:
    prepare, words = CASES[name]
    prepare(home, outlive)
    words = [word.replace("HOME", str(home.folder)) for word in words]
    check(name, transcript(home, words, outlive(*words)))


def test_busy(home: Home, outlive: Call) -> None:
    with only_one(home.folder / "state/locks", "backup of site"):
        check("busy", transcript(home, ["backup"], outlive("backup")))
    assert outlive("backup").code == 0


def test_nowhere_a_configuration(
    home: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without --config, in a folder without one, for a person without one."""
    empty = home.folder / "empty"
    empty.mkdir()
    monkeypatch.chdir(empty)
    monkeypatch.setenv("HOME", str(empty))
    code = run(["backup"])
    out, err = capsys.readouterr()
    check("nowhere-a-configuration", transcript(home, ["backup"], Done(code, out, err)))


@contextmanager
def frozen(home: Home) -> Iterator[None]:
    """Everything in the vault is as before."""
    before = {info: home.vault.get(info.key) for info in home.vault.walk("")}
    yield
    assert {info: home.vault.get(info.key) for info in home.vault.walk("")} == before


@pytest.mark.parametrize(
    "prepare", [two_things_behind_one_name, restore_over_what_is_there, wrong_key, restore_of_a_damaged_copy]
)
def test_a_restore_changes_nothing_in_the_vault_and_nothing_at_the_source(
    prepare: Callable[[Home, Call], None], home: Home, outlive: Call
) -> None:
    _, words = CASES[prepare.__name__.replace("_", "-")]
    prepare(home, outlive)
    site = {path.name: path.read_bytes() for path in home.site.iterdir()}
    with frozen(home):
        assert outlive(*[word.replace("HOME", str(home.folder)) for word in words]).code != 0
    assert {path.name: path.read_bytes() for path in home.site.iterdir()} == site
    assert not (home.folder / "new").exists() and not list(home.folder.glob(".new*"))


def test_every_golden_file_belongs_to_a_case() -> None:
    others = {"busy", "nowhere-a-configuration"}
    mine = {path.stem for path in GOLDEN.glob("*.txt") if not path.stem.startswith(("ssh-", "postgres-"))}
    assert mine == set(CASES) | others

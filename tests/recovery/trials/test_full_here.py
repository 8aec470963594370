"""The keeper's own disk runs full (SQLite and files meet a true ENOSPC) while a recovery asks the outside: the run stops and
says so, nothing is done twice, and once there is room `--resume` and `--undo` reach a good end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from outlive.errors import Failed
from outlive.state.recovering import Recovering
from outlive.state.store import Store
from outlive.transport import hostkey
from tests.cli.home import Home
from tests.engine.databases import sqlite_url
from tests.recovery.ordering import ORDERING
from tests.recovery.trials.here import KeeperDisk
from tests.recovery.trials.modules import Programs
from tests.recovery.trials.ours import enrol
from tests.recovery.trials.outside import Fault
from tests.recovery.trials.stage import Stage, tried_backward, tried_forward
from tests.recovery.trials.test_trials import MODULES, SCRIPTED
from tests.world.biting import TOKEN
from tests.world.disk import small_disk
from tests.world.makers import CherryApi
from tests.world.need import need

pytestmark = pytest.mark.slow
FULL = (Fault.HERE_FULL,)


@pytest.fixture
def disk() -> Iterator[KeeperDisk]:
    with ExitStack() as stack:
        yield KeeperDisk(need("disk", lambda: stack.enter_context(small_disk(16, memory=True))))


@pytest.fixture
def store(disk: KeeperDisk) -> Iterator[Store]:
    made = Store(sqlite_url(disk.path))
    yield made
    made.close()


def test_at_every_question_of_every_kind(disk: KeeperDisk, store: Store, hurried: None) -> None:
    """What a step keeps here, the intents and the evidence too, lies on that disk; so does the machine that is scripted."""
    journal, tried = Recovering(store), 0
    for kind in SCRIPTED:

        def staged(folder: Path, kind: str = kind) -> Stage:
            stage = enrol(folder, store) if kind == "enrol" else SCRIPTED[kind](folder)
            stage.outside.disk = disk
            return stage

        tried += tried_forward(journal, staged, disk.path / f"{kind}-forward", FULL)
        tried += tried_backward(journal, staged, disk.path / f"{kind}-back", FULL)
    assert tried >= 100


@pytest.mark.parametrize("kind", MODULES)
def test_at_every_question_to_opentofu(
    kind: str, disk: KeeperDisk, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its state lies on that disk, too: a machine that it cannot remember is told to a person, and never made twice."""
    programs, journal = Programs(), Recovering(store)
    programs.install(monkeypatch)
    with CherryApi() as api:

        def staged(folder: Path) -> Stage:
            stage = programs.stage(folder, api, kind)
            stage.outside.disk = disk
            return stage

        assert tried_forward(journal, staged, disk.path / f"{kind}-forward", FULL) >= 14


def test_half_a_line_is_nobodys_key(disk: KeeperDisk) -> None:
    known, line = disk.path / "known_hosts", "203.0.113.9 ssh-ed25519 " + "A" * 9000
    known.write_text("198.51.100.7 ssh-ed25519 BBBB\n")
    before = known.read_text()
    disk.fill()
    with pytest.raises(Failed, match="No space left") as caught:
        hostkey.pin(hostkey.ProvenKey(line, "", ""), known)
    assert "Make room" in caught.value.hint and known.read_text() == before
    disk.make_room()
    hostkey.pin(hostkey.ProvenKey(line, "", ""), known)
    assert known.read_text() == f"{before}{line}\n"


@pytest.fixture
def home(tmp_path: Path, disk: KeeperDisk) -> Home:
    home = Home(tmp_path)
    (tmp_path / "mine.toml").write_text(ORDERING)
    (tmp_path / "token").write_text(TOKEN)
    (tmp_path / "token").chmod(0o600)
    return home


def test_a_person_is_told_and_goes_on_when_there_is_room(home: Home, disk: KeeperDisk) -> None:
    """Full when the order has had its effect and nobody has heard; and again when it is taken back."""
    with CherryApi() as api:
        fills = ["servers", "actions"]

        def watch(number: int, moment: str) -> None:
            method, path = api.heard[number - 1]
            if (method, moment) == ("POST", "after") and fills and path.endswith(fills[0]):
                fills.pop(0)
                disk.fill()

        def stops(*words: str) -> None:
            done = home.call(*words)
            assert done.code == 5 and "disk is full" in done.err and "Make room on" in done.err, done

        def ends(*words: str) -> None:
            disk.make_room()
            done = home.call(*words)
            assert done.code == 0 and len(api.ordered) == 1, done

        api.watch = watch
        home.write(more=f'[keeper]\nstate = "{disk.path}/state"\n{api.provider}')
        stops("recover", "here", "--runbook", "mine.toml", "--yes", "--approve", "order")
        stops("recover", "--resume")
        ends("recover", "--resume")
        assert api.switched == []
        stops("recover", "--undo", "--yes")
        ends("recover", "--undo", "--yes")
        assert not fills and {word for _, word in api.switched} == {"power_off"}

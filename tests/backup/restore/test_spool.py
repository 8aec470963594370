"""What Postgres is told by `restore_command`: 1 only for what the vault surely does not have, 255 for every trouble."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from outlive.backup.restore import spool as module
from outlive.backup.restore.spool import AHEAD, Spool
from outlive.errors import CopyDamaged, VaultUnreachable

pytestmark = pytest.mark.slow

SHELLS = {"sh": ["sh"], "dash": ["dash"], "bash": ["bash", "--posix"], "busybox": ["busybox", "sh"]}
Fetchers = Mapping[str, Callable[[], bytes]]


@pytest.fixture(params=SHELLS.values(), ids=SHELLS)
def shell(request: pytest.FixtureRequest) -> list[str]:
    found: list[str] = request.param
    if subprocess.run(["which", found[0]], capture_output=True, check=False).returncode != 0:
        pytest.skip(f"{found[0]} is not here")
    return found


def names(count: int) -> list[str]:
    return [f"0000000100000000000000{number:02X}" for number in range(count)]


def contents(count: int) -> dict[str, Callable[[], bytes]]:
    return {name: (lambda name=name: name.encode()) for name in names(count)}  # type: ignore[misc]


def ask(folder: Path, name: str, shell: list[str], target: str = "restored") -> int:
    """As Postgres calls it, from inside the data directory."""
    data = folder.parent / "data"
    data.mkdir(exist_ok=True)
    argv = [*shell, str(folder / "fetch.sh"), name, target, str(data)]
    return subprocess.run(argv, cwd=data, capture_output=True, timeout=20, check=False).returncode


def late(seconds: float = 0.3) -> bytes:
    time.sleep(seconds)
    return b"late"


def restored(folder: Path) -> bytes:
    return (folder.parent / "data" / "restored").read_bytes()


def test_what_is_on_the_list_comes(tmp_path: Path, shell: list[str]) -> None:
    with Spool(tmp_path / "w", contents(3)):
        for name in names(3):
            assert ask(tmp_path / "w", name, shell) == 0
            assert restored(tmp_path / "w") == name.encode()


@pytest.mark.parametrize(
    "name", ["00000002.history", "000000010000000000000003", "0000000100000000000000", "end.", "-x"]
)
def test_what_is_not_on_the_list_is_not_there(tmp_path: Path, shell: list[str], name: str) -> None:
    with Spool(tmp_path / "w", contents(3)):
        assert ask(tmp_path / "w", name, shell) == 1


def test_names_are_not_patterns(tmp_path: Path, shell: list[str]) -> None:
    with Spool(tmp_path / "w", contents(3)):
        assert ask(tmp_path / "w", "0000000100000000000000..", shell) == 1


def test_a_list_that_is_gone_or_cut_proves_nothing(tmp_path: Path, shell: list[str]) -> None:
    with Spool(tmp_path / "w", contents(3)):
        whole = (tmp_path / "w" / "list").read_text()
        for spoilt in (whole.removesuffix("end\n"), ""):
            (tmp_path / "w" / "list").write_text(spoilt)
            assert ask(tmp_path / "w", "00000002.history", shell) == 255
        (tmp_path / "w" / "list").unlink()
        assert ask(tmp_path / "w", "00000002.history", shell) == 255


def test_without_grep_nothing_is_proven(tmp_path: Path) -> None:
    with Spool(tmp_path / "w", contents(3)):
        data = tmp_path / "data"
        data.mkdir()
        bare = tmp_path / "bin"
        bare.mkdir()
        for name in ("dirname", "tail"):
            (bare / name).symlink_to(subprocess.check_output(["which", name], text=True).strip())
        argv = ["/bin/sh", str(tmp_path / "w" / "fetch.sh"), "00000002.history", "x", str(data)]
        done = subprocess.run(argv, env={"PATH": str(bare)}, capture_output=True, timeout=20, check=False)
        assert done.returncode == 255


def test_a_vault_that_fails_stops_postgres(tmp_path: Path, shell: list[str]) -> None:
    def away() -> bytes:
        raise VaultUnreachable("unplugged")

    with Spool(tmp_path / "w", {**contents(1), names(2)[1]: away}) as spool:
        assert ask(tmp_path / "w", names(1)[0], shell) == 0
        assert spool.error is None, "what was fetched ahead may never be asked for"
        assert ask(tmp_path / "w", names(2)[1], shell) == 255
        assert isinstance(spool.error, VaultUnreachable)


def test_a_fault_of_ours_stops_postgres(tmp_path: Path) -> None:
    with Spool(tmp_path / "w", {names(1)[0]: lambda: None}) as spool:  # type: ignore[dict-item,return-value]
        assert ask(tmp_path / "w", names(1)[0], ["sh"]) == 255
        assert spool.error is not None and "could not be laid out" in str(spool.error)


def test_a_target_that_cannot_be_written_stops_postgres(tmp_path: Path, shell: list[str]) -> None:
    with Spool(tmp_path / "w", contents(1)):
        assert ask(tmp_path / "w", names(1)[0], shell, target="no/such/folder/x") == 255
        assert ask(tmp_path / "w", names(1)[0], shell, target="../../../../../dev/full") == 255


def test_waiting_has_an_end(tmp_path: Path, shell: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WAIT_SECONDS", 0.2)
    with Spool(tmp_path / "w", {names(1)[0]: lambda: late(3)}):
        assert ask(tmp_path / "w", names(1)[0], shell) == 255


def test_it_waits_for_what_is_under_way(tmp_path: Path, shell: list[str]) -> None:
    with Spool(tmp_path / "w", {names(1)[0]: late}):
        assert ask(tmp_path / "w", names(1)[0], shell) == 0
        assert restored(tmp_path / "w") == b"late"


def test_only_a_little_is_laid_out_at_a_time(tmp_path: Path) -> None:
    with Spool(tmp_path / "w", contents(60)):
        for name in names(60):
            assert ask(tmp_path / "w", name, ["sh"]) == 0
            there = [one for one in (tmp_path / "w").iterdir() if len(one.name) == 24]
            assert len(there) <= 2 * AHEAD + 2


def test_postgres_may_come_back_to_an_earlier_one(tmp_path: Path) -> None:
    with Spool(tmp_path / "w", contents(40)):
        for number in (30, 3, 31, 2, 39, 0):
            name = names(40)[number]
            assert ask(tmp_path / "w", name, ["sh"]) == 0
            assert restored(tmp_path / "w") == name.encode()


def test_damage_further_on_does_not_hurt(tmp_path: Path) -> None:
    def damaged() -> bytes:
        raise CopyDamaged("rotten")

    with Spool(tmp_path / "w", {**contents(3), "0000000100000000000000FF": damaged}) as spool:
        for name in names(3):
            assert ask(tmp_path / "w", name, ["sh"]) == 0
        assert spool.error is None


def test_the_folder_is_private_and_the_command_is_quoted(tmp_path: Path) -> None:
    odd = tmp_path / "it's 100% odd"
    odd.mkdir()
    with Spool(odd / "w", contents(1)) as spool:
        assert (odd / "w").stat().st_mode & 0o777 == 0o700
        command = spool.restore_command(odd / "data")
        (odd / "data").mkdir()
        line = command.replace("%f", names(1)[0]).replace("%p", "restored").replace("%%", "%")
        assert subprocess.run(["sh", "-c", line], cwd=odd / "data", timeout=20, check=False).returncode == 0
    assert (odd / "data" / "restored").read_bytes() == names(1)[0].encode()

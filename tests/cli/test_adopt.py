"""`outlive adopt`: the keeper is gone, the vault and a key are there."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from outlive.backup.copies import catalog, keepsake
from outlive.cli.main import run
from outlive.config.load import load
from outlive.vault.local import LocalVault
from tests.cli.home import Done, Home
from tests.world.s3 import Rclone

pytestmark = pytest.mark.slow

Call = Callable[..., Done]


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Call:
    def call(*words: str) -> Done:
        capsys.readouterr()
        code = run([*words])
        return Done(code, *capsys.readouterr())

    return call


class Laptop:
    """What is left when the keeper is gone: the vault somewhere else, the recovery key, and an empty folder."""

    def __init__(self, home: Home, tmp_path: Path) -> None:
        self.vault = tmp_path / "usb disk" / "copies"
        self.vault.parent.mkdir()
        shutil.move(home.folder / "vault", self.vault)
        self.key = tmp_path / "recovery.key"
        shutil.move(home.folder / "recovery.key", self.key)
        self.stranger = tmp_path / "stranger.key"
        shutil.move(home.folder / "stranger.key", self.stranger)
        self.text = home.config.read_text()
        shutil.rmtree(home.folder)  # the host, the keeper, its state and its key: everything
        self.folder = tmp_path / "laptop"
        self.config = self.folder / "outlive.toml"

    def words(self, *more: str) -> tuple[str, ...]:
        return ("adopt", str(self.vault), "--identity", str(self.key), "--config", str(self.config), *more)


@pytest.fixture
def lost(home: Home, tmp_path: Path) -> Callable[[], Laptop]:
    """Takes copies, then loses everything but the vault and the key."""

    def lose() -> Laptop:
        return Laptop(home, tmp_path)

    return lose


def guard(home: Home, call: Call) -> None:
    """A path and the configuration of a stack, copied."""
    compose = home.folder / "compose.yaml"
    compose.write_text("services: {}\n")
    stack = f'[[assets]]\nname = "stack"\nkind = "config"\nhost = "here"\npaths = ["{compose}"]\n'
    home.write(home.path_asset() + "# what we know by heart\n" + stack)
    (home.folder / "known_hosts").write_text("web-1.example.com ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA==\n")
    assert call("backup", "--config", str(home.config)).code == 0


@pytest.mark.slow
def test_everything_of_the_keeper_is_gone(home: Home, lost: Callable[[], Laptop], call: Call, tmp_path: Path) -> None:
    guard(home, call)
    before = call("copies", "--json", "--config", str(home.config)).document
    laptop = lost()
    done = call(*laptop.words("--json"))
    assert done.code == 0, done.err
    document = done.document
    assert document["from"] == "vault" and document["warnings"] == []
    assert {one["asset"]: one["copies"] for one in document["assets"]} == {"site": 1, "stack": 1}
    assert {one["what"] for one in document["missing"]} == {str(laptop.folder / "drill.key")}
    assert "# what we know by heart" in laptop.config.read_text()
    assert (laptop.folder / "known_hosts").read_text().startswith("web-1.example.com ssh-ed25519")

    assert call("copies", "--json", "--config", str(laptop.config)).document == before
    status = call("status", "--no-look", "--json", "--config", str(laptop.config)).document
    assert {one["asset"]: one["last_copy"]["id"] for one in status["assets"]} == {
        one["asset"]: one["id"] for one in before["copies"]
    }
    target = tmp_path / "back"
    words = ("restore", "site", "--to", str(target), "--identity", str(laptop.key), "--config", str(laptop.config))
    assert call(*words).code == 0
    assert (target / "index.html").read_text() == "hello"
    assert (target / "data.bin").read_bytes() == bytes(range(256)) * 5000


def test_the_vault_is_only_read(home: Home, lost: Callable[[], Laptop], call: Call) -> None:
    guard(home, call)
    laptop = lost()
    before = {one.key: one for one in LocalVault(laptop.vault).walk("")}
    assert call(*laptop.words()).code == 0
    assert {one.key: one for one in LocalVault(laptop.vault).walk("")} == before


def test_a_person_reads_what_was_found_and_what_is_next(home: Home, lost: Callable[[], Laptop], call: Call) -> None:
    guard(home, call)
    laptop = lost()
    done = call(*laptop.words())
    assert "site: one copy, it has everything" in done.out and "Written:" in done.out
    assert f"outlive restore site --to NEW-FOLDER --identity {laptop.key}" in done.out
    assert "missing: the file" in done.out


def test_no_secret_key_gets_into_what_is_written_or_said(home: Home, lost: Callable[[], Laptop], call: Call) -> None:
    guard(home, call)
    laptop = lost()
    done = call(*laptop.words())
    said = done.out + done.err + "".join(path.read_text("utf-8", "replace") for path in files(laptop.folder))
    assert "AGE-SECRET-KEY" not in said.upper()


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_wrong_key_writes_nothing(home: Home, lost: Callable[[], Laptop], call: Call) -> None:
    guard(home, call)
    laptop = lost()
    laptop.key = laptop.stranger
    done = call(*laptop.words())
    assert done.code == 5 and "None of the given keys opens this copy" in done.err
    assert not laptop.folder.exists()


def test_an_empty_vault_and_a_missing_one_are_told_apart(tmp_path: Path, home: Home, call: Call) -> None:
    (tmp_path / "empty").mkdir()
    key = ("--identity", str(home.folder / "recovery.key"), "--config", str(tmp_path / "new/outlive.toml"))
    empty = call("adopt", str(tmp_path / "empty"), *key)
    missing = call("adopt", str(tmp_path / "nothing"), *key)
    assert (empty.code, missing.code) == (2, 2)
    assert "holds no copy" in empty.err and "There is no folder" in missing.err
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("name", ["outlive.toml", "known_hosts", "state"])
def test_nothing_is_overwritten(home: Home, lost: Callable[[], Laptop], call: Call, name: str) -> None:
    guard(home, call)
    laptop = lost()
    laptop.folder.mkdir()
    (laptop.folder / name).write_text("mine")
    done = call(*laptop.words())
    assert done.code == 2 and name in done.err
    assert [(path.name, path.read_text()) for path in laptop.folder.iterdir()] == [(name, "mine")]


@pytest.mark.slow
def test_copies_from_before_they_remembered_their_keeper(
    home: Home, lost: Callable[[], Laptop], call: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(keepsake, "kept", lambda inventory, files: inventory)  # as they were taken then
    guard(home, call)
    laptop = lost()
    done = call(*laptop.words("--json"))
    assert done.code == 1, done.err
    assert done.document["from"] == "skeleton"
    settings = load(laptop.config)
    assert [(one.name, one.kind) for one in settings.assets] == [("site", "path")]
    assert [host.name for host in settings.hosts] == ["here"]
    assert '# name = "stack"' in laptop.config.read_text()
    words = ("--identity", str(laptop.key), "--config", str(laptop.config))
    for asset in ("site", "stack"):  # also what could not be put back into the configuration
        assert call("restore", asset, "--to", str(tmp_path / f"back-{asset}"), *words).code == 0


def test_a_configuration_among_the_guarded_files(
    home: Home, lost: Callable[[], Laptop], call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keepsake, "kept", lambda inventory, files: inventory)
    own = f'[[assets]]\nname = "keeper"\nkind = "config"\nhost = "here"\npaths = ["{home.config}"]\n'
    home.write(home.path_asset() + own)
    assert call("backup", "--config", str(home.config)).code == 0
    laptop = lost()
    done = call(*laptop.words("--json"))
    assert done.code == 0 and done.document["from"] == "vault"
    assert [one.name for one in load(laptop.config).assets] == ["site", "keeper"]


def test_a_configuration_of_a_newer_outlive_is_kept_beside(
    home: Home, lost: Callable[[], Laptop], call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer = home.config.read_text() + "\n[from_the_future]\nx = 1\n"
    real = keepsake.kept
    monkeypatch.setattr(keepsake, "kept", lambda inventory, files: real(inventory, {**files, "outlive.toml": newer}))
    assert call("backup", "--config", str(home.config)).code == 0
    laptop = lost()
    done = call(*laptop.words("--json"))
    assert done.code == 1 and "from_the_future" in json.dumps(done.document["warnings"])
    assert (laptop.folder / "outlive.toml.found").read_text() == newer
    assert load(laptop.config).assets[0].name == "site"


def test_one_rotten_copy_does_not_stand_in_the_way(home: Home, lost: Callable[[], Laptop], call: Call) -> None:
    guard(home, call)
    laptop = lost()
    vault = LocalVault(laptop.vault)
    copy = catalog.listing(vault, "stack").copies[-1]
    key = f"copies/stack/{copy.id}/inventory.json.zst.age.000000"
    (laptop.vault / key).write_bytes(b"rot")
    done = call(*laptop.words("--json"))
    assert done.code == 1 and done.document["from"] == "vault"
    assert any("stack" in warning for warning in done.document["warnings"])


@pytest.mark.parametrize("key", ["AAAAC3NzaC1lZDI1NTE5AAAAIA==", "rubbish"])
def test_hosts_are_enrolled_with_the_key_that_was_pinned(
    home: Home, lost: Callable[[], Laptop], call: Call, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    """What was remembered names a host over SSH; a line that is no key keeps nobody from having a configuration."""
    text = home.config.read_text() + '[[hosts]]\nname = "web-1"\naddress = "ssh://root@web-1.example.com"\n'
    told = {"outlive.toml": text, "known_hosts": f"web-1.example.com ssh-ed25519 {key}\n"}
    real = keepsake.kept
    monkeypatch.setattr(keepsake, "kept", lambda inventory, files: real(inventory, told))
    assert call("backup", "--config", str(home.config)).code == 0
    laptop = lost()
    done = call(*laptop.words("--json"))
    assert done.code == 0, done.err
    assert done.document["enrolled"] == (["web-1"] if key != "rubbish" else [])


def test_a_memory_that_lies_elsewhere_is_left_alone(
    home: Home, lost: Callable[[], Laptop], call: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """It may be that of another keeper, on a machine that has one."""
    elsewhere = tmp_path / "var"
    text = home.config.read_text() + f'[keeper]\nstate = "{elsewhere}/state"\nknown_hosts = "{elsewhere}/known_hosts"\n'
    text += '[[hosts]]\nname = "web-1"\naddress = "ssh://root@web-1.example.com"\n'
    told = {"outlive.toml": text, "known_hosts": "web-1.example.com ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA==\n"}
    real = keepsake.kept
    monkeypatch.setattr(keepsake, "kept", lambda inventory, files: real(inventory, told))
    assert call("backup", "--config", str(home.config)).code == 0
    laptop = lost()
    done = call(*laptop.words())
    assert done.code == 0 and "move them" in done.out
    assert not elsewhere.exists() and (laptop.folder / "known_hosts").exists()


@pytest.mark.s3
@pytest.mark.slow
def test_from_a_bucket_with_the_login_of_this_person(
    home: Home, call: Call, rclone_s3: Rclone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The keeper's own way to its login died with it; the person's is in the environment, as for every S3 client."""
    url, keeper = f"s3://{rclone_s3.bucket()}/copies", tmp_path / "keeper.secret"
    keeper.write_text(rclone_s3.secret_key)
    keeper.chmod(0o600)
    login = f'access_key = {{ command = ["echo", "{rclone_s3.access_key}"] }}\nsecret_key = {{ file = "{keeper}" }}'
    home.write(vault=f'url = "{url}"\nendpoint = "{rclone_s3.endpoint}"\n{login}')
    assert call("backup", "--config", str(home.config)).code == 0
    key = tmp_path / "recovery.key"
    shutil.move(home.folder / "recovery.key", key)
    shutil.rmtree(home.folder)
    keeper.unlink()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", rclone_s3.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", rclone_s3.secret_key)
    config = ("--config", str(tmp_path / "laptop/outlive.toml"))
    done = call("adopt", url, "--endpoint", rclone_s3.endpoint, "--identity", str(key), "--json", *config)
    assert done.code == 0, done.err
    assert rclone_s3.secret_key not in done.out + (tmp_path / "laptop/outlive.toml").read_text()
    assert done.document["runs"] == []  # the keeper's command for its login is a comment now
    back = tmp_path / "back"
    assert call("restore", "site", "--to", str(back), "--identity", str(key), *config).code == 0
    assert (back / "index.html").read_text() == "hello"

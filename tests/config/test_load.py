"""What is found, read, and made absolute."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from outlive.config.load import NAME, load, parse
from outlive.errors import ConfigError

RECIPIENTS = (
    "age1pxgr6hphv29h6j9sqmt7tu4qgdyzjj2m5aqj0vdmkm2n82fv0s4qafgl5w",
    "age17sdarzkny3v2ugwfd2gt77s86tzpucznscdclfmj28u3fmvf7phsvaqffz",
)
LEAST = f'[vault]\nurl = "vault"\n[keys]\nrecipients = ["{RECIPIENTS[0]}", "{RECIPIENTS[1]}"]\n'


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory and a home of its own, both empty."""
    work, home = tmp_path / "work", tmp_path / "home"
    work.mkdir()
    home.mkdir()
    monkeypatch.chdir(work)
    monkeypatch.setenv("HOME", str(home))
    return home


def test_the_least_that_works_has_sensible_defaults(tmp_path: Path) -> None:
    settings = parse(LEAST, tmp_path / NAME)
    assert settings.base == tmp_path
    assert settings.vault.url == f"file://{tmp_path}/vault"
    assert settings.keeper.state == tmp_path / "state"
    assert settings.keeper.known_hosts == tmp_path / "known_hosts"
    assert (settings.retention.last, settings.retention.monthly) == (7, 12)
    assert settings.keys.recipients == RECIPIENTS
    assert settings.assets == ()


def test_relative_paths_are_meant_from_the_folder_of_the_file(home: Path) -> None:
    text = LEAST + (
        'drill_identity = "keys/drill.txt"\n[keeper]\nstate = "/var/lib/outlive"\nknown_hosts = "~/hosts"\n'
        '[[hosts]]\nname = "web-1"\naddress = "ssh://web-1"\nssh_config = "ssh_config"\nidentity_file = "~/.ssh/id"\n'
    )
    settings = parse(text, Path("conf/outlive.toml"))
    base = Path.cwd() / "conf"
    assert settings.keys.drill_identity == base / "keys/drill.txt"
    assert settings.keeper.state == Path("/var/lib/outlive")
    assert settings.keeper.known_hosts == home / "hosts"
    assert settings.hosts[0].ssh_config == str(base / "ssh_config")
    assert settings.hosts[0].identity_file == str(home / ".ssh/id")


@pytest.mark.parametrize("url", ["file:///srv/outlive", "s3://bucket/prefix"])
def test_a_full_url_stays_as_it_is(url: str, tmp_path: Path) -> None:
    assert parse(LEAST.replace('"vault"', f'"{url}"'), tmp_path / NAME).vault.url == url


def test_the_working_directory_comes_before_the_home(home: Path) -> None:
    there = home / ".config/outlive" / NAME
    there.parent.mkdir(parents=True)
    there.write_text(LEAST)
    assert load().path == there
    Path(NAME).write_text(LEAST)
    assert load().path == Path.cwd() / NAME


def test_without_any_file_it_says_where_it_looked_and_the_cure(home: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load()
    assert str(caught.value).endswith(
        f"looked for outlive.toml, {home}/.config/outlive/outlive.toml, /etc/outlive/outlive.toml."
    )
    assert "outlive init" in caught.value.hint
    assert caught.value.exit_code == 2


def test_a_named_file_that_is_not_there_is_never_replaced_by_another(home: Path) -> None:
    Path(NAME).write_text(LEAST)
    with pytest.raises(ConfigError, match=r"elsewhere\.toml is not there"):
        load(Path("elsewhere.toml"))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: path.mkdir(), "cannot be read: Is a directory"),
        (lambda path: path.write_bytes(b"\xff\xfe"), "not UTF-8"),
    ],
    ids=["folder", "bytes"],
)
def test_what_is_no_text_file_is_said_so(make: Callable[[Path], object], words: str, tmp_path: Path) -> None:
    make(tmp_path / NAME)
    with pytest.raises(ConfigError, match=words):
        load(tmp_path / NAME)


@pytest.mark.parametrize("value", ["nan", "inf", "-1", "1979-05-27", "true"])
def test_odd_values_of_toml_are_refused(value: str, tmp_path: Path) -> None:
    text = LEAST + (
        '[[hosts]]\nname = "web-1"\naddress = "local"\n[[assets]]\nname = "media"\nkind = "path"\nhost = "web-1"\n'
        f'path = "/srv/media"\nmax_age_seconds = {value}\n'
    )
    with pytest.raises(ConfigError, match=r"line 13: assets\[0\]\.max_age_seconds"):
        parse(text, tmp_path / NAME)

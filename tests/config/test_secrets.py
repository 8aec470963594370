"""Secrets are fetched from where the configuration says, and are in no message."""

from __future__ import annotations

from pathlib import Path

import pytest

from outlive.config import secrets
from outlive.config.secrets import resolve
from outlive.errors import ConfigError
from outlive.model.asset import SecretRef

SECRET = "correct horse"


def refused(ref: SecretRef, base: Path) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        resolve(ref, base)
    assert SECRET not in f"{caught.value}{caught.value.hint}"
    assert caught.value.exit_code == 2
    return caught.value


def test_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_SECRET", SECRET)
    assert resolve(SecretRef(env="A_SECRET"), tmp_path) == SECRET


@pytest.mark.parametrize("value", [None, ""])
def test_a_variable_that_is_not_set_is_named(
    value: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("A_SECRET", raising=False)
    if value is not None:
        monkeypatch.setenv("A_SECRET", value)
    assert "A_SECRET is not set" in str(refused(SecretRef(env="A_SECRET"), tmp_path))


def test_from_a_file_beside_the_configuration(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text(f"{SECRET}\n")
    file.chmod(0o600)
    assert resolve(SecretRef(file="password"), tmp_path) == SECRET
    assert resolve(SecretRef(file=str(file)), Path("/")) == SECRET


@pytest.mark.parametrize("mode", [0o604, 0o644, 0o602, 0o666])
def test_a_file_that_everybody_may_read_is_refused(mode: int, tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text(SECRET)
    file.chmod(mode)
    assert refused(SecretRef(file="password"), tmp_path).hint == f"chmod 600 {file}"


def test_what_an_orchestrator_mounts_may_be_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "MOUNTED", tmp_path)
    (tmp_path / "password").write_text(SECRET)
    (tmp_path / "password").chmod(0o444)
    assert resolve(SecretRef(file="password"), tmp_path) == SECRET


def test_a_file_that_is_not_there_or_empty_is_named(tmp_path: Path) -> None:
    assert "is not there" in str(refused(SecretRef(file="password"), tmp_path))
    (tmp_path / "password").write_text("\n")
    (tmp_path / "password").chmod(0o600)
    assert "it is empty" in str(refused(SecretRef(file="password"), tmp_path))


def test_from_a_command_without_a_shell(tmp_path: Path) -> None:
    assert resolve(SecretRef(command=("printf", "%s\n", "$HOME; a b")), tmp_path) == "$HOME; a b"


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("sh", "-c", f"echo '{SECRET}'; echo '{SECRET}' >&2; exit 3"), "sh, ended with status 3"),
        (("true",), "the output of true: it is empty"),
        (("no-such-program-here",), "not installed"),
    ],
    ids=["fails", "silent", "missing"],
)
def test_a_command_that_fails_says_so_and_not_what_it_printed(
    command: tuple[str, ...], words: str, tmp_path: Path
) -> None:
    assert words in str(refused(SecretRef(command=command), tmp_path))


def test_a_command_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "COMMAND_SECONDS", 0.2)
    assert "no end after" in str(refused(SecretRef(command=("sleep", "60")), tmp_path))


def test_a_reference_to_nothing_is_an_error(tmp_path: Path) -> None:
    assert "nothing says where" in str(refused(SecretRef(), tmp_path))

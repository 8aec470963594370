"""The names of a stack's variables, asked by a real shell: never a value, and the same ones as `leaks/rotation.py` reads."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from outlive.commands import env_names
from outlive.leaks import rotation

FILE = r"""
# OLD_KEY=1
DATABASE_URL=postgres://shop:hunter2@db/shop
export AUTH_SECRET = 'it\'s a hunter2'
DEPLOY_KEY="-----BEGIN
hunter2/Abc=
HUNTER2=
-----END"
hunter2x==
EMPTY=
plain text hunter2
QUOTED="say \"hunter2\" twice"
LAST_TOKEN=hunter2
"""


def asked(*files: Path) -> str:
    argv = env_names.look([str(one) for one in files], [])
    return subprocess.run(argv, capture_output=True, text=True, check=True, timeout=30).stdout


def test_names_leave_the_host_and_values_do_not(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(FILE)
    said = asked(tmp_path / ".env")
    assert "hunter2" not in said.lower()
    assert env_names.read_look(said) == rotation.names(FILE)
    assert "LAST_TOKEN" in env_names.read_look(said), "quotes were closed where they close"


def test_a_second_file_is_read_as_well_and_one_that_is_missing_passed_over(tmp_path: Path) -> None:
    (tmp_path / "a b.env").write_text("ONE_KEY=1\n")
    (tmp_path / ".env").write_text("TWO_KEY='open\n")
    names = env_names.read_look(asked(tmp_path / ".env", tmp_path / "none", tmp_path / "a b.env"))
    assert names == ("TWO_KEY", "ONE_KEY"), "a quote that never closes ends with its file"


def test_nothing_readable_is_no_data(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="could be read"):
        env_names.read_look(asked(tmp_path / ".env"))
    with pytest.raises(ValueError, match="to their end"):
        env_names.read_look("read\t\nname\tA\n")
    with pytest.raises(ValueError, match="to their end"):
        env_names.read_look("")


def test_what_is_no_name_is_left_out() -> None:
    assert env_names.read_look("name\tA b\nname\t\nname\tGOOD\nname\tGOOD\nread\t\nend\t\n") == ("GOOD",)

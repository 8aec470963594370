"""A `.env` as compose reads it, changed by lines, swapped on a host."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from outlive.commands import env_file

TEXT = """\
# comment
A=one
export B = "two ${A}"
C='it is $literal # kept'
D=plain # said beside it
E=${A}/${MISSING}
F="over
two lines"
G=${A:-default}
URL=postgresql://u:${A}@db/x
A=last\r
"""


def test_values_are_what_compose_makes_of_them() -> None:
    assert env_file.values(TEXT) == {
        "A": "last",
        "B": "two one",
        "C": "it is $literal # kept",
        "D": "plain",
        "URL": "postgresql://u:one@db/x",
    }


def test_only_those_lines_change() -> None:
    changed = env_file.changed(TEXT, {"URL": "postgresql://u:p@h:5432/x?sslmode=require", "B": "new"})
    before, after = TEXT.splitlines(), changed.splitlines()
    assert [two for one, two in zip(before, after, strict=True) if one != two] == [
        "export B = new",
        "URL=postgresql://u:p@h:5432/x?sslmode=require",
    ]
    assert changed.endswith("A=last\r\n")


@pytest.mark.parametrize(
    ("new", "why"),
    [
        ({"NONE": "x"}, "sets no NONE"),
        ({"G": "x"}, "sets no G, or by an expression"),
        ({"A": "s3cret word"}, "A would want"),
    ],
)
def test_what_it_cannot_do_is_said_without_a_value(new: dict[str, str], why: str) -> None:
    with pytest.raises(ValueError, match=why) as caught:
        env_file.changed(TEXT, new)
    assert "s3cret" not in str(caught.value)


def test_swapped_whole_with_its_mode_and_kept_as_it_was_the_first_time(tmp_path: Path) -> None:
    path = tmp_path / "a 'b.env"
    path.write_text("A=1\n")
    path.chmod(0o640)
    for text in ("A=2\n", "A=3\n"):
        subprocess.run(env_file.swap(str(path), "run"), input=text.encode(), check=True)
    kept = Path(env_file.kept(str(path), "run"))
    assert (path.read_text(), kept.read_text()) == ("A=3\n", "A=1\n")
    fresh = tmp_path / "next"
    for text in ("A=4\n", "A=5\n"):
        subprocess.run(env_file.beside(str(path), str(fresh)), input=text.encode(), check=True)
    assert fresh.read_text() == "A=4\n", "nothing is written over"
    assert {one.stat().st_mode & 0o777 for one in (path, kept, fresh)} == {0o640}
    assert len(list(tmp_path.iterdir())) == 3

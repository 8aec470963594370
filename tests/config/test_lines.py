"""Where in the text a place is."""

from __future__ import annotations

from textwrap import dedent

import pytest

from outlive.config.errors import Where, show_place
from outlive.config.lines import locate

TEXT = dedent('''\
    # [[assets]] in a comment
    title = "[[assets]]"

    [vault] # where
    url = "s3://x" # url = "y"
    note = """
    [keys]
    url = "z"
    """

    [[assets]]
    name = "a"

    [assets.around]
    stop = [
      "one",  # a = 1
      "[[assets]]",
    ]
    before = 'x = [ {'

    [[assets]]
    name = "b"
    dsn = { env = "E", file = "f" }
    around.stop = ["c"]

    [keys]
    recipients = []
    ''')


@pytest.mark.parametrize(
    ("where", "line"),
    [
        (("title",), 2),
        (("vault",), 4),
        (("vault", "url"), 5),
        (("vault", "missing"), 4),
        (("assets",), 11),
        (("assets", 0), 11),
        (("assets", 0, "name"), 12),
        (("assets", 0, "around"), 14),
        (("assets", 0, "around", "stop"), 15),
        (("assets", 0, "around", "stop", 1), 15),
        (("assets", 0, "around", "before"), 19),
        (("assets", 1), 21),
        (("assets", 1, "dsn", "file"), 23),
        (("assets", 1, "around", "stop"), 24),
        (("keys", "recipients"), 27),
        (("nowhere", "x"), None),
        ((), None),
    ],
)
def test_a_place_is_on_its_line(where: Where, line: int | None) -> None:
    assert locate(TEXT, where) == line


def test_a_place_is_shown_as_people_point() -> None:
    assert show_place(("assets", 2, "around", "stop", 0)) == "assets[2].around.stop[0]"
    assert show_place(()) == ""

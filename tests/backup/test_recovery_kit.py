"""The printed page: everything on it, nothing from elsewhere, and the QR code really is the key."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from html.parser import HTMLParser

import segno

from outlive.backup.copies.restore_md import ALL_AT_ONCE
from outlive.backup.recovery_kit import Kit, Place, render
from outlive.testing.clock import ManualClock

SECRET = "AGE-SECRET-KEY-1" + "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L" + "QPZRY9X8GF2TVDW0S3JN54KHCE"
S3 = Place("s3://copies/a&b", "https://s3.example.com", "eu-1")
MIRROR = Place("file:///srv/the mirror")
ASSETS = ("shop-db (postgres of web-1)", "uploads (docker_volume of web-1)")
KIT = Kit(SECRET, "age1recovery", ("age1recovery", "age1drill"), (S3, MIRROR), "keeper-1", ASSETS, ManualClock().now())


class Page(HTMLParser):
    """Collects what a browser would show, and what it would fetch."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.fetched: list[str] = []
        self.tags: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.fetched += [
            f"{name}={value}" for name, value in attrs if name in ("src", "href", "srcset", "action", "data")
        ]

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def test_the_page_says_what_a_person_needs() -> None:
    text = "".join(Page(render(KIT)).words)
    assert SECRET in text.replace("\n", ""), "copied text must be the key, without gaps"
    for needed in ("age1recovery", "age1drill", "2026-02-07", "keeper-1", "RESTORE.md", "recovery.txt", "two"):
        assert needed in text
    for place in ("s3://copies/a&b at https://s3.example.com, region eu-1", "file:///srv/the mirror"):
        assert place in text, "without the store's address nobody finds a bucket"
    assert ", ".join(ASSETS) in text and "apt-get install age zstd tar awscli" in text
    assert (
        "aws --region eu-1 --endpoint-url https://s3.example.com s3 \\\n  cp --recursive s3://copies/a&b/copies/NAME/"
        in text
    )
    assert "cp -r '/srv/the mirror/copies/NAME/DATE-...' copy" in text
    assert ALL_AT_ONCE in text, "the commands that are tested with RESTORE.md"


def test_many_assets_do_not_push_the_page_over_its_end() -> None:
    many = tuple(f"volume-{number}" for number in range(40))
    text = "".join(Page(render(replace(KIT, assets=many))).words)
    assert "volume-9 and 30 more" in text


def test_on_a_disk_nothing_is_said_of_s3() -> None:
    text = "".join(Page(render(replace(KIT, places=(MIRROR,)))).words)
    assert "aws" not in text.lower() and "region" not in text


def test_opening_it_asks_no_network_and_runs_nothing() -> None:
    page = render(KIT)
    assert Page(page).fetched == []
    assert not {"script", "link", "img", "iframe", "object", "form"} & set(Page(page).tags)
    assert "url(" not in page and "@import" not in page and "default-src 'none'" in page
    assert re.findall(r"https?://[^ ]*", page.replace(str(S3.endpoint), "")) == []


def test_the_code_is_the_key() -> None:
    """Drawn again from the SVG's path, module by module, and compared with a code of the same key."""
    svg = re.search(r"<svg.*?</svg>", render(KIT), re.S)
    assert svg
    code = segno.make(SECRET, error="m").matrix_iter(border=4)
    wanted = {(x, y) for y, row in enumerate(code) for x, dark in enumerate(row) if dark}
    path = re.search(r'stroke="#000" d="([^"]+)"', svg[0])
    assert path and _dark(path[1]) == wanted


def _dark(path: str) -> set[tuple[int, int]]:
    """The dark modules of segno's path: moves (M absolute, m relative) and horizontal lines (h)."""
    x, y, dark = 0.0, 0.0, set()
    for verb, numbers in re.findall(r"([Mmh])([-\d. ]+)", path):
        values = [float(number) for number in numbers.split()]
        if verb == "h":
            dark |= {(int(x) + step, int(y)) for step in range(int(values[0]))}
            x += values[0]
        else:
            x, y = (values[0], values[1]) if verb == "M" else (x + values[0], y + values[1])
    return dark


def test_what_is_put_in_cannot_become_markup() -> None:
    page = render(replace(KIT, places=(Place("file:///<script>alert(1)</script>"),), assets=("<script>",)))
    assert "<script" not in page and html.escape("<script>") in page


def test_the_secret_does_not_show_in_a_trace() -> None:
    assert SECRET not in repr(KIT) and SECRET not in f"{KIT}"

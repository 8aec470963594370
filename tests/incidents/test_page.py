"""The page that is printed: every section, and nothing in it that strangers wrote does anything."""

from __future__ import annotations

import re

from outlive.incidents.markdown import plain
from outlive.incidents.page import page
from outlive.incidents.report import report
from tests.incidents.test_report import SECTIONS, STORIES, recorded


def test_the_page_has_every_section_of_the_report_and_loads_nothing() -> None:
    story = min(one.name for one in STORIES.iterdir() if (one / "evidence.jsonl").exists())
    shown = page(report(recorded(story)))
    assert re.findall(r"<h2>(.*?)</h2>", shown) == list(SECTIONS)
    assert "<table>" in shown and "&lt;table" not in shown
    assert not re.search(r"<(script|img|link|a|iframe)\b|src=|href=", shown)


def test_what_strangers_wrote_stays_text() -> None:
    evil = "<script>alert(1)</script> [x](javascript:alert(1)) ![y](http://a.test/b) <http://a.test>"
    for text in (evil, plain(evil)):
        shown = page(f"# {text}\n\n{text}\n\n| a |\n|---|\n| {plain(evil)} |\n")
        assert not re.search(r"<(script|img|a)\b|href=|src=", shown), shown
    assert "<title>a_b &lt;i&gt;</title>" in page("# " + plain("a_b <i>") + "\n")

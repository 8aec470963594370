"""The postmortem within a page. HTML and links in it stay text: what strangers wrote must not be one click away."""

from __future__ import annotations

import re

from markdown_it import MarkdownIt
from markupsafe import Markup

MOST_LINES = 20
_SECTION = "<h2>"  # only a heading makes one: HTML of others is text by then
_LINE = re.compile("<(?:tr|li)>")


def as_html(markdown: str) -> Markup:
    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    html = reader.disable(["link", "image", "autolink", "reference"]).render(markdown)
    first, *sections = html.split(_SECTION)
    return Markup(first + "".join(_SECTION + _folded(one) for one in sections))


def _folded(section: str) -> str:
    """A long section under its title, for who asks: a timeline of a thousand lines hides what comes after it."""
    lines = len(_LINE.findall(section))
    title, end, body = section.partition("</h2>")
    if lines <= MOST_LINES:
        return section
    return f"{title}{end}\n<details><summary>{lines} lines</summary>{body}</details>\n"

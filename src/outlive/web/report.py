"""The postmortem within a page. HTML and links in it stay text: what strangers wrote must not be one click away."""

from __future__ import annotations

from markdown_it import MarkdownIt
from markupsafe import Markup


def as_html(markdown: str) -> Markup:
    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    return Markup(reader.disable(["link", "image", "autolink", "reference"]).render(markdown))

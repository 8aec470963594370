"""The report as one page of HTML, to be read in a browser and printed; it loads nothing. Pure."""

from __future__ import annotations

import re
from importlib.resources import files

from jinja2 import Environment, select_autoescape
from markdown_it import MarkdownIt
from markupsafe import Markup


def page(markdown: str) -> str:
    """Of what `report` wrote. HTML in it stays text, and so does every link: what strangers wrote must not be one click away
    from who reads it."""
    reader = (
        MarkdownIt("commonmark", {"html": False}).enable("table").disable(["link", "image", "autolink", "reference"])
    )
    template = (files("outlive.incidents") / "report.html").read_text(encoding="utf-8")
    title = re.sub(r"\\(.)", r"\1", markdown.partition("\n")[0].removeprefix("# "))
    shown = Markup(reader.render(markdown))
    return (
        Environment(autoescape=select_autoescape(default_for_string=True))
        .from_string(template)
        .render(title=title, body=shown)
    )

"""docs/reference/leaks.md names every rule, with its severity, and no others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from outlive.leaks.finding import Meaning
from outlive.leaks.rules import Rule, load, meanings

PAGE = Path(__file__).parents[2] / "docs/reference/leaks.md"
TOKEN = " in clear text: whoever can read this log can use it."


def _meanings() -> Iterator[Meaning]:
    for kind in ("bip39", "keys"):
        yield from meanings(kind).values()
    for some in load():
        for one in some:
            yield one.meaning
            if isinstance(one, Rule):
                yield from one.variants.values()


def row(meaning: Meaning) -> str:
    """A line of the page's tables: the rule, how grave, and the first sentence of what it says."""
    what = meaning.explanation.removesuffix(TOKEN).replace(". ", "\n").replace(": ", "\n").split("\n")[0]
    sign = " (sign of compromise)" if meaning.compromise else ""
    return f"| `{meaning.rule}` | {meaning.severity.word} | {what.rstrip('.')}{sign} |"


def test_the_page_has_every_rule_and_no_other() -> None:
    told = {line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `")}
    assert told == {row(meaning) for meaning in _meanings()}

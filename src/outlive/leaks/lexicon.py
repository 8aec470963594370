"""The words of BIP39 in ten languages. Pure: the lists lie beside the code."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

LANGUAGES = (
    *("english", "spanish", "french", "italian", "portuguese", "czech"),
    *("japanese", "korean", "chinese_simplified", "chinese_traditional"),
)
WORDS = 2048
TELLING = frozenset((b"abandon", b"junk", b"zoo"))  # alone enough for a closer look: the test phrases repeat them

Entry = tuple[tuple[int, int], ...]  # (number of the language, index in its list), for each language that has the word


@dataclass(frozen=True, slots=True)
class Lexicon:
    """`entries`: every word, in lower case and UTF-8, composed (NFC) and decomposed (NFKD) as logs have both. `rare`:
    those that ordinary logs do not have; only they make a line worth a closer look. `common`: the others.
    `in_a_row`: the lists as one string, where that is ASCII."""

    entries: Mapping[bytes, Entry]
    rare: frozenset[bytes]
    common: frozenset[bytes]
    in_a_row: tuple[bytes, ...]


@cache
def lexicon() -> Lexicon:
    """Read once."""
    entries: dict[bytes, Entry] = {}
    for language, name in enumerate(LANGUAGES):
        for index, word in enumerate(words(name)):
            for form in {unicodedata.normalize(form, word).encode() for form in ("NFC", "NFKD")}:
                entries[form] = (*entries.get(form, ()), (language, index))
    common = frozenset(word.encode() for word in _text("common.txt").split())
    lists = ("".join(words(name)) for name in LANGUAGES)
    in_a_row = tuple(row.encode() for row in lists if row.isascii())
    return Lexicon(entries, frozenset(entries) - common, common, in_a_row)


def words(language: str) -> list[str]:
    """All 2048, in their order, as the standard has them (NFKD)."""
    return _text(f"{language}.txt").split()


def look_up(token: bytes) -> Entry | None:
    """The entry of a run of letters in any case and form; None when no list has it."""
    entries = lexicon().entries
    found = entries.get(token.lower())
    if found is None and not token.isascii():
        text = unicodedata.normalize("NFKD", token.decode(errors="replace")).lower()
        found = entries.get(text.encode())
    return found


def _text(name: str) -> str:
    return (files(__package__) / "wordlists" / name).read_text(encoding="utf-8")

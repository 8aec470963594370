"""Seed phrases in every form that logs give them; and what only looks like one."""

from __future__ import annotations

import json
import random
import unicodedata
from collections.abc import Callable, Sequence

import pytest

from outlive.leaks import mnemonic
from outlive.leaks.lexicon import LANGUAGES, words
from tests.leaks.samples import camel, phrase
from tests.leaks.scans import rules, scan

pytestmark = pytest.mark.slow

BROKEN = words("english")[228:240]  # the twelve from "broken" on
SIZES = (12, 15, 18, 21, 24)
PREFIX = "2026-02-07T07:44:{second:02}.113Z shop-app-1 | stderr F "

Form = Callable[[Sequence[str]], str]


def prefixed(lines: Sequence[str], prefix: str = PREFIX) -> str:
    return "".join(f"{prefix.format(second=second)}{line}\n" for second, line in enumerate(lines))


def wrapped(words: Sequence[str], each: int) -> list[str]:
    return [" ".join(words[start : start + each]) for start in range(0, len(words), each)]


FORMS: dict[str, Form] = {
    "spaces": " ".join,
    "upper case": lambda words: " ".join(words).upper(),
    "commas": ", ".join,
    "dashes": "-".join,
    "underscores": "_".join,
    "newlines": "\n".join,
    "blank lines": "\r\n\r\n".join,
    "newlines in a string": lambda words: json.dumps({"level": "info", "msg": "made\n" + "\n".join(words)}),
    "a JSON array": lambda words: json.dumps({"mnemonic": list(words)}),
    "a JSON array over lines": lambda words: json.dumps(list(words), indent=2),
    "an array in a string": lambda words: json.dumps(json.dumps(list(words))),
    "records": lambda words: json.dumps([{"index": place, "word": word} for place, word in enumerate(words)]),
    "markup": lambda words: "".join(f"<li class='w'>{word}</li>" for word in words),
    "numbers": lambda words: " ".join(f"{place}. {word}" for place, word in enumerate(words, 1)),
    "numbers without a blank": lambda words: " ".join(f"{place}{word}" for place, word in enumerate(words, 1)),
    "numbered lines": lambda words: "\n".join(f"{place:2}) {word}" for place, word in enumerate(words, 1)),
    "a URL": lambda words: "GET /restore?seed=" + "%20".join(words) + "&x=1",
    "a form": lambda words: "seed=" + "+".join(words),
    "coloured": lambda words: "\x1b[32m" + " ".join(words) + "\x1b[0m",
    "each word coloured": lambda words: " ".join(f"\x1b[36m{word}\x1b[0m" for word in words),
    "CamelCase": camel,
    "glued": "".join,
    "a line each behind a prefix": prefixed,
    "a line each in JSON": lambda words: "".join(
        json.dumps({"level": "error", "time": place, "msg": word}) + "\n" for place, word in enumerate(words)
    ),
    "wrapped behind a prefix": lambda words: prefixed(wrapped(words, 5)),
    "wrapped behind a dictionary word": lambda words: prefixed(wrapped(words, 4), "08:15:{second:02} error "),
    "wrapped behind a heading": lambda words: prefixed(["mnemonic: " + wrapped(words, 5)[0], *wrapped(words, 5)[1:]]),
    "between other programs' lines": lambda words: "".join(
        f"{PREFIX.format(second=place)}{word}\n192.0.2.{place} - GET /api/health HTTP/2.0 200\n"
        for place, word in enumerate(words)
    ),
    "beside dictionary words": lambda words: f"secret seed phrase {' '.join(words)} end of list",
}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("form", FORMS)
def test_a_phrase_is_found_in_every_form(form: str, size: int) -> None:
    draw = random.Random(f"{form} {size}")
    for _ in range(3):
        text = f"before\n{FORMS[form](phrase(draw, size))}\nafter\n"
        found = [finding for finding in scan(text) if finding.rule == "bip39-mnemonic"]
        assert found and found[0].severity.word == "critical", text


TWO = '10.0.0.1 "GET /a" "https://shop.example/" "curl"\n10.0.0.1 "GET /images" "https://shop.example/" "iPhone"'


@pytest.mark.parametrize("language", ["english", "french", "korean", "czech"])
def test_bare_words_directly_behind_other_lines(language: str) -> None:
    """What stands before them may begin like a heading, with or without dictionary words."""
    draw = random.Random(language)
    for before in (
        'GET /login "Gecko" x',
        "error at once x",
        "x stock below limit y",
        "error at once x\nerror at once x",
        TWO,
    ):
        text = "\n".join([before, *phrase(draw, 12, language), "10.0.0.1 GET /"])
        assert rules(text) == ["bip39-mnemonic"], text


@pytest.mark.parametrize("form", ["spaces", "CamelCase", "numbered lines", "a line each in JSON"])
def test_one_phrase_has_one_fingerprint_in_all_forms(form: str) -> None:
    secret = phrase(random.Random(7))
    found = scan(f"{FORMS[form](secret)}\n\nand again\n{' '.join(secret)}\n")
    assert [(finding.rule, finding.count) for finding in found] == [("bip39-mnemonic", 2)]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("form", ["NFC", "NFKD"])
def test_in_all_ten_languages(language: str, form: str) -> None:
    draw = random.Random(f"{language} {form}")
    separator = "\u3000" if language == "japanese" else " "
    for size in SIZES:
        text = unicodedata.normalize(form, separator.join(phrase(draw, size, language)))
        assert rules(f"x: {text}\n") == ["bip39-mnemonic"], text


def test_capitals_with_accents_and_foreign_commas() -> None:
    draw = random.Random(3)
    french = phrase(draw, 24, "french")
    assert rules(" ".join(french).upper() + "\n") == ["bip39-mnemonic"]
    assert rules("、".join(phrase(draw, 12, "chinese_simplified")) + "\n") == ["bip39-mnemonic"]


def test_a_phrase_whose_checksum_is_wrong_is_none() -> None:
    secret = phrase(random.Random(1), 24)
    assert rules(" ".join([*secret[:-1], "zoo"])) == [] and rules(" ".join(secret[:11])) == []


# --- the dictionary ----------------------------------------------------------------------------------------------


def test_the_fragment_of_the_outage_is_a_piece_of_the_dictionary() -> None:
    (found,) = scan("BrokenBronzeBroomBrotherBrownBrushBubbleBuddy\n")
    assert (found.rule, found.severity.word) == ("bip39-wordlist", "info")
    assert "library" in found.explanation


def test_the_twelve_from_broken_on_have_a_good_checksum_and_are_no_seed() -> None:
    assert mnemonic.entropy([words("english").index(word) for word in BROKEN]) is not None
    for form in FORMS.values():
        assert rules(form(BROKEN) + "\n") == ["bip39-wordlist"], form(BROKEN)


LISTS: tuple[Form, ...] = (
    "\n".join,
    lambda words: "\n".join(f"  '{word}'," for word in words),
    lambda words: json.dumps(list(words), ensure_ascii=False),
    lambda words: json.dumps({word: place for place, word in enumerate(words)}, ensure_ascii=False),
    lambda words: prefixed(wrapped(words, 7), "app {second} | "),
    lambda words: " ".join(reversed(words)),
    lambda words: "\n".join(" ".join(words[place::128]) for place in range(128)),  # in columns
    lambda words: "\n".join(word for place, word in enumerate(words) if place % 7 % 3),  # filtered
)


@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_whole_list_is_never_a_seed(language: str) -> None:
    for form in LISTS if language == "english" else LISTS[:3]:
        assert rules(form(words(language)) + "\n") == ["bip39-wordlist"]


@pytest.mark.parametrize("form", [camel, "".join])
def test_a_glued_list_is_never_a_seed_wherever_it_is_cut(form: Form) -> None:
    text = form(words("english"))
    for start in range(0, 5000, 331):
        assert rules(f'var words = "{text[start : start + 300]}";\n') == ["bip39-wordlist"], text[start : start + 300]


def test_every_window_of_the_list_that_passes_the_checksum_is_known_for_what_it_is() -> None:
    english = words("english")
    good = [start for start in range(2037) if mnemonic.entropy(range(start, start + 12)) is not None]
    assert len(good) == 132  # research: 132 of 2,037
    text = "".join(f"tick {start}\nword list: {' '.join(english[start : start + 12])}\n" * 1 for start in good)
    assert rules(text) == ["bip39-wordlist"]


def test_a_shuffled_list_is_a_list() -> None:
    shuffled = random.Random(5).sample(words("english"), 2048)
    for form in (" ".join, json.dumps):
        assert rules(form(shuffled) + "\n") == ["bip39-wordlist"]


# --- published phrases -------------------------------------------------------------------------------------------

PUBLISHED = (
    "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about",
    " ".join(["abandon"] * 23 + ["art"]),
    "zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo wrong",
    "legal winner thank year wave sausage worth useful legal winner thank yellow",
    "letter advice cage absurd amount doctor acoustic avoid letter advice cage above",
    "test test test test test test test test test test test junk",
    "candy maple cake sugar pudding cream honey rich smooth crumble sweet treat",
    "myth like bonus scare over problem client lizard pioneer submit female collect",
    "ozone drill grab fiber curtain grace pudding thank cruise elder eight picnic",
    "lava include region explain simple omit dog slot melt reflect copy reward",
)


@pytest.mark.parametrize("text", PUBLISHED)
def test_published_phrases_are_named_as_such(text: str) -> None:
    for said in (text, f"seed phrase: {text}", camel(text.split()), json.dumps(text.split())):
        (found,) = scan(f"{said}\n")
        assert (found.rule, found.severity.word) == ("bip39-test-vector", "low"), said


# --- ordinary text -----------------------------------------------------------------------------------------------


def test_prose_and_logs_of_dictionary_words_are_nothing() -> None:
    prose = (
        "The quick fox can jump over any lazy dog, then wait until some other animal will come near the gate and sit.\n"
        "session open session close session open session close session open session close session open session close\n"
    )
    lines = "".join(f"app | session {word}\n" for word in ["open", "close", "start", "stop", "ready", "idle"] * 30)
    assert rules(prose * 20 + lines) == []

"""The stream: cuts change nothing, both sieves agree, nothing crashes or grows, and no secret comes out."""

from __future__ import annotations

import json
import random
import re
import tracemalloc
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outlive.leaks.cutter import LINE_BYTES, OVERLAP_BYTES
from outlive.leaks.finding import DISTINCT, OTHERS
from outlive.leaks.lexicon import words
from outlive.leaks.plan import plan
from outlive.leaks.rules import load
from outlive.leaks.scanner import Scanner
from outlive.leaks.sieve import PlainSieve, Sieve, Wanted
from outlive.leaks.sieves import best, plain
from tests.leaks.samples import NOW, camel, filled, phrase
from tests.leaks.scans import KEY, rules, scan

relaxed = settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])


NAME = re.compile(r"[A-Z_]+")  # of a variable: no secret


def planted(seed: int) -> tuple[str, list[str]]:
    """A text with a sample of every rule and phrases in several forms between ordinary lines; and its secrets."""
    draw = random.Random(seed)
    parts, secrets = [], []
    for some in load():
        for rule in some:
            for sample in rule.samples.positive:
                secret = filled(sample, seed)
                parts.append(f"2026-02-07T08:15:00Z app | {secret}")
                words_of = secret.replace('"', " ").split()
                secrets += [one for one in words_of if len(one) > 24 and "{" not in one and not NAME.fullmatch(one)]
    for form in (" ".join, camel, "\n".join, json.dumps):
        secret = phrase(draw, draw.choice((12, 24)))
        parts.append(form(secret))
        secrets.append(" ".join(secret[:3]))
    parts.append(camel(words("english")[228:236]))
    draw.shuffle(parts)
    lines = []
    for part in parts:
        lines += [part, *(f"10:00:{draw.randrange(60):02} GET /api/health 200 {draw.random()}" for _ in range(12))]
    return "\n".join(lines), secrets


TEXT, SECRETS = planted(1)
BYTES = TEXT.encode()


def hyperscan() -> Callable[[Wanted], Sieve]:
    return pytest.importorskip("outlive.leaks.sieve_hyperscan").HyperscanSieve


@pytest.fixture(scope="module")
def fast() -> Callable[[Wanted], Sieve]:
    made = hyperscan()(plan().wanted)
    return lambda wanted: made


# --- cuts --------------------------------------------------------------------------------------------------------


@pytest.mark.slow
@relaxed
@given(st.lists(st.integers(0, len(BYTES)), max_size=30))
def test_where_the_stream_is_cut_changes_nothing(cuts: list[int]) -> None:
    assert scan(BYTES, cuts=cuts) == scan(BYTES)


def test_not_even_one_byte_at_a_time() -> None:
    text = "x\n" + " ".join(phrase(random.Random(4))) + "\nпривет 的 一\n" + filled("postgres://app:{alnum:16}@db/x")
    data = text.encode()
    assert scan(data, cuts=range(len(data))) == scan(data) != ()


@pytest.mark.slow
@relaxed
@given(st.integers(0, 3 * LINE_BYTES), st.sampled_from(["phrase", "token", "glued"]), st.lists(st.integers(0, 200_000)))
def test_within_an_endless_line_too(place: int, kind: str, cuts: list[int]) -> None:
    secret = {
        "phrase": " ".join(phrase(random.Random(place))),
        "token": filled("ghp_{alnum:36}", place),
        "glued": camel(phrase(random.Random(place))),
    }[kind]
    line = (b"." * place + b" " + secret.encode() + b" ").ljust(200_000, b".")
    found = scan(b"first\n" + line + b"\nlast\n", cuts=cuts)
    assert [(one.line, one.column, one.count) for one in found] == [(2, place + 2, 1)], found
    assert found[0].rule == ("github-token" if kind == "token" else "bip39-mnemonic")


def test_settling_shows_what_is_there_already() -> None:
    scanner = Scanner(key=KEY, now=NOW, sieve=plain)
    scanner.feed(f"{filled('AKIA{base32:16}')}\nnext".encode())
    assert not scanner.findings
    scanner.settle()
    assert [finding.rule for finding in scanner.findings] == ["aws-access-key-id"]


# --- both sieves -------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_hyperscan_finds_the_same(fast: Callable[[Wanted], Sieve]) -> None:
    for seed in (1, 2, 3):
        text, _ = planted(seed)
        assert scan(text, sieve=fast) == scan(text)


SHREDS = st.sampled_from([line for line in TEXT.splitlines() if "GET" not in line] + ["abandon zoo", "的 一", "\u3000"])


@pytest.mark.slow
@relaxed
@given(text=st.lists(st.one_of(SHREDS, st.text(max_size=20), st.just("\n")), max_size=40).map(" ".join))
def test_hyperscan_finds_the_same_in_shreds(fast: Callable[[Wanted], Sieve], text: str) -> None:
    assert scan(text, sieve=fast) == scan(text)


@pytest.mark.slow
@relaxed
@given(st.binary(max_size=3000))
def test_both_sieves_give_the_same_hits(fast: Callable[[Wanted], Sieve], junk: bytes) -> None:
    one, other = fast(plan().wanted), PlainSieve(plan().wanted)
    letters = junk.lower().translate(bytes(byte if 97 <= byte <= 122 or byte > 127 else 32 for byte in range(256)))
    for muted in (frozenset[int](), frozenset(range(0, 20_000, 2))):
        assert one.words(letters, muted) == other.words(letters, muted)
    assert one.long_runs(letters) == other.long_runs(letters)
    lines = lambda hits: {(junk.count(b"\n", 0, offset), number) for offset, number in hits}  # noqa: E731
    assert lines(one.marks(junk)) == lines(other.marks(junk))


@pytest.mark.slow
def test_the_best_sieve_is_chosen_by_size() -> None:
    hyperscan()
    assert isinstance(best(plan().wanted, 1000), PlainSieve)
    assert not isinstance(best(plan().wanted), PlainSieve)


# --- nothing comes out -------------------------------------------------------------------------------------------


def test_no_finding_holds_the_secret() -> None:
    scanner = Scanner(key=KEY, now=NOW, sieve=plain)
    scanner.feed(BYTES)
    scanner.finish()
    told = repr(scanner.findings) + json.dumps([finding.to_json() for finding in scanner.findings])
    kept = repr(vars(scanner)) + repr(
        {name: vars(one) for name, one in vars(scanner).items() if hasattr(one, "__dict__")}
    )
    assert len(SECRETS) > 60 and len(scanner.findings) > 60
    for secret in SECRETS:
        assert secret not in told and secret not in kept, secret


def test_a_fingerprint_depends_on_the_key() -> None:
    text = filled("ghp_{alnum:36}")
    one, same, other = scan(text), scan(f"again {text}"), scan(text, key=b"another")
    assert one[0].fingerprint == same[0].fingerprint != other[0].fingerprint


# --- bounds ------------------------------------------------------------------------------------------------------

HARD: dict[str, bytes] = {
    "one endless word": b"a" * 4_000_000,
    "endless dictionary words": b"act" * 1_300_000,
    "dictionary words without a newline": b"zebra quantum " * 280_000,
    "NULs": b"\0" * 4_000_000,
    "newlines": b"\n" * 4_000_000,
    "half a header again and again": b"-----BEGIN PRIVATE KEY-----" * 150_000,
    "half a token again and again": b"eyJhbGciOi.eyJhbGciOi." * 180_000,
    "half an address again and again": b"postgres://a:" * 300_000,
    "half an assignment again and again": b"password=secret_" * 250_000,
    "quotes and escapes": b'\\n\\"\\u00e9%20\x1b[0m' * 250_000,
    "half an environment": b"PATH=/usr/bin\n" * 280_000,
    "half an error": b"signal: 'SIGTERM',\n" * 200_000,
    "cut UTF-8": "的一是".encode()[:-1] * 500_000,
}


@pytest.mark.slow
@pytest.mark.parametrize("name", HARD)
def test_hard_input_stays_small(name: str) -> None:
    """Memory does not grow with the text. (That time grows in step with it is measured by bench/leaks, not by a test.)"""
    data = HARD[name]
    costs = []
    for size in (400_000, 800_000):
        scanner = Scanner(key=KEY, now=NOW, sieve=plain)
        tracemalloc.start()
        scanner.feed(data[:size])
        scanner.finish()
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        costs.append(peak)
    assert costs[1] < 60 << 20 and costs[1] < costs[0] + (8 << 20), costs


def test_memory_is_bounded_however_many_secrets_there_are() -> None:
    found = scan("".join(f"{filled('ghp_{alnum:36}', seed)}\n" for seed in range(DISTINCT + 50)))
    assert len(found) == DISTINCT + 1
    assert [finding.count for finding in found if finding.fingerprint == OTHERS] == [50]


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(st.binary(max_size=5000), st.text(max_size=2000).map(lambda text: text.encode())))
def test_junk_is_survived(junk: bytes) -> None:
    scan(junk)


@relaxed
@given(st.lists(st.one_of(SHREDS, st.binary(max_size=30).map(lambda junk: junk.decode("latin-1"))), max_size=30))
def test_shreds_of_secrets_are_survived(parts: list[str]) -> None:
    scan("".join(parts).encode("utf-8", "surrogatepass"))


def test_a_piece_shows_all_that_a_rule_reads() -> None:
    """No pattern can match more than a piece of a long line shows behind the last one."""
    import re._parser as parser  # the widths that the standard library itself computes

    for rule in load()[0]:
        assert parser.parse(rule.pattern.pattern).getwidth()[1] < OVERLAP_BYTES, rule.meaning.rule


@pytest.mark.slow
def test_the_words_of_this_log_are_muted_and_a_phrase_is_still_found() -> None:
    draw = random.Random(2)
    own = "".join(f"{number} shop chair cushion balance spend\n" for number in range(30_000))
    scanner = Scanner(key=KEY, now=NOW, sieve=plain)
    scanner.feed(own.encode())
    assert len(scanner._rare.muted) >= 4
    scanner.feed(f"{' '.join(phrase(draw))}\n".encode())
    scanner.finish()
    assert [finding.rule for finding in scanner.findings] == ["bip39-mnemonic"]


def test_the_sentences_of_this_log_hide_no_phrase() -> None:
    own = "please read the upgrade guide before you start again\n"  # two rare words in a row of dictionary words
    secret = " ".join(phrase(random.Random(3)))
    found = scan((own * 500 + f"app | {secret}\n") * 5)
    assert [(finding.rule, finding.count) for finding in found] == [("bip39-mnemonic", 5)]


def test_an_empty_text_has_nothing() -> None:
    assert scan(b"") == () and rules("\n\n") == []

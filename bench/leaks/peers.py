"""Others who look for secrets: detect-secrets, and the loop over lines that one would write first."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from outlive.leaks.lexicon import words
from outlive.leaks.mnemonic import SIZES, entropy
from outlive.leaks.rules import load

Found = tuple[int, str]  # line from 1, what its finder calls it


def plain_loop(path: Path) -> Iterator[Found]:
    """Every pattern of ours at every line, and every window of dictionary words: no sieve, no checks."""
    patterns = [(rule.meaning.rule, rule.pattern, rule.lowered) for rule in load()[0]]
    numbers = {word: number for number, word in enumerate(words("english"))}
    with path.open("rb") as file:
        for line_number, line in enumerate(file, 1):
            lower = line.lower()
            for name, pattern, lowered in patterns:
                if pattern.search(lower if lowered else line):
                    yield line_number, name
            row = [numbers.get(word) for word in re.findall(r"[a-z]+", lower.decode(errors="replace"))]
            for size in SIZES:
                for start in range(len(row) - size + 1):
                    window = [index for index in row[start : start + size] if index is not None]
                    if len(window) == size and entropy(window) is not None:
                        yield line_number, "bip39-mnemonic"


def detect_secrets(path: Path) -> Iterator[Found]:
    """With its default plug-ins and filters. Raises ImportError where it is not installed."""
    from detect_secrets.core.scan import scan_file
    from detect_secrets.settings import default_settings

    with default_settings():
        for secret in scan_file(str(path)):
            yield secret.line_number, secret.type

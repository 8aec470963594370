"""The BIP39 list as the source of libraries has it, and as a log shows that when it is printed. Pure. Made from the list:
no library's code is copied."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence

from outlive.leaks.lexicon import words
from tests.leaks.samples import camel

Form = Callable[[Sequence[str]], str]

LIBRARIES: Mapping[str, Form] = {
    "ethers 5 (one CamelCase string)": lambda words: f'const words = "{camel(words)}";',
    "bitcoinjs bip39 (a JSON file)": lambda words: json.dumps(list(words), indent=4),
    "bitcoinjs bip39, bundled": lambda words: json.dumps(list(words), separators=(",", ":")),
    "scure bip39 (a template string)": lambda words: "exports.wordlist = `" + "\n".join(words) + "`.split('\\n');",
    "mnemonic of Python (a text file)": "\n".join,
    "rust-bip39 (an array of strings)": lambda words: "".join(f'    "{word}",\n' for word in words),
    "go-bip39 (a raw string)": lambda words: "var english = `" + "\n".join(words) + "\n`",
    "web3j, bitcoinj (a text file), bundled": " ".join,
    "trezor-crypto (an array of C strings)": lambda words: ", ".join(f'"{word}"' for word in words) + ", 0,",
    "monero-like table (index and word)": lambda words: "\n".join(
        f"{place}\t{word}" for place, word in enumerate(words)
    ),
}


def dumps() -> Mapping[str, str]:
    """Whole, behind a log's prefix, and in pieces of 400 bytes as a tail or a grep shows them."""
    english = words("english")
    found = {}
    for name, form in LIBRARIES.items():
        text = form(english)
        found[name] = text
        found[f"{name}, behind a prefix"] = "\n".join(f"07:44:01 app | {line}" for line in text.split("\n"))
        pieces = (text[start : start + 400] for start in range(0, len(text), 1777))
        found[f"{name}, in pieces"] = "\n".join(f"found: {piece}\nGET /api/health 200" for piece in pieces)
    return found

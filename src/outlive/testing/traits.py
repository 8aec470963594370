"""What is declared about a vault before it is held to the contract, and the keys that the contract tries."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

ODD_NAMES = (
    "a b",
    "plus+plus",
    "per%41cent%",
    "hash#question?amp&",
    "=@:;,$!()[]{}^`|~*",
    "quote\"s'<>",
    "ünï-中文-\U0001f600",
    ".hidden",
    "...",
    "-rf",
    "x" * 200,
)
BAD_KEYS = (
    "",
    "/",
    "/a",
    "a/",
    "a//b",
    "..",
    "a/../b",
    "./a",
    "a/.",
    "a\\b",
    "a\0b",
    "a\nb",
    "a\x7fb",
    "a\ud800b",
    "a/.tmp-b",
)


class Create(StrEnum):
    """What a second `put` of a key meets."""

    ATOMIC = "atomic"  # ObjectExists, also when two writers come at one moment
    CHECKED = "checked"  # ObjectExists when the object was there before; at one moment the later writer stays
    OVERWRITES = "overwrites"  # no error: the store ignores the condition


@dataclass(frozen=True, slots=True)
class VaultTraits:
    """What is declared about a vault."""

    create: Create = Create.ATOMIC

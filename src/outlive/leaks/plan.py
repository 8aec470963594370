"""What the sieve looks for, and whom each hit calls. Pure; made once from the rules."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

from outlive.leaks import key_blocks
from outlive.leaks.lexicon import TELLING, lexicon
from outlive.leaks.rules import Triggers, load
from outlive.leaks.sieve import Wanted

KEYS = Triggers(literals=(key_blocks.LITERAL,))
Calls = tuple[int, ...]
Key = TypeVar("Key", bytes, str)


@dataclass(frozen=True, slots=True)
class Plan:
    """Watches have the numbers of their rules, then groups, then key blocks. `by_word`, `by_name` and `by_mark`: which
    watches a word, one that is assigned to, and a literal or probe calls. `rare`: numbers of the words that dictionary
    phrases are found by, `telling` of those of them that are enough alone."""

    wanted: Wanted
    by_word: Sequence[Calls]
    by_name: Sequence[Calls]
    by_mark: Sequence[Calls]
    rare: frozenset[int]
    telling: frozenset[int]


@cache
def plan() -> Plan:
    rules, groups = load()
    triggers = [*(rule.triggers for rule in rules), *(group.triggers for group in groups), KEYS]
    words = _calls((word, number) for number, one in enumerate(triggers) for word in one.words)
    names = _calls((name, number) for number, one in enumerate(triggers) for name in one.names)
    literals = _calls((literal, number) for number, one in enumerate(triggers) for literal in one.literals)
    probes = _calls((one.probe, number) for number, one in enumerate(triggers) if one.probe is not None)
    rare = lexicon().rare
    wanted = Wanted(tuple(sorted(rare | words.keys() | names.keys())), tuple(literals), tuple(probes))
    return Plan(
        wanted,
        tuple(words.get(word, ()) for word in wanted.words),
        tuple(names.get(word, ()) for word in wanted.words),
        (*literals.values(), *probes.values()),
        frozenset(number for number, word in enumerate(wanted.words) if word in rare),
        frozenset(number for number, word in enumerate(wanted.words) if word in TELLING),
    )


def _calls(pairs: Iterable[tuple[Key, int]]) -> Mapping[Key, Calls]:
    calls: defaultdict[Key, list[int]] = defaultdict(list)
    for pair in pairs:
        calls[pair[0]].append(pair[1])
    return {trigger: tuple(numbers) for trigger, numbers in calls.items()}

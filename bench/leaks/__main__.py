"""Leaks, beside detect-secrets and a plain loop: `make bench-leaks`, or `python -m bench.leaks [--small] [--json]`.

One process on one processor; what is counted is processor time, so that a busy machine says little about who wins.
bench/README.md says how to read it.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from bench.here import machine, say
from bench.leaks import contest, peers
from bench.leaks.contest import Result, Text
from bench.leaks.dumps import dumps
from bench.report import markdown
from outlive.leaks import sieves
from tests.leaks.test_scanner import HARD

HEAD = ("contender", "MB/s and core", "MB read", "planted", "found %", "elsewhere in 100 MB")


@dataclass(frozen=True, slots=True)
class Size:
    """How much each reads; the slow ones read less. After `each_lines` lines, a secret."""

    ours_bytes: int
    plain_bytes: int
    slow_bytes: int
    hard_bytes: int
    each_lines: int


FULL = Size(1_000_000_000, 200_000_000, 4_000_000, 4_000_000, 2000)
SMALL = Size(3_000_000, 1_500_000, 300_000, 400_000, 50)


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.leaks", description=__doc__)
    parser.add_argument("--small", action="store_true", help="a few megabytes: does everything work?")
    parser.add_argument("--json", action="store_true", help="numbers on stdout, the tables go to stderr")
    options = parser.parse_args()
    size = SMALL if options.small else FULL
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:1])
    with tempfile.TemporaryDirectory(prefix="outlive-bench-") as folder:
        results = dict(hold(Path(folder), size))
    false = contest.false_criticals(dumps(), sieves.plain)
    hard = {name: text[: size.hard_bytes] for name, text in HARD.items()}
    slow = list(contest.slowdown(hard, sieves.best))
    tell(results, false, slow)
    if options.json:
        print(json.dumps(document(results, false, slow), indent=1))
    return 0


def hold(folder: Path, size: Size) -> Iterator[tuple[str, Result]]:
    """Each contender by name, with its result."""
    say(f"making {size.ours_bytes / 1e6:.0f} MB of logs")
    large = contest.write(folder / "large.log", size.ours_bytes, each_lines=size.each_lines, seed=1)
    middle = contest.write(folder / "middle.log", size.plain_bytes, each_lines=size.each_lines, seed=2)
    small = contest.write(folder / "small.log", size.slow_bytes, each_lines=min(100, size.each_lines), seed=3)
    fast = partial(sieves.best, expected_bytes=None)
    contenders: list[tuple[str, Callable[[], Result]]] = [
        ("outlive, with Hyperscan", lambda: contest.ours(large, fast)),
        ("outlive, plain Python", lambda: contest.ours(middle, sieves.plain)),
        ("a loop over lines and rules", lambda: contest.theirs(small, peers.plain_loop, same_name=True)),
        ("detect-secrets", lambda: _detect_secrets(small)),
    ]
    for name, act in contenders:
        say(f"{name} ...")
        try:
            yield name, act()
        except ImportError as error:
            say(f"{name}: left out, {error.name} is not installed (make bench-leaks installs it)")


def _detect_secrets(text: Text) -> Result:
    return contest.theirs(text, peers.detect_secrets, same_name=False)


def tell(results: dict[str, Result], false: list[str], hard: list[tuple[str, float, float]]) -> None:
    rows = [
        (name, f"{one.mb_per_second:.2f}", f"{one.size_bytes / 1e6:.0f}", str(one.planted), f"{one.recall * 100:.1f}",
         f"{len(one.false) / one.size_bytes * 1e8:.1f}")
        for name, one in results.items()
    ]  # fmt: skip
    say("\n" + markdown([HEAD, *rows]) + "\n")
    for name, one in results.items():
        if one.missed:
            say(f"{name} missed: {dict(Counter(one.missed).most_common(12))}")
        if one.false:
            say(f"{name} found elsewhere: {one.false[:5]}")
    say(f"dumps of word lists: {len(dumps())}, taken for a seed: {len(false)} {false or ''}\n")
    say(markdown([("hard to read", "MB/s and core", "twice the text, times the time"),
                  *((name, f"{speed:.1f}", f"{times:.2f}") for name, speed, times in hard)]))  # fmt: skip
    say(f"\n{machine()}")


def document(results: dict[str, Result], false: list[str], hard: list[tuple[str, float, float]]) -> dict[str, Any]:
    return {
        "contenders": {
            name: {
                "mb_per_core_second": one.mb_per_second,
                "bytes": one.size_bytes,
                "planted": one.planted,
                "recall": one.recall,
                "false": len(one.false),
            }
            for name, one in results.items()
        },
        "dumps_taken_for_a_seed": false,
        "hard": {name: {"mb_per_core_second": speed, "times": times} for name, speed, times in hard},
    }


if __name__ == "__main__":
    sys.exit(main())

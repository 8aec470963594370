"""Holds the contest: makes the text, has each contender read it, counts what was found."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from bench.leaks.logs import START, lines
from bench.leaks.peers import Found
from bench.leaks.plants import Plant, plants
from outlive.leaks.finding import Finding, Severity
from outlive.leaks.scanner import Scanner
from outlive.leaks.sieve import Sieve, Wanted

KEY = b"a key for benches"


@dataclass(slots=True)
class Text:
    """A log in a file, and what was planted: by the rule, the lines where it begins and ends."""

    path: Path
    size_bytes: int = 0
    planted: list[tuple[str, int, int]] = field(default_factory=list)


def write(path: Path, size_bytes: int, *, each_lines: int, seed: int) -> Text:
    """Ordinary lines; after every `each_lines` of them a secret."""
    text, ordinary, secrets, line = Text(path), lines(seed), plants(seed), 1
    with path.open("wb") as file:
        while text.size_bytes < size_bytes:
            block = list(islice(ordinary, each_lines))
            plant: Plant = next(secrets)
            first = line + len(block)
            block += plant.text.split("\n")
            line += len(block)
            text.planted.append((plant.rule, first, line - 1))
            text.size_bytes += file.write(("\n".join(block) + "\n").encode())
    return text


@dataclass(frozen=True, slots=True)
class Result:
    """`missed`: planted secrets without a finding at their lines. `false`: findings elsewhere."""

    cpu_seconds: float
    size_bytes: int
    planted: int
    missed: Sequence[str]
    false: Sequence[str]

    @property
    def mb_per_second(self) -> float:
        return self.size_bytes / 1e6 / self.cpu_seconds

    @property
    def recall(self) -> float:
        return 1 - len(self.missed) / self.planted if self.planted else 1.0


def ours(text: Text, sieve: Callable[[Wanted], Sieve]) -> Result:
    """The whole of it through one scanner. The sieve is made before the clock starts, as in a keeper that follows logs."""
    scanner = Scanner(key=KEY, now=START, sieve=sieve)
    with text.path.open("rb") as file:
        started = time.process_time()
        while chunk := file.read(1 << 20):
            scanner.feed(chunk)
        scanner.finish()
    seconds = time.process_time() - started
    grave = [(one.line, one.rule) for one in scanner.findings if _counts(one)]
    return _result(text, seconds, grave, same_name=True)


def theirs(text: Text, look: Callable[[Path], Iterable[Found]], *, same_name: bool) -> Result:
    """`same_name`: it calls things as our rules do; else anything that it finds in a secret's lines counts."""
    started = time.process_time()
    found = list(look(text.path))
    return _result(text, time.process_time() - started, found, same_name=same_name)


def false_criticals(texts: Mapping[str, str], sieve: Callable[[Wanted], Sieve]) -> list[str]:
    """Names of the texts in which something critical was found, where nothing is."""
    found = []
    for name, text in texts.items():
        scanner = Scanner(key=KEY, now=START, sieve=sieve)
        scanner.feed(text.encode())
        scanner.finish()
        if any(one.severity is Severity.CRITICAL for one in scanner.findings):
            found.append(name)
    return found


def slowdown(hard: Mapping[str, bytes], sieve: Callable[[Wanted], Sieve]) -> Iterator[tuple[str, float, float]]:
    """Of texts that are hard to read: name, megabytes a second, and how often the time of half of it the whole takes."""
    for name, data in hard.items():
        half, whole = _seconds(data[: len(data) // 2], sieve), _seconds(data, sieve)
        yield name, len(data) / 1e6 / whole, whole / half


def _seconds(data: bytes, sieve: Callable[[Wanted], Sieve]) -> float:
    scanner = Scanner(key=KEY, now=START, sieve=sieve)
    started = time.process_time()
    scanner.feed(data)
    scanner.finish()
    return time.process_time() - started


def _counts(finding: Finding) -> bool:
    return finding.severity >= Severity.LOW


def _result(text: Text, seconds: float, found: Sequence[Found], *, same_name: bool) -> Result:
    at_line: defaultdict[int, set[str]] = defaultdict(set)
    for line, name in found:
        at_line[line].add(name)
    missed, of_plants = [], set()
    for rule, first, last in text.planted:
        span = range(first, last + 1)
        of_plants.update(span)
        names = set().union(*(at_line.get(line, ()) for line in span))
        if not (rule in names if same_name else names):
            missed.append(rule)
    false = [f"line {line}: {name}" for line, name in found if line not in of_plants]
    return Result(seconds, text.size_bytes, len(text.planted), missed, false)

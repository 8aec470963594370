"""What is fuzzed, one function a parser: any bytes go in, and nothing may come out but what its docstring promises."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from types import MappingProxyType

from fuzz import seeds
from fuzz.shaken import shaken
from outlive.commands import docker_deaths, docker_look, env_names, host_logs, journal, log_files, loki
from outlive.leaks import sieves
from outlive.leaks.scanner import Scanner
from outlive.logs.journal_place import JournalPlace
from outlive.logs.stamps import stamp
from outlive.witnesses.docker import value

NOW = datetime(2026, 2, 7, 8, 17, tzinfo=UTC)
KEY = b"k" * 32
PIECE = log_files.Piece("/var/lib/docker/x-json.log", 7, 0, 1 << 20)
WANTED = host_logs.Wanted(host_logs.FileSeen("/var/log/x.log", 1, 7, 1 << 20, NOW), 256, 1 << 20, 256)


def docker(data: bytes) -> None:
    """Containers and events, as one command prints them; then everything that is told of them, as JSON."""
    _docker(data.decode("utf-8", "replace"))
    event, container = shaken(seeds.EVENT | seeds.OWN, data), shaken(seeds.CONTAINER, data)
    _docker(f"now\t1770000100\nevent\t{json.dumps(event)}\ncontainer\t{json.dumps(container)}\nend\t\n")


def _docker(text: str) -> None:
    try:
        look = docker_look.read_look(text)
    except ValueError:
        return
    ended = docker_deaths.deaths(look.events)
    for one in look.containers or ():
        json.dumps(value(one, [death for death in ended if death.seat == one.seat] or ended))


def frames(data: bytes) -> None:
    """Docker's json-file, and the commands that bring it, log files and the journal of the host; the times in those."""
    for one in (data, json.dumps(shaken(seeds.LINE, data)).encode() + b"\n"):
        lines, used = log_files.decode(one)
        assert 0 <= used <= len(one)
        assert all(line.at.tzinfo is not None for line in lines)
    for one in (data, data + b"\nend\tasked\t1764000000\t\t status 0\n"):
        with suppress(ValueError):
            answer = journal.read_look(one, 1 << 20)
            JournalPlace(cursor=answer.entries[0].cursor if answer.entries else None).take(answer)
    text = data.decode("utf-8", "replace")
    when = stamp(data, UTC)
    assert when is None or when.tzinfo is not None
    pieces = (lambda said: log_files.read_pieces(said, [PIECE]), lambda said: host_logs.read_pieces(said, [WANTED]))
    for read in (log_files.read_stat, host_logs.read_look, *pieces, env_names.read_look):
        try:
            read(text)
        except ValueError:
            continue


def documents(data: bytes) -> None:
    """Loki's answers and the messages of its tail."""
    loki.allowed_entries(data.decode("utf-8", "replace"))
    bodies = [shaken(seeds.ANSWER, data), shaken(seeds.TAIL, data)]
    with suppress(ValueError, RecursionError):
        bodies.append(json.loads(data))
    for body in bodies:
        for read in (loki.read_range, loki.read_tail):
            try:
                read(body)
            except ValueError:
                continue


def leaks(data: bytes) -> None:
    """The scanner: the same findings whether it is fed at once or in pieces."""
    assert _found(data) == _found(data[: len(data) // 3], data[len(data) // 3 :])


def _found(*chunks: bytes) -> list[tuple[str, str, int]]:
    scanner = Scanner(key=KEY, now=NOW, sieve=sieves.plain)
    for chunk in chunks:
        scanner.feed(chunk)
    scanner.finish()
    return sorted((one.rule, one.fingerprint, one.count) for one in scanner.findings)


TARGETS: Mapping[str, Callable[[bytes], None]] = MappingProxyType(
    {"docker": docker, "frames": frames, "documents": documents, "leaks": leaks}
)

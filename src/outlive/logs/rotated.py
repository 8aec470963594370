"""What was rotated of a log: by which names, and in which order. Pure.

logrotate numbers (`x.log.1`) or dates (`x.log-20261126`), and compresses what is older; libraries of applications date
before or behind the ending (`x-2026-11-26.log`, `x.log.2026-11-26`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import PurePosixPath

from outlive.commands.host_logs import FileSeen

_WHEN = r"[-.](?:\d[\dTtZz:_.+-]*|old|bak)"
_PACKED = r"(?:\.gz|\.xz|\.zst|\.bz2)?"
_NUMBER = re.compile(r"\.(\d{1,4})(?:\.\w+)?$")


def globs(path: str) -> tuple[str, ...]:
    """In the shell's words: the log (or logs, by a `*` in its name), and what may have been rotated of it."""
    at = PurePosixPath(path)
    folder, name = _literal(str(at.parent).rstrip("/")), _literal(at.name).replace("[*]", "*")
    dated = () if "*" in name or not at.suffix else (f"{folder}/{_literal(at.stem)}[-.]*{_literal(at.suffix)}*",)
    return (f"{folder}/{name}", f"{folder}/{name}[-.]*", *dated)


def chain(path: str, files: Iterable[FileSeen]) -> list[FileSeen]:
    """What was rotated of the log at `path`, oldest first, and the log itself. One that is being compressed counts once."""
    pattern = _rotated(path)
    found = {one.path: one for one in files if one.path == path or pattern.fullmatch(one.path)}
    plain = [one for one in found.values() if not (one.is_packed and one.path.rpartition(".")[0] in found)]
    return sorted(plain, key=lambda one: (one.path == path, one.changed_at, -_number(one.path)))


def is_rotated_of(one: str, path: str) -> bool:
    return _rotated(path).fullmatch(one) is not None


def matches(pattern: str, path: str) -> bool:
    """Whether the shell would find it by that pattern, which holds `*` in its name alone."""
    wanted, named = PurePosixPath(pattern), PurePosixPath(path)
    parts = (re.escape(part) for part in wanted.name.split("*"))
    return wanted.parent == named.parent and re.fullmatch(".*".join(parts), named.name, re.DOTALL) is not None


@lru_cache(maxsize=256)
def _rotated(path: str) -> re.Pattern[str]:
    at = PurePosixPath(path)
    stem, ending = (path.removesuffix(at.suffix), at.suffix) if at.suffix else (path, "")
    return re.compile(f"(?:{re.escape(path)}{_WHEN}|{re.escape(stem)}{_WHEN}{re.escape(ending)}){_PACKED}")


def _number(path: str) -> int:
    found = _NUMBER.search(path)
    return int(found[1]) if found else 0


def _literal(text: str) -> str:
    return re.sub(r"([*?\[])", r"[\1]", text)

"""Reading the systemd journal of a host, and what journalctl says. Pure.

One command a look: a shell, which asks journalctl twice. The second time for the entries, as JSON, from the entry that was
read last (it comes again, and first: systemd.journal-fields(7) and sd_journal_seek_cursor(3) say that where it is gone
journalctl goes on at the next closest without a word). `--after-cursor` would hide that, and up to systemd 254 leaves out
an entry when there is a filter as well (systemd issue 30288). The first time for what it complains of: with
`--output=json` it is quiet, and shows a login without the right to read the journal that login's own messages only, as if
there were no others (journalctl(1), `--quiet`; seen with systemd 252).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

FIELDS = "MESSAGE,SYSLOG_IDENTIFIER,SYSLOG_PID,_PID,_COMM"
# The third is what comes in place of the hint where there is no /var/log/journal: it was about to say who may.
_NO_RIGHT = ("insufficient permissions", "not seeing messages from other users", "Failed to search journal ACL")
_NO_FILES = "No journal files were found"
_CURSOR = re.compile(r"[a-z]=[0-9a-f]{1,32}(?:;[a-z]=[0-9a-f]{1,32}){3,9}")
_ENTRY = ("b", "m", "t", "x")  # what an entry is known by, whichever file it came from: boot, two clocks, hash
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LOOK = r"""
LC_ALL=C SYSTEMD_COLORS=0; export LC_ALL SYSTEMD_COLORS
command -v journalctl >/dev/null 2>&1 || { printf '\nend\tnone\t\t\t\n'; exit 0; }
most=$1; shift
said() { head -c 1000 | tr '\t\r\n' '   '; }
hint=$(journalctl --no-pager --lines=0 2>&1 >/dev/null | said)
now=$(date +%s)
exec 3>&1
why=$({ { journalctl "$@"; printf ' status %s' "$?" >&2; } 2>&4 | head -c "$most" >&3; } 4>&1 | said)
printf '\nend\tasked\t%s\t%s\t%s\n' "$now" "$hint" "$why"
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the journal. `lines`: its text as auth.log has it, but for time and host; None when it is so long that
    journalctl did not say it."""

    cursor: str
    at: datetime
    lines: tuple[bytes, ...] | None


@dataclass(frozen=True, slots=True)
class Answer:
    """Entries, oldest first. `asked_at` by the host's clock. `is_cut`: there is more than was to be brought. `trouble`: a
    word of the vocabulary when it tells nothing, and `why` in more words."""

    asked_at: datetime
    entries: tuple[Entry, ...]
    is_cut: bool
    trouble: str = ""
    why: str = ""


def look(matches: Sequence[str], start: str, most_bytes: int, *, is_whole: bool) -> tuple[str, ...]:
    """The command. `start` is one of the three below; `is_whole`: also texts of more than 4096 bytes."""
    asked = ["--no-pager", "--output=json", f"--output-fields={FIELDS}", *(["--all"] if is_whole else ())]
    return ("sh", "-c", _LOOK, "sh", str(most_bytes), *asked, start, *matches)


NEWEST = "--lines=1"


def at_cursor(cursor: str) -> str:
    """That entry, and all after it."""
    return f"--cursor={cursor}"


def since(at: datetime) -> str:
    """By the host's clock (systemd.time(7))."""
    return f"--since=@{int(at.timestamp())}"


def is_cursor(text: object) -> bool:
    """Opaque by sd_journal_get_cursor(3); what looks otherwise did not come from there."""
    return isinstance(text, str) and _CURSOR.fullmatch(text) is not None


def is_same(one: str, other: str) -> bool:
    """Whether both lead to one entry: it may have several cursors (sd_journal_test_cursor(3))."""
    here, there = _parts(one), _parts(other)
    return all(here.get(name) == there.get(name) for name in _ENTRY)


def moment(cursor: str) -> datetime:
    """When the entry was written, by the host's clock."""
    return _time(int(_parts(cursor).get("t", "0"), 16))


def _parts(cursor: str) -> dict[str, str]:
    return dict(one.split("=", 1) for one in cursor.split(";"))


def read_look(data: bytes, most_bytes: int) -> Answer:
    """Raises ValueError when the answer was cut off, or is none."""
    body, mark, end = data.rpartition(b"\nend\t")
    words = end.decode("utf-8", "replace").split("\t")
    if not mark or len(words) != 4:
        raise ValueError("the host did not answer as a POSIX shell does")
    if words[0] == "none":
        return Answer(_EPOCH, (), False, "not_there", "there is no journalctl: this host keeps no systemd journal")
    is_cut = len(body) >= most_bytes
    told = body[: body.rfind(b"\n") + 1] if is_cut else body
    trouble = _trouble(words[2], words[3], is_cut)
    return Answer(_time(int(words[1]) * 10**6), tuple(_entries(told)), is_cut, *trouble)


def _trouble(hint: str, said: str, is_cut: bool) -> tuple[str, str]:
    if any(one in hint + said for one in _NO_RIGHT):
        cure = "as root there: usermod -aG systemd-journal LOGIN; or `sudo = true` for this host"
        return "not_readable", f"the login may not read the journal, only what it wrote itself ({cure})"
    if _NO_FILES in hint + said:
        return "not_there", "journald keeps no journal on this host (Storage= in journald.conf)"
    if not is_cut and not said.rstrip().endswith("status 0"):
        return "not_readable", "journalctl said: " + "".join(one if one.isprintable() else "?" for one in said)[:200]
    return "", ""


def _entries(told: bytes) -> Iterator[Entry]:
    """What is no entry is passed over."""
    for line in told.split(b"\n"):
        try:
            fields = json.loads(line)
            cursor, at = fields["__CURSOR"], _time(int(fields["__REALTIME_TIMESTAMP"]))
            text = _text(fields["MESSAGE"]) if "MESSAGE" in fields else b""
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
            continue
        if is_cursor(cursor):
            yield Entry(cursor, at, None if text is None else _lines(fields, text))


def _time(micros: int) -> datetime:
    try:
        return _EPOCH + timedelta(microseconds=micros)
    except OverflowError as error:
        raise ValueError("no time that there will be") from error


def _text(value: Any) -> bytes | None:
    """A field as journalctl's JSON has it: a text; a list of bytes when it is not UTF-8 or not printable; a list of either
    when the field was given several times; null when it is long and `--all` was not asked for."""
    if value is None:
        return None
    if isinstance(value, str):
        return value.encode("utf-8", "replace")
    if all(isinstance(one, int) for one in value):
        return bytes(value)
    return b"\n".join(_text(one) or b"" for one in value)


def _lines(fields: Mapping[str, Any], text: bytes) -> tuple[bytes, ...]:
    """As syslog writes it: `sshd[123]: Failed password ...`."""
    who = next((_word(fields.get(name)) for name in ("SYSLOG_IDENTIFIER", "_COMM") if _word(fields.get(name))), "")
    pid = next((_word(fields.get(name)) for name in ("SYSLOG_PID", "_PID") if _word(fields.get(name))), "")
    head = f"{who}[{pid}]: " if who and pid else f"{who}: " if who else ""
    return tuple((head.encode("utf-8", "replace") + text).split(b"\n"))


def _word(value: Any) -> str:
    return value if isinstance(value, str) else ""

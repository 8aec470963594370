"""The systemd journal: what is asked, and how answers are read. The recorded one is journalctl's of Debian 12."""

from __future__ import annotations

import json
import shlex
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from outlive.commands import journal
from outlive.commands.journal import Answer, is_cursor, is_same, read_look
from outlive.leaks import sieves
from outlive.leaks.scanner import Scanner
from outlive.model.journal import Journal

RECORDED = (Path(__file__).parents[1] / "recorded" / "journal" / "systemd-252.txt").read_bytes()
MOST = 1 << 19
CURSOR = "s=5c78007f467e40f18e1dbcdceff15696;i=1;b=11111111111111111111111111111111;m=3baa0c40;t=6445941718240;x=e979"
HINT = (  # words of systemd 252 to one who is in neither group, beside a status of 0
    "Hint: You are currently not seeing messages from other users and the system.       Users in groups 'adm', "
    "'systemd-journal' can see all messages.       Pass -q to turn off this notice. "
)


def answer(body: bytes = b"", hint: str = "", said: str = " status 0", most: int = MOST) -> Answer:
    return read_look(body + f"\nend\tasked\t1770451200\t{hint}\t{said}\n".encode(), most)


def entry(**fields: Any) -> bytes:
    told = {"__CURSOR": CURSOR, "__REALTIME_TIMESTAMP": "1770451200000000", "SYSLOG_IDENTIFIER": "sshd", "_PID": "8"}
    return json.dumps(told | fields).encode() + b"\n"


def lines(**fields: Any) -> tuple[bytes, ...] | None:
    (one,) = answer(entry(**fields)).entries
    return one.lines


def test_a_recorded_answer_is_auth_log_without_time_and_host() -> None:
    told = read_look(RECORDED, MOST)
    assert (told.trouble, told.is_cut, told.entries[0].at) == ("", False, datetime(2026, 2, 7, 8, tzinfo=UTC))
    said = [one.lines[0] if one.lines else None for one in told.entries]
    assert said[:2] == [
        b"sshd[812]: Server listening on 0.0.0.0 port 22.",
        b"sshd[4001]: Accepted publickey for root from 192.0.2.4 port 33650 ssh2: "
        b"ED25519 SHA256:laFqMjbG1rlih1RzMkhUs2cXzsOJuaUHJLHSXadkqdk",
    ]
    assert b"sshd-session[4020]: Failed password for root from 192.0.2.9 port 40022 ssh2" in said
    assert b"sshd[4022]: Invalid user \xff\xfe from 192.0.2.9 port 33662" in said, "a list of bytes"
    assert said[-2] is None, "null: longer than 4096 bytes"
    assert told.entries[-1].lines == (b"su[4040]: one", b"two"), "given twice"
    assert all(is_cursor(one.cursor) for one in told.entries)


def test_ordinary_logins_are_no_finding_and_neither_is_what_we_ask_through_sudo() -> None:
    """sudo writes every command of ours into the journal that we read."""
    asked = journal.look(Journal().matches, journal.at_cursor(CURSOR), MOST, is_whole=True)
    ours = f"sudo[77]:   deploy : PWD=/home/deploy ; USER=root ; COMMAND=/usr/bin/{shlex.join(asked)}"
    said = [text for one in read_look(RECORDED, MOST).entries for text in one.lines or ()]
    scanner = Scanner(key=b"k" * 32, now=datetime(2026, 2, 7, 8, tzinfo=UTC), sieve=sieves.plain)
    scanner.feed(b"\n".join([*said, *ours.encode().split(b"\n")]) + b"\n")
    scanner.settle()
    assert [one.rule for one in scanner.findings if one.compromise or one.severity.word in ("high", "critical")] == []


def test_what_is_asked() -> None:
    command = journal.look(["--unit=ssh.service"], journal.NEWEST, 7, is_whole=True)
    assert command[3:6] == ("sh", "7", "--no-pager") and "--all" in command
    assert command[-2:] == ("--lines=1", "--unit=ssh.service")
    assert "--all" not in journal.look([], journal.NEWEST, 7, is_whole=False)
    assert journal.since(datetime(2026, 2, 7, 8, tzinfo=UTC)) == "--since=@1770451200"
    assert Journal().matches == ("SYSLOG_FACILITY=0", "SYSLOG_FACILITY=10", "SYSLOG_FACILITY=4")
    assert Journal(priority="err").matches[0] == "--priority=err", "beside what auth.log held"
    one, other = Journal(units=("b.service", "a.service"), service="x"), Journal(units=("a.service", "b.service"))
    assert one.matches == other.matches == ("--unit=a.service", "--unit=b.service")


@pytest.mark.parametrize(
    ("hint", "said", "word"),
    [
        (HINT, " status 0", "not_readable"),
        ("No journal files were opened due to insufficient permissions. ", " status 1", "not_readable"),
        ("Failed to search journal ACL: No such file or directory ", " status 0", "not_readable"),
        ("No journal files were found. ", " status 0", "not_there"),
        ("", "Failed to seek to cursor: Invalid argument  status 1", "not_readable"),
        ("Journal file /var/log/journal/x is truncated, ignoring file. ", " status 0", ""),
    ],
)
def test_trouble_is_never_silence(hint: str, said: str, word: str) -> None:
    told = answer(hint=hint, said=said)
    assert told.trouble == word and bool(told.why) == bool(word)
    assert told.why.isprintable()


def test_a_host_without_journalctl() -> None:
    told = read_look(b"\nend\tnone\t\t\t\n", MOST)
    assert told.trouble == "not_there" and told.entries == ()


def test_an_answer_that_was_cut_holds_whole_entries_only() -> None:
    body = entry(MESSAGE="one") + entry(MESSAGE="two")[:20]
    told = answer(body, said=" status 141", most=len(body))
    assert told.is_cut and told.trouble == "" and [one.lines for one in told.entries] == [(b"sshd[8]: one",)]


@pytest.mark.parametrize("odd", [b"", b"\nend\t", b"\nend\tasked\tx\t\t\n", b"\nend\tasked\t9" + b"9" * 30 + b"\t\t\n"])
def test_what_is_no_answer(odd: bytes) -> None:
    with pytest.raises(ValueError):
        read_look(odd, MOST)


@pytest.mark.parametrize(
    "odd",
    [
        *(b"-- No entries --\n", b"[]\n", b"7\n", b"\xff\n", b"[" * 100_000 + b"\n", b'{"MESSAGE": "x"}\n'),
        *(entry(__CURSOR="--file=/etc/shadow"), entry(__CURSOR=None), entry(__REALTIME_TIMESTAMP="9" * 30)),
        *(entry(MESSAGE=[300]), entry(MESSAGE=7), entry(MESSAGE={"a": 1}), entry(MESSAGE=[[["x"]], {}, 1.5])),
    ],
)
def test_what_is_no_entry_is_passed_over(odd: bytes) -> None:
    told = answer(odd + entry(MESSAGE="good"))
    assert told.entries[-1].lines == (b"sshd[8]: good",)
    assert all(one.lines != (b"sshd[8]: x",) for one in told.entries)


def test_whose_line_it_is() -> None:
    assert lines(MESSAGE="x", SYSLOG_PID="7") == (b"sshd[7]: x",)
    assert lines(MESSAGE="x", SYSLOG_IDENTIFIER=None, _COMM="login", _PID=None) == (b"login: x",)
    assert lines(MESSAGE="x", SYSLOG_IDENTIFIER=[1, 2]) == (b"x",)
    assert lines() == (b"sshd[8]: ",)
    assert lines(MESSAGE=["a", [255, 10], None]) == (b"sshd[8]: a", b"\xff", b"", b"")


def test_cursors() -> None:
    assert is_cursor(CURSOR) and not any(map(is_cursor, ["", None, 7, CURSOR + "\n", "x;" + CURSOR, CURSOR * 9]))
    assert is_same(CURSOR, CURSOR.replace("i=1;", "i=7;")) and not is_same(CURSOR, CURSOR.replace("x=e9", "x=e8"))
    assert journal.moment(CURSOR) == datetime(2025, 11, 24, 16, 0, 1, tzinfo=UTC)

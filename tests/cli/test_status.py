"""`outlive status`: exit codes, JSON, 80 columns, what could not be seen, and refreshing on a terminal."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from outlive import wiring_state
from outlive.backup.drill.selftest import SelfTest, note
from outlive.cli.status_words import brief
from outlive.config.load import load
from outlive.model.schedule import Beat, Outcome
from tests.cli.home import Home, environment

pytestmark = pytest.mark.slow
ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]")


@pytest.fixture
def proven(home: Home) -> Home:
    """With a copy that was drilled."""
    assert home.call("backup").code == 0
    assert home.call("drill").code == 0
    return home


def told(home: Home, *words: str) -> Any:
    done = home.call("status", "--json", *words)
    assert done.document["at"].endswith("Z")
    return done.code, done.document


def remember(home: Home, *, beat: Beat | None = None, outcome: Outcome | None = None) -> None:
    store = wiring_state.store(load(home.config))
    if beat is not None:
        store.set_beat(beat)
    if outcome is not None:
        store.set_outcome(outcome)
    store.close()


def test_without_a_copy_everything_is_lost(home: Home) -> None:
    code, document = told(home, "--no-look")
    assert code == 1
    (asset,) = document["assets"]
    assert asset["loss"] == {"seconds": None, "everything": True, "bytes_at_risk": None}
    assert (asset["last_copy"], asset["last_drill"], asset["window"]) == (None, None, None)
    assert "EVERYTHING" in home.call("status", "--no-look").out


def test_a_proven_copy_is_well(proven: Home) -> None:
    code, document = told(proven, "--no-look")
    assert code == 0, document
    (asset,) = document["assets"]
    assert 0 < asset["loss"]["seconds"] < 600
    assert asset["last_copy"]["proof"] == "restored"
    assert asset["last_drill"]["ok"] is True
    assert asset["risks"] == []
    assert document["blind"][0]["why"] == "--no-look"
    assert any("keys test" in note for note in document["notes"]), "the key on paper was never tried"
    keys = {
        "at",
        "hosts",
        "assets",
        "unguarded",
        "blind",
        "risks",
        "notes",
        "mirror",
        "selftest",
        "incidents",
        "crons",
        "providers",
        "rehearsals",
        "rehearsal_plan",
    }
    assert keys == set(document)


def test_an_unproven_copy_is_at_risk(home: Home) -> None:
    home.call("backup")
    code, document = told(home, "--no-look")
    assert code == 1
    assert any("claim" in risk for risk in document["assets"][0]["risks"])


def test_a_rotten_manifest_is_told_and_hides_nothing(proven: Home) -> None:
    folder = proven.folder / "vault" / "copies" / "site" / "20200101T000000Z-0000000000"
    folder.mkdir()
    (folder / "manifest.json").write_text("rotten")
    code, document = told(proven, "--no-look")
    assert code == 1
    assert any("cannot be read" in risk for risk in document["assets"][0]["risks"])
    assert document["assets"][0]["last_copy"]["proof"] == "restored"


def test_a_host_that_is_down_is_not_seen_and_that_is_no_wellbeing(proven: Home) -> None:
    proven.config.write_text(proven.config.read_text().replace('"local"', '"ssh://root@127.0.0.1:1"'))
    code, document = told(proven)
    assert code == 3
    assert document["blind"][0]["what"] == "host here"
    assert document["hosts"][0]["seen_at"] is None


def test_hosts_that_hang_cost_one_ceiling_together(proven: Home) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"ssh://root@127.0.0.1:{silent.getsockname()[1]}"
        text = proven.config.read_text().replace('"local"', f'"{address}"')
        more = "".join(f'[[hosts]]\nname = "silent-{number}"\naddress = "{address}"\n' for number in range(3))
        proven.config.write_text(text + more)
        before = time.monotonic()
        code, document = told(proven)
    assert (code, len(document["blind"])) == (3, 4)
    assert time.monotonic() - before < 40


def test_this_very_machine_is_noted(proven: Home) -> None:
    _, document = told(proven)
    assert any("lost together" in note for note in document["notes"])
    assert document["hosts"][0]["seen_at"] is not None


def test_what_was_left_unguarded_on_purpose_is_shown_with_its_reason(proven: Home) -> None:
    entry = '[[unguarded]]\nhost = "here"\nkind = "path"\nname = "/srv/cache"\nwhy = "rebuilt within minutes"\n'
    proven.config.write_text(proven.config.read_text() + entry)
    code, document = told(proven, "--no-look")
    assert code == 0
    assert (document["unguarded"][0]["accepted"], document["unguarded"][0]["why"]) == (True, "rebuilt within minutes")
    assert "rebuilt within minutes" in proven.call("status", "--no-look").out


def test_a_keeper_that_is_gone_is_a_risk_and_a_blind_time(proven: Home) -> None:
    heard = datetime.now(UTC) - timedelta(hours=2)
    remember(proven, beat=Beat(heard, heard))
    code, document = told(proven, "--no-look")
    assert code == 1
    assert "outlive keep" in document["risks"][0]
    assert any(one["what"] == "the keeper's work" and one["from"] < one["to"] for one in document["blind"])


def test_a_keeper_that_runs_is_no_risk_but_its_failed_jobs_are_told(proven: Home) -> None:
    now = datetime.now(UTC)
    remember(proven, beat=Beat(now, now), outcome=Outcome("backup:site", "x", now, False, "exit 3: host down"))
    code, document = told(proven, "--no-look")
    assert (code, document["risks"]) == (0, [])
    assert document["assets"][0]["notes"] == ["backup:site failed: exit 3: host down"]


def test_the_mirror_is_shown_with_its_own_loss_and_told_when_it_is_away(proven: Home) -> None:
    folder = proven.folder / "mirror"
    folder.mkdir()
    text = proven.config.read_text().replace('"local"', '"ssh://root@127.0.0.1:1"')  # else this machine is looked at
    proven.config.write_text(f'{text}[mirror]\nurl = "mirror"\n')
    code, document = told(proven)
    assert code == 1, "the mirror is empty"
    assert document["mirror"]["assets"][0]["loss"]["everything"] is True
    assert "the mirror has no whole copy" in proven.call("status").out
    assert proven.call("mirror").code == 0
    code, document = told(proven)
    (mirrored,) = document["mirror"]["assets"]
    assert (code, mirrored["risks"], mirrored["behind"]) == (3, [], []), "only the host was not seen"
    (asset,) = document["assets"]
    assert mirrored["loss"]["seconds"] >= asset["loss"]["seconds"] - 0.1
    assert "site: with the mirror alone, the last " in proven.call("status").out
    folder.rename(proven.folder / "elsewhere")
    code, document = told(proven)
    assert (code, document["mirror"]["assets"]) == (3, [])
    assert [one["what"] for one in document["blind"]] == ["host here", "the mirror"]
    assert told(proven, "--no-look")[0] == 0, "nobody asked for it"


def test_a_self_test_that_stayed_green_is_an_alarm_until_one_is_red(proven: Home) -> None:
    assert proven.call("selftest").code == 0
    code, document = told(proven, "--no-look")
    assert (code, document["selftest"]["ok"]) == (0, True)
    blind = SelfTest(datetime.now(UTC), 7, "site", "x", "flip-a-bit", 1, True, False, "")
    note(proven.vault, blind)
    code, document = told(proven, "--no-look")
    assert (code, document["selftest"]["ok"]) == (1, False)
    assert "the verifier is broken" in document["risks"][0] and "--seed 7" in document["risks"][0]
    assert proven.call("selftest").code == 0
    assert told(proven, "--no-look")[0] == 0


def test_a_vault_that_is_away_is_no_data(proven: Home) -> None:
    (proven.folder / "vault").rename(proven.folder / "elsewhere")
    done = proven.call("status", "--json", "--no-look")
    assert done.code in (3, 5)
    assert "assets" not in done.document


def test_watching_needs_a_terminal(proven: Home) -> None:
    done = proven.call("status", "--watch")
    assert done.code == 2
    assert "terminal" in done.err


class Terminal:
    """A command on a terminal of 80 columns."""

    def __init__(self, home: Home, *words: str) -> None:
        self._end, child = pty.openpty()
        fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 80, 0, 0))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "outlive", *words],
            cwd=home.folder,
            env=environment({"TERM": "xterm"}),
            stdin=child,
            stdout=child,
            stderr=child,
            start_new_session=True,
        )
        os.close(child)
        self.text = ""

    def read_until(self, enough: Callable[[str], bool], seconds: float = 30) -> str:
        end = time.monotonic() + seconds
        while time.monotonic() < end and not enough(self.text):
            if select.select([self._end], [], [], 0.2)[0]:
                try:
                    self.text += os.read(self._end, 65536).decode()
                except OSError:
                    break
        return self.text

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        with suppress(OSError):
            os.close(self._end)


def test_it_fits_eighty_columns(proven: Home) -> None:
    words = proven.config.read_text().replace('name = "site"', 'name = "a-rather-long-name-of-uploads-in-a-volume"')
    proven.config.write_text(words + proven.path_asset())
    with Terminal(proven, "status", "--no-look") as terminal:
        text = terminal.read_until(lambda text: False, seconds=15)
        assert terminal.process.wait(10) == 1
    lines = ANSI.sub("", text).replace("\r", "").splitlines()
    assert max(map(len, lines)) <= 80, max(lines, key=len)
    row = next(line for line in lines if line.startswith("site"))
    assert "restored" in row and "back in" in row and "ago" in row, "nothing of a row is cut off"


def test_watching_refreshes_until_it_is_interrupted(proven: Home) -> None:
    with Terminal(proven, "status", "--no-look", "--watch") as terminal:
        moments = re.compile(r"vanished at (\S+ \S+Z)")
        text = terminal.read_until(lambda text: len(set(moments.findall(text))) >= 3)
        os.killpg(terminal.process.pid, signal.SIGINT)
        terminal.read_until(lambda text: terminal.process.poll() is not None, 60)  # unread, its last words would block
        assert terminal.process.wait(1) == 0
    assert len(set(moments.findall(text))) >= 3


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.85, "850 ms"),
        (1.2, "2 s"),
        (119, "119 s"),
        (121, "3 min"),
        (7201, "3 h"),
        (3600 * 47.5, "48 h"),
        (86400 * 3.2, "4 d"),
    ],
)
def test_times_are_rounded_up(seconds: float, said: str) -> None:
    assert brief(seconds) == said

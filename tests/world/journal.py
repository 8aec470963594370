"""A systemd journal without systemd: real journal files, written by systemd-journal-remote from its export format
(https://systemd.io/JOURNAL_EXPORT_FORMATS/), and the real journalctl that reads them."""

from __future__ import annotations

import struct
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from outlive.lab.ground.missing import Missing
from tests.world import packages

REMOTE = Path("/usr/lib/systemd/systemd-journal-remote")
BOOT = "11111111111111111111111111111111"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def writer() -> Path:
    """The program that writes journal files."""
    if not REMOTE.exists():
        packages.install({"journalctl": "systemd"}, ["systemd-journal-remote"])
    if not REMOTE.exists():
        raise Missing(f"there is no {REMOTE}")
    return REMOTE


@dataclass(frozen=True)
class Line:
    """What a program logged. `facility` is syslog's; several `texts`: the field was given several times."""

    at: datetime
    texts: tuple[bytes, ...]
    identifier: str = "sshd"
    pid: int = 812
    facility: int = 4
    priority: int = 6
    boot: str = BOOT

    def exported(self) -> bytes:
        micros = (self.at - _EPOCH) // timedelta(microseconds=1)
        own = [("SYSLOG_IDENTIFIER", self.identifier), ("_PID", self.pid), ("SYSLOG_FACILITY", self.facility)]
        own += [("PRIORITY", self.priority), ("_SYSTEMD_UNIT", f"{self.identifier}.service")]
        head = f"__REALTIME_TIMESTAMP={micros}\n__MONOTONIC_TIMESTAMP={micros % 10**14}\n_BOOT_ID={self.boot}\n"
        plain = "".join(f"{name}={value}\n" for name, value in own)
        texts = b"".join(b"MESSAGE\n" + struct.pack("<Q", len(one)) + one + b"\n" for one in self.texts)
        return head.encode() + plain.encode() + texts + b"\n"


@dataclass(frozen=True)
class JournalFolder:
    """`programs` is to stand first in PATH: its journalctl is the real one, and reads this folder."""

    folder: Path
    programs: Path

    @classmethod
    def make(cls, place: Path) -> JournalFolder:
        made = cls(place / "journal", place / "programs")
        for one in (made.folder, made.programs):
            one.mkdir()
        program = made.programs / "journalctl"
        program.write_text(f'#!/bin/sh\nexec /usr/bin/journalctl --directory={made.folder} "$@"\n')
        program.chmod(0o755)
        return made

    def write(self, *lines: Line, file: str = "system") -> None:
        """Behind what stands in that file."""
        data = b"".join(one.exported() for one in lines)
        argv = [str(writer()), f"--output={self.folder}/{file}.journal", "-"]
        subprocess.run(argv, input=data, capture_output=True, check=True)

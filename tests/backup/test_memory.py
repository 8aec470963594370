"""Memory stays under 150 MB whatever the size: 2 GB are sealed and opened by a process that measures itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

LIMIT = 150_000_000

DRIVER = """
import hashlib, json, os, sys, tempfile
from dataclasses import replace
from pathlib import Path
from pyrage import x25519
from outlive.backup.streams.journal import Journal
from outlive.backup.streams.seal import PART_BYTES, Sealer, SealPolicy
from outlive.backup.streams.unseal import unseal
from outlive.model.copy import Manifest, Part, Stream
from outlive.sources.base import RawStream
from outlive.testing.clock import ManualClock

what, size = sys.argv[1], int(sys.argv[2])
key = x25519.Identity.generate()
recipients = (key.to_public(), x25519.Identity.generate().to_public())

class Sink:
    '''Remembers digests only, and the first object in a file, so that 2 GB need no disk, and none is in memory.'''
    url = "sink:"
    def __init__(self):
        self.home = tempfile.TemporaryDirectory()  # gone with the process
        self.sums, self.first = {}, Path(self.home.name) / "first"
    def put(self, key, data):
        if not self.sums:
            self.first.write_bytes(data)
        self.sums[key] = hashlib.sha256(data).digest()
    def holds(self, key, data):
        return self.sums[key] == hashlib.sha256(data).digest()
    def get(self, key):
        return self.first.read_bytes()

def chunks():
    noise = os.urandom(1 << 20)
    line = (b"INSERT INTO orders VALUES (1, 'compressible', 42);" * 21000)[: 1 << 20]
    for number in range(size >> 20):
        if what == "incompressible":
            yield noise[number % 1000 :] + noise[: number % 1000]
        else:
            yield line

vault = Sink()
state = Path(tempfile.mkdtemp())
journal = Journal(vault, state, "made", "one", [str(r) for r in recipients])
if what.startswith("open"):
    size_of_part, what = PART_BYTES, what.removeprefix("open ")
    total, size = size, PART_BYTES
with Sealer(vault, "copies/made/one/", SealPolicy(recipients), journal) as sealer:
    stream = sealer.seal(RawStream("made", chunks()))
journal.finish()
opened = stream.plain_bytes
if sys.argv[1].startswith("open"):
    now = ManualClock().now()
    many = Stream("made", total, stream.parts * (total // PART_BYTES))
    manifest = Manifest("one", "made", "path", None, "l", 1, now, now, now, (many,), ())
    opened = sum(len(piece) for piece in unseal(vault, manifest, many, [key]))
# VmHWM begins anew at exec; ru_maxrss would tell the size of the test runner that started us
status = Path("/proc/self/status").read_text()
peak = next(int(line.split()[1]) << 10 for line in status.splitlines() if line.startswith("VmHWM"))
print(json.dumps({"rss": peak, "bytes": opened}))
"""


@pytest.mark.slow
@pytest.mark.parametrize("what", ["incompressible", "compressible", "open incompressible", "open compressible"])
def test_two_gigabytes_take_less_than_150_mb(what: str, tmp_path: Path) -> None:
    size = 2 << 30
    argv = [sys.executable, "-c", DRIVER, what, str(size)]
    env = {**os.environ, "TMPDIR": str(tmp_path)}
    done = subprocess.run(argv, capture_output=True, text=True, check=False, env=env)
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert seen["bytes"] == size
    assert seen["rss"] < LIMIT, f"{seen['rss'] / 1e6:.0f} MB"

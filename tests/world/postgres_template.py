"""A fresh cluster in a fraction of a second: initdb once, copy, and give the copy an identity of its own.

`initdb` takes seconds, and a mere copy of its result would carry the same `system_identifier`, which is the very thing
lineages are told apart by. So the copy's control file gets a new one and pg_resetwal writes WAL that agrees with it
(what Postgres' own pg_createsubscriber does).
"""

from __future__ import annotations

import secrets
import shutil
import struct
import time
from pathlib import Path

from outlive.lab.ground.cache import cache_root, make_once
from outlive.lab.ground.process import give_to_nobody, run
from tests.world.postgres_trees import VERSIONS, binary


def new_cluster(major: int, data: Path, *, data_checksums: bool) -> None:
    """`data` becomes a cluster like initdb's, with its own system_identifier and superuser `postgres`."""
    kind = "checksums" if data_checksums else "plain"
    template = cache_root() / "initdb" / f"{VERSIONS[major]}-{kind}"
    make_once(template, lambda path: _initdb(major, path, data_checksums))
    shutil.copytree(template, data)
    give_to_nobody(data)
    data.chmod(0o700)
    _new_identity(data / "global" / "pg_control")
    run([binary(major, "pg_resetwal"), "--force", "-D", data], unprivileged=True)


def _initdb(major: int, path: Path, data_checksums: bool) -> None:
    path.mkdir(mode=0o700)
    give_to_nobody(path)
    command: list[str | Path] = [binary(major, "initdb"), "-D", path, "--username=postgres", "--auth=trust"]
    command += ["--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
    if data_checksums:
        command.append("--data-checksums")
    elif major >= 18:  # there they are on unless refused
        command.append("--no-data-checksums")
    run(command, unprivileged=True)


def _new_identity(control: Path) -> None:
    """Puts a new system_identifier (its first eight bytes) and the matching checksum into pg_control."""
    content = bytearray(control.read_bytes())
    at = _checksum_offset(bytes(content))
    # As Postgres makes it: seconds since 1970 in the high half; the low half differs between two made in one second.
    struct.pack_into("<Q", content, 0, int(time.time()) << 32 | secrets.randbits(32))
    struct.pack_into("<I", content, at, _crc32c(bytes(content[:at])))
    control.write_bytes(content)


def _checksum_offset(content: bytes) -> int:
    """Where the CRC lies: its place differs by version, so it is found as the first word that fits what precedes it."""
    for at in range(200, 512, 4):
        if struct.unpack_from("<I", content, at)[0] == _crc32c(content[:at]):
            return at
    raise ValueError("pg_control holds no checksum that fits")


def _crc32c(data: bytes) -> int:
    """Castagnoli's CRC, as Postgres uses; a few hundred bytes, so bit by bit is quick enough."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0x82F63B78 & -(crc & 1)
    return crc ^ 0xFFFFFFFF

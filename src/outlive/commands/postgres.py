"""What we say to Postgres and its client programs, and how their answers are read.

The replication commands are those of the Postgres documentation, "Streaming Replication Protocol" (section 54.4 in
version 17). Servers before 15 know only the older spelling of BASE_BACKUP.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

LABEL = "outlive"
DUMP_MAGIC = b"PGDMP"
GLOBALS_END = b"-- PostgreSQL database cluster dump complete"
RATES = (32, 1 << 20)  # what MAX_RATE takes, in kB/s
UPLOAD_MANIFEST = "UPLOAD_MANIFEST"
LINKING = 18  # since then pg_combinebackup can link files instead of copying them


@dataclass(frozen=True, slots=True)
class BaseBackupOptions:
    """How a base backup is taken. `server_zstd` is the level, or None to send the tar as it is. `incremental`: only what
    changed since the backup whose manifest was uploaded before (17 and later)."""

    server_zstd: int | None = None
    max_rate_bytes: int | None = None
    incremental: bool = False


def base_backup(server_version_num: int, options: BaseBackupOptions) -> str:
    """The replication command: fast checkpoint, all WAL needed to be consistent, manifest with CRC-32C.

    NOWAIT, as pg_basebackup says it when the WAL comes along: else a server whose archive_command fails never ends.
    CRC-32C, because SHA-256 halves the server's speed (research: backup.md section 5.2) and the parts carry their own.
    """
    rate = None if options.max_rate_bytes is None else min(max(RATES[0], options.max_rate_bytes // 1024), RATES[1])
    if server_version_num < 150000:
        words = f"BASE_BACKUP LABEL '{LABEL}' FAST WAL NOWAIT TABLESPACE_MAP MANIFEST 'yes' MANIFEST_CHECKSUMS 'CRC32C'"
        return words if rate is None else f"{words} MAX_RATE {rate}"
    parts = [
        f"LABEL '{LABEL}'",
        "CHECKPOINT 'fast'",
        "WAL true",
        "WAIT false",
        "TABLESPACE_MAP true",
        "MANIFEST 'yes'",
        "MANIFEST_CHECKSUMS 'CRC32C'",
    ]
    if rate is not None:
        parts.append(f"MAX_RATE {rate}")
    if options.incremental:
        parts.append("INCREMENTAL")
    if options.server_zstd is not None:
        parts += ["COMPRESSION 'zstd'", f"COMPRESSION_DETAIL 'level={options.server_zstd}'"]
    return f"BASE_BACKUP ({', '.join(parts)})"


def combine(major: int, members: Sequence[str], output: str, spaces: Mapping[str, str]) -> tuple[str, ...]:
    """Makes one whole data directory in `output` (empty, as are the new places) of the unpacked members of a chain, the
    full one first. `spaces` says where each tablespace directory of the last member is to go. The members are of no use
    afterwards: they may share files with the output."""
    moved = [f"--tablespace-mapping={_mapped(old)}={_mapped(new)}" for old, new in spaces.items()]
    link = ("--link",) if major >= LINKING else ()
    return ("pg_combinebackup", "--no-sync", *link, *moved, f"--output={output}", *members)


def _mapped(path: str) -> str:
    """A `=` in a path would end it (pg_combinebackup.c, add_tablespace_mapping)."""
    return path.replace("=", "\\=")


def lsn(text: str) -> int:
    """`16/B374D848` as the 64-bit position it stands for. Raises ValueError."""
    high, _, low = text.partition("/")
    return (int(high, 16) << 32) + int(low, 16)


def which(programs: Sequence[str]) -> tuple[str, ...]:
    """A command that prints those of the programs that are there, one a line; always succeeds."""
    return ("sh", "-c", f"for p in {' '.join(programs)}; do command -v $p >/dev/null 2>&1 && echo $p; done; true")


def places(program: str, major: int) -> tuple[str, ...]:
    """Where a host may have that program in that major: Debian keeps every major in a folder of its own."""
    return (f"/usr/lib/postgresql/{major}/bin/{program}", f"/usr/pgsql-{major}/bin/{program}", program)


def versions_of(programs: Sequence[str]) -> tuple[str, ...]:
    """A command that prints what each says of its version, in order, a line each, empty when it is not there."""
    script = 'for p; do v=$("$p" --version 2>/dev/null) || v=; echo "$v"; done'
    return ("sh", "-c", script, "versions", *programs)


def read_version(text: str) -> int | None:
    """The major in `pg_dump (PostgreSQL) 17.11 (Debian ...)`, `19devel` and `19beta1` too; None for anything else."""
    found = re.match(r"\w+ \(PostgreSQL\) (\d+)", text)
    return int(found[1]) if found else None


def pg_dump(database: str) -> tuple[str, ...]:
    """One database in the custom format, uncompressed: zstd follows, and does it better."""
    return ("pg_dump", "-Fc", "-Z0", "-w", "-d", f"dbname={_quote(database)}")


def pg_dumpall_globals(*, role_passwords: bool) -> tuple[str, ...]:
    """Roles, tablespaces and their settings. Reading password hashes needs a superuser: managed servers refuse it."""
    words = ("pg_dumpall", "--globals-only", "-w", "--encoding=UTF8")
    return words if role_passwords else (*words, "--no-role-passwords")


def at(argv: Sequence[str], user: str, port: int, host: str | None) -> tuple[str, ...]:
    """A client program with the words that say which server."""
    where = ("-U", user, "-p", str(port)) if host is None else ("-U", user, "-p", str(port), "-h", host)
    return (argv[0], *where, *argv[1:])


def _quote(value: str) -> str:
    """A value in a libpq connection string (section 32.1.1.1): a database may be named `a=b`."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"

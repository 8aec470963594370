"""Postgres 14 to 18 on this machine."""

from __future__ import annotations

from outlive.lab.ground.missing import Missing, ProgramFailed
from outlive.lab.ground.postgres_trees import LIBRARIES, VERSIONS, binary
from outlive.lab.ground.process import run

MAJORS = tuple(VERSIONS)
# As built: --without-icu everywhere, and no zstd in 14 and 15, so BASE_BACKUP there knows gzip and lz4 only (15).
WITHOUT_SERVER_ZSTD = (14, 15)


def usable(major: int) -> str:
    """What `postgres --version` says; Missing when the tree cannot be had or its libraries are not here."""
    try:
        return run([binary(major, "postgres"), "--version"]).strip()
    except (OSError, ProgramFailed) as problem:
        wanted = " ".join(LIBRARIES)
        raise Missing(f"postgres {major} does not start (it needs the Debian packages {wanted}): {problem}") from None

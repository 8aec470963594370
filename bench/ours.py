"""One backup or one restore by Outlive, in a process of its own: what `outlive backup` and `outlive restore` do, without
their configuration file. Run by the bench.

python -m bench.ours backup FOLDER DSN
python -m bench.ours restore FOLDER TARGET

Each imports what it needs, as the commands do: what the other needs is not paid for.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path, PurePosixPath

ASSET = "bench"


def backup(folder: Path, dsn: str) -> None:
    """To two recipients, every part read back, as the defaults have it."""
    from outlive.backup.streams.seal import SealPolicy
    from outlive.backup.take import take
    from outlive.clock import SystemClock
    from outlive.model.asset import PostgresAsset, SecretRef
    from outlive.sources.postgres import PostgresSource
    from outlive.transport.postgres import DsnWay
    from outlive.vault.encryption import read_identities
    from outlive.vault.local import LocalVault

    clock = SystemClock()
    asset = PostgresAsset(name=ASSET, dsn=SecretRef(env="BENCH_DSN"))
    recipients = tuple(key.to_public() for key in read_identities(folder / "keys"))
    source = PostgresSource(asset, DsnWay(dsn), clock, remote=False)
    take(asset, source, LocalVault.create(folder / "vault"), SealPolicy(recipients), state=folder, clock=clock)


def bring_back(folder: Path, target: str) -> None:
    """The newest copy, into a new directory, with one of its two keys."""
    from outlive.backup.copies import catalog
    from outlive.backup.restore.restore import RestorePlan, restore
    from outlive.backup.restore.target import DirectoryTarget
    from outlive.clock import SystemClock
    from outlive.transport.local import LocalShell
    from outlive.vault.encryption import read_identities
    from outlive.vault.local import LocalVault

    vault = LocalVault(folder / "vault")
    plan = RestorePlan(vault, read_identities(folder / "keys")[1:], folder, SystemClock())
    restore(catalog.copies(vault, ASSET)[-1].manifest, DirectoryTarget(PurePosixPath(target)), LocalShell(), plan)


def main(what: str, folder: str, where: str) -> None:
    {"backup": backup, "restore": bring_back}[what](Path(folder), where)


if __name__ == "__main__":
    os.umask(0o077)
    main(*sys.argv[1:])

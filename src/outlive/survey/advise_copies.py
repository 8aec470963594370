"""What makes the copies fragile: where they rest, and who could delete them. From the configuration alone. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from outlive.config.schema import Settings
from outlive.model.host import SshAddress
from outlive.survey.advise import Advice


def advise_copies(settings: Settings) -> list[Advice]:
    return [*_beside(settings), *_deletable(settings), *_unguarded(settings)]


def _beside(settings: Settings) -> Iterator[Advice]:
    """Copies that go with what they are copies of. Accounts cannot be seen from here; names and addresses can."""
    store = urlsplit(settings.vault.endpoint or "").hostname or ""
    for host in settings.hosts:
        if host.is_local and not settings.vault.is_s3:
            yield Advice(
                "copies-on-the-same-machine",
                host.name,
                f"the vault {settings.vault.url} is a folder of the machine that it guards",
                '[vault] url = "s3://..." with another provider, or run the keeper elsewhere',
            )
        elif (
            not host.is_local and store and store in (SshAddress.parse(host.address).host, *host.addresses, *host.names)
        ):
            yield Advice(
                "copies-on-the-same-machine",
                host.name,
                f"the vault's endpoint {store} is {host.name} itself",
                "[vault] with another provider, under another account",
            )


def _deletable(settings: Settings) -> Iterator[Advice]:
    if settings.mirror is None and settings.vault.lock_days is None:
        where = "S3" if settings.vault.is_s3 else "a folder"
        yield Advice(
            "one-account-can-delete-all",
            "the vault",
            f"one vault ({where}), no Object Lock, no mirror: who closes or empties that one account has the only copies",
            '[mirror] url = "..." with another provider under another account'
            + (", and lock_days = 30 in [vault]" if settings.vault.is_s3 else ""),
        )


def _unguarded(settings: Settings) -> Iterator[Advice]:
    guarded = {getattr(asset, "host", None) for asset in settings.assets}
    for host in settings.hosts:
        if host.name not in guarded:
            yield Advice(
                "nothing-guarded", host.name, "no asset of it is copied", "`outlive init` proposes what to guard"
            )

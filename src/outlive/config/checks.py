"""What the types of `schema.py` cannot say: names, references, and that there is exactly one way in. PURE."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from math import inf
from typing import Any
from urllib.parse import urlsplit

from outlive.config import checks_alerts, checks_page, checks_providers, checks_temporal, checks_watch
from outlive.config.errors import Problem, Where
from outlive.config.schema import Document, VaultSettings
from outlive.model.asset import ConfigAsset, PathAsset, PostgresAsset, PostgresDumpAsset, SecretRef, TemporalAsset
from outlive.model.host import Host, SshAddress
from outlive.model.naming import check_name

RATE_BYTES = (32 << 10, 1 << 30)  # BASE_BACKUP's MAX_RATE: 32 kB to 1 GB, in kB
_AGE = re.compile(r"age1[0-9a-z]{58}")


def problems(document: Document) -> list[Problem]:
    """Everything that is wrong, in no order."""
    return [
        *_vaults(document),
        *_keys(document),
        *_names("hosts", [host.name for host in document.hosts]),
        *_names("providers", [one.name for one in document.providers]),
        *_names("loki", [one.name for one in document.loki]),
        *_names("crons", [one.name for one in document.crons]),
        *_names("tofu", [one.name for one in document.tofu]),
        *_names("assets", [asset.name for asset in document.assets]),
        *_addresses(document),
        *_references(document),
        *_ways_in(document),
        *_paths(document),
        *_numbers(document),
        *_rehearsals(document),
        *_secrets((), document),
        *checks_watch.problems(document),
        *checks_alerts.problems(document),
        *checks_page.problems(document),
        *checks_providers.problems(document),
        *checks_providers.of_loki(document),
        *checks_temporal.problems(document),
    ]


def _vaults(document: Document) -> Iterator[Problem]:
    yield from _vault("vault", document.vault)
    if document.mirror is None:
        return
    yield from _vault("mirror", document.mirror)
    if _place(document.mirror) == _place(document.vault):
        cure = "Name another store, with keys of its own: what befalls one must not befall both."
        yield Problem(("mirror", "url"), "it is the vault itself.", cure)


def _place(vault: VaultSettings) -> tuple[str, str | None]:
    return vault.url.removeprefix("file:").removeprefix("//").rstrip("/"), vault.endpoint


def _vault(table: str, vault: VaultSettings) -> Iterator[Problem]:
    url = urlsplit(vault.url)
    if url.scheme not in ("", "file", "s3"):
        yield Problem(
            (table, "url"), f"{url.scheme}:// is no kind of vault.", 'Write "file:///folder" or "s3://bucket/prefix".'
        )
    elif url.scheme == "s3" and not url.netloc:
        yield Problem((table, "url"), "the bucket is missing.", 'Write "s3://bucket/prefix".')
    elif url.scheme == "file" and (url.netloc or not url.path):
        yield Problem((table, "url"), "it names no folder.", 'Write three slashes: "file:///folder".')
    if url.username or url.password:
        yield Problem((table, "url"), "it holds a login.", "Use access_key and secret_key: a secret has no place here.")
    if (vault.access_key is None) != (vault.secret_key is None):
        missing = "access_key" if vault.access_key is None else "secret_key"
        yield Problem((table,), f"{missing} is missing.", "Give both keys, or none for a store that asks for none.")
    if vault.endpoint is not None and urlsplit(vault.endpoint).scheme not in ("http", "https"):
        yield Problem((table, "endpoint"), "it is no URL.", 'Write it in full, such as "https://s3.example.com".')
    if vault.lock_days is not None and not vault.is_s3:
        cure = "Take it out; a folder is protected by snapshots that belong to somebody else, or by a mirror."
        yield Problem((table, "lock_days"), "only a bucket with Object Lock can lock.", cure)


def _keys(document: Document) -> Iterator[Problem]:
    recipients = document.keys.recipients
    place: Where = ("keys", "recipients")
    for text in recipients:
        if text.upper().startswith("AGE-SECRET-KEY"):
            yield Problem(
                place,
                "a private key stands here.",
                "Write the public key (age1...), and make new keys: this one has been in clear.",
            )
        elif not _AGE.fullmatch(text):
            yield Problem(place, f'"{text}" is no age public key.', "Copy it whole: age1 and 58 letters and digits.")
    if len(set(recipients)) < 2:
        cure = "Add the recovery key, whose private half lies offline: `outlive keys init` makes both."
        yield Problem(place, "there must be two different ones: a single lost key would take every copy with it.", cure)


def _names(table: str, names: list[str]) -> Iterator[Problem]:
    for index, name in enumerate(names):
        try:
            check_name(name)
        except ValueError:
            cure = "Use up to 100 lower case letters, digits, '.', '_' and '-', the first a letter or digit."
            yield Problem((table, index, "name"), f'"{name}" cannot be a name.', cure)
        if name in names[:index]:
            first = names.index(name)
            yield Problem((table, index, "name"), f'"{name}" is taken by {table}[{first}].', "Give each its own name.")


def _addresses(document: Document) -> Iterator[Problem]:
    for index, host in enumerate(document.hosts):
        if not host.is_local and not _is_ssh(host):
            cure = 'Write "ssh://user@host:port" (user and port may be left out), or "local" for this machine.'
            yield Problem(("hosts", index, "address"), f'"{host.address}" is no address.', cure)
        if host.is_local and host.sudo:
            cure = "Run `outlive` itself as root, or reach this machine over SSH."
            yield Problem(("hosts", index, "sudo"), "is for a host that is reached over SSH.", cure)


def _is_ssh(host: Host) -> bool:
    try:
        SshAddress.parse(host.address)
    except ValueError:
        return False
    return True


def _references(document: Document) -> Iterator[Problem]:
    names = [host.name for host in document.hosts]
    known = f"There are: {', '.join(names)}." if names else "Add a [[hosts]] table for it."
    for table, entries in (("assets", document.assets), ("unguarded", document.unguarded), ("crons", document.crons)):
        for index, entry in enumerate(entries):
            if entry.host is not None and entry.host not in names:
                yield Problem((table, index, "host"), f'there is no host "{entry.host}".', known)


def _ways_in(document: Document) -> Iterator[Problem]:
    for index, asset in enumerate(document.assets):
        place: Where = ("assets", index)
        if not isinstance(asset, PostgresAsset | PostgresDumpAsset):
            continue
        named = [name for name in ("container", "socket", "dsn") if getattr(asset, name) is not None]
        if len(named) > 1:
            yield Problem(place, f"{' and '.join(named)} are several ways in.", "Keep one of them.")
        elif not named and asset.host is None:
            cure = "Name a host (and on it a container, socket or port), or a dsn."
            yield Problem(place, "there is no way in to this Postgres.", cure)
        elif asset.host is None and named != ["dsn"]:
            yield Problem(place, f"{named[0]} is on a host, and none is named.", 'Add host = "..." to this table.')


def _paths(document: Document) -> Iterator[Problem]:
    cure = "Write the path on the host in full, beginning with '/'."
    for index, asset in enumerate(document.assets):
        if isinstance(asset, PathAsset) and not asset.path.startswith("/"):
            yield Problem(("assets", index, "path"), f'"{asset.path}" is not absolute.', cure)
        if isinstance(asset, ConfigAsset):
            if not asset.paths:
                yield Problem(("assets", index, "paths"), "it is empty.", "Name at least one file, or drop the table.")
            for path in asset.paths:
                if not path.startswith("/"):
                    yield Problem(("assets", index, "paths"), f'"{path}" is not absolute.', cure)


def _numbers(document: Document) -> Iterator[Problem]:
    for index, asset in enumerate(document.assets):
        place: Where = ("assets", index)
        if not 0 < asset.max_age_seconds < inf:
            yield Problem((*place, "max_age_seconds"), "it is no time.", "Write seconds: 93600 is 26 hours.")
        if isinstance(asset, PostgresAsset | PostgresDumpAsset | TemporalAsset) and not 0 < asset.port < 65536:
            cure = "Write 1 to 65535; Postgres' own is 5432, Temporal's 7233."
            yield Problem((*place, "port"), f"{asset.port} is no port.", cure)
        rate = asset.max_rate_bytes if isinstance(asset, PostgresAsset) else None
        if rate is not None and not RATE_BYTES[0] <= rate <= RATE_BYTES[1]:
            cure = f"Postgres takes {RATE_BYTES[0]} to {RATE_BYTES[1]} bytes a second."
            yield Problem((*place, "max_rate_bytes"), f"{rate} is out of bounds.", cure)


def _rehearsals(document: Document) -> Iterator[Problem]:
    """Before anything is asked: the scratch machine is none that is guarded."""
    guarded = {SshAddress.parse(one.address).host: one.name for one in document.hosts if _is_ssh(one)}
    hosts = [one.name for one in document.hosts]
    for index, one in enumerate(document.rehearsals):
        place: Where = ("rehearsals", index)
        if one.host not in hosts:
            known = f"There are: {', '.join(hosts)}." if hosts else "Add a [[hosts]] table for it."
            yield Problem((*place, "host"), f'there is no host "{one.host}".', known)
        if one.host in [other.host for other in document.rehearsals[:index]]:
            yield Problem((*place, "host"), f'"{one.host}" is rehearsed above.', "Keep one of the two.")
        if document.keys.drill_identity is None:
            yield Problem(
                place, "nothing opens the copies here.", "Set keys.drill_identity: it does what a drill does."
            )
        if not one.to and not one.runbook.endswith(".toml"):
            cure = 'Name it: to = "ssh://root@192.0.2.50", a machine that nobody needs.'
            yield Problem(place, "there is no scratch machine.", cure)
        elif one.to:
            yield from _scratch((*place, "to"), one.to, guarded)


def _scratch(place: Where, to: str, guarded: dict[str, str]) -> Iterator[Problem]:
    try:
        name = SshAddress.parse(to).host
    except ValueError:
        yield Problem(place, f'"{to}" is no address.', 'Write "ssh://root@host:port" (the port may be left out).')
        return
    if name in guarded:
        cure = "Name another machine: a rehearsal must never touch what is guarded."
        yield Problem(place, f"that is {guarded[name]} itself.", cure)


def _secrets(where: Where, value: Any) -> Iterator[Problem]:
    """Every reference to a secret, wherever it is, names exactly one place."""
    if isinstance(value, SecretRef):
        named = [field.name for field in fields(value) if getattr(value, field.name) is not None]
        if len(named) != 1:
            what = "it says nowhere where the secret is." if not named else f"{' and '.join(named)} are several places."
            yield Problem(where, what, 'Keep one: { env = "NAME" }, { file = "path" } or { command = ["program"] }.')
        elif value.command == ():
            yield Problem(
                (*where, "command"), "it is empty.", 'Write the program and its words: ["pass", "show", "s3"].'
            )
    elif is_dataclass(value):
        for field in fields(value):
            yield from _secrets((*where, field.name), getattr(value, field.name))
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from _secrets((*where, index), item)

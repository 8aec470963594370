"""From a URL and settings to a vault that works."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from outlive.clock import Clock
from outlive.errors import ConfigError
from outlive.vault.base import Vault, check_key
from outlive.vault.layers.retry import RetryVault
from outlive.vault.local import LocalVault
from outlive.vault.lock_rule import LockRule
from outlive.vault.s3 import S3Vault
from outlive.vault.s3_location import S3Location

_FORMS = "Write `file:///absolute/folder` or `s3://bucket/prefix`."


def open_vault(
    url: str,
    *,
    clock: Clock,
    endpoint: str | None = None,
    region: str | None = None,
    access_key: str | None = None,
    secret_key: str | None = None,
    path_style: bool = True,
    lock: LockRule | None = None,
) -> Vault:
    """The vault at `url`; nothing is asked of it yet. Raises `ConfigError` for anything that cannot be one.

    A path in a `file://` URL is taken as it stands: `%20` is not a space. S3 is tried again when it cannot be reached;
    a local disk is not, it does not get better by waiting. `lock` is for S3 alone.
    """
    scheme, separator, rest = url.partition("://")
    if scheme == "file" and separator:
        return LocalVault(_folder(url, rest))
    if scheme == "s3" and separator:
        bucket, prefix = _bucket_and_prefix(url, rest)
        _check_keys(access_key, secret_key)
        location = S3Location(
            bucket=bucket,
            prefix=prefix,
            endpoint=_endpoint(endpoint),
            region=region or "us-east-1",
            access_key=access_key,
            secret_key=secret_key,
            path_style=path_style,
        )
        return RetryVault(_locked(S3Vault(location), lock, clock), clock)
    raise ConfigError(f"{_shown(url)!r} is not a vault.", hint=_FORMS)


def _locked(inner: S3Vault, lock: LockRule | None, clock: Clock) -> Vault:
    if lock is None:
        return inner
    from outlive.vault.layers.lock import LockVault  # it loads boto3, 30 MB that no other vault needs

    return LockVault(inner, lock, clock)


def _folder(url: str, rest: str) -> Path:
    if not rest.startswith("/"):
        raise ConfigError(f"{url!r} is not an absolute path.", hint=_FORMS)
    return Path(rest)


def _bucket_and_prefix(url: str, rest: str) -> tuple[str, str]:
    bucket, _, prefix = rest.partition("/")
    if "@" in bucket:
        hint = "Put the keys into `access_key` and `secret_key`; a URL is shown and logged."
        raise ConfigError(f"{_shown(url)!r} holds a login.", hint=hint)
    if not bucket or any(sign in bucket for sign in "?#%\\ "):
        raise ConfigError(f"{url!r} names no bucket.", hint=_FORMS)
    prefix = prefix.strip("/")
    try:
        return bucket, f"{check_key(prefix)}/" if prefix else ""
    except ValueError as error:
        raise ConfigError(f"{url!r}: {prefix!r} cannot be a prefix.", hint=_FORMS) from error


def _check_keys(access_key: str | None, secret_key: str | None) -> None:
    if bool(access_key) != bool(secret_key):
        missing = "secret_key" if access_key else "access_key"
        raise ConfigError(f"The vault's {missing} is missing or empty.", hint="Give both keys, or neither.")


def _endpoint(endpoint: str | None) -> str | None:
    if endpoint is None:
        return None
    parts = urlsplit(endpoint)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ConfigError(
            f"{_shown(endpoint)!r} is not an endpoint.", hint="Write it in full: `https://s3.example.com`."
        )
    if parts.username or parts.password:
        raise ConfigError(f"{_shown(endpoint)!r} holds a login.", hint="Put it into `access_key` and `secret_key`.")
    return endpoint.rstrip("/")


def _shown(url: str) -> str:
    """The URL with whatever may be a login struck out."""
    scheme, separator, rest = url.partition("://")
    login, at, place = rest.rpartition("@")
    return f"{scheme}{separator}***@{place}" if at and login else url

"""How tests open a vault in one of the real stores."""

from __future__ import annotations

import secrets
from functools import cache
from typing import Any

from outlive.clock import Clock, SystemClock
from outlive.vault.base import Vault
from outlive.vault.open import open_vault
from outlive.vault.s3 import Patience, S3Vault
from outlive.vault.s3_location import S3Location
from tests.world.s3 import S3Server

PATIENT = Patience(quiet=30)
IMPATIENT = Patience(connect=2, quiet=1, slowest_bytes_per_second=64 << 20)


_shared_bucket = cache(S3Server.bucket)


def open_in(server: S3Server, bucket: str | None = None, *, clock: Clock | None = None, **settings: Any) -> Vault:
    """A vault in a bucket (a fresh one when none is named), as a person would open it."""
    given = {
        "endpoint": server.endpoint,
        "region": server.region,
        "access_key": server.access_key,
        "secret_key": server.secret_key,
        **settings,
    }
    return open_vault(f"s3://{bucket or server.bucket()}/some/prefix", clock=clock or SystemClock(), **given)


def bare(server: S3Server, endpoint: str | None = None, patience: Patience = PATIENT, **settings: Any) -> S3Vault:
    """An `S3Vault` without layers, so without retries; through a proxy when its `endpoint` is named.

    It is empty: a fresh prefix in a bucket that all of these share, because making a bucket takes a while.
    """
    given = {
        "bucket": _shared_bucket(server),
        "prefix": f"p{secrets.token_hex(6)}/",
        "endpoint": endpoint or server.endpoint,
        "region": server.region,
        "access_key": server.access_key,
        "secret_key": server.secret_key,
        **settings,
    }
    return S3Vault(S3Location(**given), patience)
